"""Addresses of the base domain, where no tenant is entered: sign-up and the public pages."""

from django.urls import path, re_path

from controlplane.api import errors
from controlplane.api.platform.signup import SignUpView, SlugView, WorkspaceView
from controlplane.config.frontend import page
from controlplane.federation import public

urlpatterns = [
    path("api/v1/signup", SignUpView.as_view(), name="signup"),
    path("api/v1/signup/slug", SlugView.as_view(), name="signup-slug"),
    path("api/v1/workspaces/<slug:slug>", WorkspaceView.as_view(), name="workspace"),
    path(".well-known/openid-configuration", public.discovery, name="issuer"),
    path(public.KEYS_PATH.removeprefix("/"), public.key_set, name="issuer-keys"),
    re_path(r"^(api|_allauth|static|session|sso|scim|\.well-known)(/.*)?$", errors.not_found),
    re_path(r"^.*$", page),
]
handler404 = errors.not_found
handler500 = errors.server_error
