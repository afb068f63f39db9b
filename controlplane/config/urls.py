"""Addresses of a tenant's host: REST, sign-in, and the single-page application for everything else."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from controlplane.api import errors
from controlplane.api.platform import factors, scim_protocol, sso_flow
from controlplane.api.routing import discovered_routes
from controlplane.config.frontend import page

urlpatterns = [
    path("api/v1/openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="openapi"), name="api-docs"),
    path("api/v1/", include(discovered_routes())),
    path("_allauth/browser/v1/", include(factors.factor_urls)),
    path("sso/<str:provider_id>/", include(sso_flow.flow_urls)),
    path("scim/v2/", include(scim_protocol.scim_urls)),
    re_path(r"^(api|_allauth|static|sso|scim)(/.*)?$", errors.not_found),
    re_path(r"^.*$", page),
]
handler404 = errors.not_found
handler500 = errors.server_error
