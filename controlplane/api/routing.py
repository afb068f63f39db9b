"""Routers of the REST edge and the discovery of every app's routes."""

from importlib import import_module
from typing import Any

from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from controlplane.config.discovery import find_api_modules

Routes = list[URLPattern | URLResolver]


class Router(SimpleRouter):
    """DRF's simple router without trailing slashes; keys accept our ids."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trailing_slash=False, **kwargs)


def discovered_routes() -> Routes:
    """Return the routes of every `controlplane/<app>/api` (`router` and `urlpatterns`)."""
    routes: Routes = []
    for name in find_api_modules():
        module = import_module(name)
        router = getattr(module, "router", None)
        if router is not None:
            routes += router.urls
        routes += getattr(module, "urlpatterns", [])
    return routes
