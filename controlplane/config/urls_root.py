"""Addresses of the base domain, where no tenant is entered: sign-up and the public pages."""

from django.urls import path, re_path

from controlplane.api import errors
from controlplane.api.platform.signup import SignUpView, SlugView, WorkspaceView
from controlplane.config.frontend import page

urlpatterns = [
    path("api/v1/signup", SignUpView.as_view(), name="signup"),
    path("api/v1/signup/slug", SlugView.as_view(), name="signup-slug"),
    path("api/v1/workspaces/<slug:slug>", WorkspaceView.as_view(), name="workspace"),
    re_path(r"^(api|_allauth|static|session|sso|scim)(/.*)?$", errors.not_found),
    re_path(r"^.*$", page),
]
handler404 = errors.not_found
handler500 = errors.server_error
