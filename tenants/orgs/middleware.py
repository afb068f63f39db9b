"""Enters the tenant of the host name for one request and always leaves it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase

from tenants.audit.actors import Origin, actor_scope
from tenants.client_address import client_address
from tenants.isolation.context import TenantRef, tenant_context
from tenants.orgs.queries import UPGRADING, by_host, of_another_version, usable
from tenants.orgs.types import Status

ROOT_URLCONF = "controlplane.config.urls_root"


class TenantMiddleware:
    """`<slug>.<base domain>` → that tenant; the base domain → sign-up only; anything else → 404.

    The issuer may have kept another name, such as the base domain before a move: of it `/.well-known/` alone is answered.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request inside its tenant."""
        host = split_domain_port(request.META.get("HTTP_HOST", ""))[0].rstrip(".")
        if host == settings.BASE_DOMAIN or _is_issuer(host, request.path):
            request.urlconf = ROOT_URLCONF
            request.org = None  # type: ignore[attr-defined]
            with actor_scope():
                return self.get_response(request)
        org = by_host(host) if host else None
        if org is None or org.status in (Status.CREATING, Status.DELETING):
            return _problem(404, "no-such-workspace", "Not found", "There is no workspace at this address.")
        if org.status is Status.SUSPENDED:
            return _problem(403, "workspace-suspended", "Workspace suspended", "Ask the owner or support.")
        if not usable(org):
            return upgrading()
        request.org = org  # type: ignore[attr-defined]
        ref = TenantRef(org.schema_name, org.slug, org.name)
        origin = Origin(client_address(request), request.headers.get("User-Agent", ""))
        with tenant_context(ref), actor_scope(origin=origin):
            response = self.get_response(request)
        if response.streaming and not getattr(response, "is_async", False):
            content: Any = response
            content.streaming_content = _inside(ref, content.streaming_content)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Answer 503 when a view outside REST failed because the schema is of another version."""
        return upgrading() if of_another_version(error) else None


def _is_issuer(host: str, path: str) -> bool:
    if not path.startswith("/.well-known/"):
        return False
    try:
        return host == urlsplit(settings.ISSUER).hostname
    except ValueError:  # the start-up check says so
        return False


def upgrading() -> JsonResponse:
    """Answer while the workspace's tables are of another version than this process."""
    answer = _problem(503, UPGRADING.code, UPGRADING.title, UPGRADING.detail)
    answer["Retry-After"] = str(UPGRADING.retry_after)
    return answer


def _inside(ref: TenantRef, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Make each chunk of a streamed answer inside the tenant; the context is left between chunks."""
    iterator = iter(chunks)
    while True:
        with tenant_context(ref):
            try:
                chunk = next(iterator)
            except StopIteration:
                return
        yield chunk


def _problem(status: int, code: str, title: str, detail: str) -> JsonResponse:
    """Return an RFC 9457 problem before the REST edge is reached."""
    body = {"type": f"urn:portcullis:problem:{code}", "title": title, "status": status, "detail": detail}
    return JsonResponse(body | {"code": code}, status=status, content_type="application/problem+json")
