"""SCIM 2.0 at `/scim/v2` of a tenant's host: who calls, what is asked, and answers in SCIM's own form."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import orjson
import structlog
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from scim2_models import Context, Resource

from tenants.audit.actors import Actor, name_actor
from tenants.client_address import client_address
from tenants.scim import documents, queries, resources, services
from tenants.scim.types import Asked, Caller

log = structlog.get_logger(__name__)
CONTENT_TYPE = "application/scim+json"
TAKEN = ("", "application/scim+json", "application/json", "text/json")
PREFIX = "/scim/v2"


class ScimView(View):
    """One address: a SCIM token or 401, and every error as a SCIM error. No session and no cookie counts here."""

    resource: ClassVar[str] = ""

    @classmethod
    def as_view(cls, **options: Any) -> Callable[..., HttpResponse]:
        """Return the view; CSRF is a matter of cookies, which are not looked at."""
        return csrf_exempt(super().as_view(**options))  # type: ignore[return-value]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer one request; a write is noted with its outcome."""
        self.label, self.target = "", str(kwargs.get("resource_id", ""))
        caller: Caller | None = None
        try:
            caller = _caller(request)
            services.checked_text(request.path)
            answer: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[assignment]
            detail = ""
        except Exception as error:
            explained = services.explained(error)
            if not explained.known:
                log.exception("unexpected error", view=type(self).__name__)
            answer, detail = _problem(explained), explained.detail
        if caller is not None and request.method not in ("GET", "HEAD") and self.resource:
            asked = Asked(request.method or "", self.resource, self.target, self.label)
            services.note(caller.id, asked, answer.status_code, detail)
        return answer

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a method this address does not have."""
        answer = _problem(services.Explained(405, "This address does not take this method."))
        offered = [name for name in ("get", "post", "put", "patch", "delete") if hasattr(self, name)]
        answer["Allow"] = ", ".join(offered).upper()
        return answer

    options = http_method_not_allowed

    def document(self, request: HttpRequest, label: str) -> dict[str, Any]:
        """Read the body, and what the administrator will know the request by."""
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind not in TAKEN:
            raise services.unsupported()
        length = request.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > resources.LARGEST:
            raise services.too_large()
        found = documents.read(request.body)
        named = next((value for name, value in found.items() if name.lower() == label.lower()), "")
        self.label = named if isinstance(named, str) else ""
        return found


class UsersView(ScimView):
    """Every user, and a new one."""

    resource = "User"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return one page of users."""
        wanted = queries.search(resources.User, _parameters(request))
        found = queries.users(wanted, _base(request))
        return _answer(found.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=wanted))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a member."""
        made = services.create_user(self.document(request, "userName"))
        self.target = made
        return _made(queries.user(made, _base(request)), request)


class UserView(ScimView):
    """One user."""

    resource = "User"

    def get(self, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Return the user; 304 when it is what the provider knows."""
        return _one(queries.user(resource_id, _base(request)), request)

    def put(self, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Replace what is given."""
        document = self.document(request, "userName")
        services.replace_user(resource_id, document, request.headers.get("If-Match", ""))
        return _one(queries.user(resource_id, _base(request)), request)

    def patch(self, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Apply operations."""
        document = self.document(request, "userName")
        services.patch_user(resource_id, document, request.headers.get("If-Match", ""))
        found = queries.user(resource_id, _base(request))
        self.label = found.user_name or ""
        return _one(found, request)

    def delete(self, request: HttpRequest, resource_id: str) -> HttpResponse:
        """End the membership."""
        self.label = queries.user(resource_id, "").user_name or ""
        services.remove_user(resource_id, request.headers.get("If-Match", ""))
        return _answer(None, 204)


class GroupsView(ScimView):
    """Every group, and a new one."""

    resource = "Group"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return one page of groups."""
        wanted = queries.search(resources.Group, _parameters(request))
        found = queries.groups(wanted, _base(request))
        return _answer(found.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=wanted))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a group."""
        made = services.create_group(self.document(request, "displayName"))
        self.target = made
        return _made(queries.group(made, _base(request)), request)


class GroupView(ScimView):
    """One group."""

    resource = "Group"

    def get(self, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Return the group."""
        return self._group(request, resource_id)

    def put(self, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Replace what is given."""
        document = self.document(request, "displayName")
        services.replace_group(resource_id, document, request.headers.get("If-Match", ""))
        return self._group(request, resource_id)

    def patch(self, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Apply operations."""
        document = self.document(request, "displayName")
        services.patch_group(resource_id, document, request.headers.get("If-Match", ""))
        return self._group(request, resource_id)

    def delete(self, request: HttpRequest, resource_id: str) -> HttpResponse:
        """Remove the group."""
        self.label = queries.group_row(resource_id).name
        services.remove_group(resource_id, request.headers.get("If-Match", ""))
        return _answer(None, 204)

    def _group(self, request: HttpRequest, resource_id: str) -> HttpResponse:
        members = queries.wants_members(queries.shown(resources.Group, _parameters(request)))
        found = queries.group(resource_id, _base(request), members=members)
        self.label = found.display_name or ""
        return _one(found, request)


class DiscoveryView(ScimView):
    """What is offered: ServiceProviderConfig, ResourceTypes, Schemas; one of a list by its id."""

    def listed(self, base: str) -> list[Any]:
        """Return every entry."""
        return []

    def get(self, request: HttpRequest, resource_id: str = "") -> HttpResponse:
        """Return the list or one entry; filters are not offered here (RFC 7644 §4)."""
        if "filter" in request.GET:
            raise services.forbidden()
        found = self.listed(_base(request))
        if not resource_id:
            rows = [row.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE) for row in found]
            return _answer(_list(rows))
        return _one(queries.discovered(found, resource_id), request)


class ConfigView(ScimView):
    """What the service can."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the description."""
        found = resources.provider_config(_base(request))
        return _answer(found.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


class ResourceTypesView(DiscoveryView):
    """The resource types."""

    def listed(self, base: str) -> list[Any]:
        """Return them."""
        return list(resources.resource_types(base))


class SchemasView(DiscoveryView):
    """The schemas."""

    def listed(self, base: str) -> list[Any]:
        """Return them."""
        return list(resources.schemas(base))


class NotOfferedView(ScimView):
    """What RFC 7644 knows and is not offered here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer 501 to whoever may ask."""
        return _guarded(request, services.Explained(501, "This is not offered."))


class NothingView(ScimView):
    """Any other address."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer 404 to whoever may ask."""
        return _guarded(request, services.Explained(404, "There is nothing at this address."))


def _caller(request: HttpRequest) -> Caller:
    """Return whose token came with the request, and name them for the audit record; raises 401 and 429."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    caller = services.authenticate(text.strip()) if kind.lower() == "bearer" else None
    if caller is None:
        services.spend(services.REFUSED, client_address(request))
        raise services.unauthorized()
    services.spend(services.BY_TOKEN, caller.id)
    name_actor(Actor("scim", caller.id, caller.name))
    return caller


def _guarded(request: HttpRequest, answer: services.Explained) -> HttpResponse:
    try:
        _caller(request)
    except Exception as error:
        answer = services.explained(error)
    return _problem(answer)


def _base(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}{PREFIX}"


def _parameters(request: HttpRequest) -> Mapping[str, str]:
    found = {name: str(value) for name, value in request.GET.items()}
    services.checked_text(*found.values())
    return found


def _one(found: Resource[Any], request: HttpRequest, status: int = 200) -> HttpResponse:
    wanted = queries.shown(type(found), _parameters(request))
    context = Context.RESOURCE_CREATION_RESPONSE if status == 201 else Context.RESOURCE_QUERY_RESPONSE
    body = found.model_dump(scim_ctx=context, response_parameters=wanted)
    version = (found.meta.version if found.meta is not None else "") or ""
    known = [text.strip() for text in request.headers.get("If-None-Match", "").split(",")]
    if version and request.method == "GET" and version in known:
        answer = _answer(None, 304)
    else:
        answer = _answer(body, status)
    if version:
        answer["ETag"] = version
    if found.meta is not None and found.meta.location:
        answer["Content-Location" if status == 200 else "Location"] = str(found.meta.location)
    return answer


def _made(found: Resource[Any], request: HttpRequest) -> HttpResponse:
    return _one(found, request, 201)


def _list(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": len(rows),
        "startIndex": 1,
        "itemsPerPage": len(rows),
        "Resources": rows,
    }


def _problem(explained: services.Explained) -> HttpResponse:
    answer = _answer(explained.document(), explained.status)
    if explained.status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="SCIM"'
    if explained.retry_after is not None:
        answer["Retry-After"] = str(explained.retry_after)
    return answer


def _answer(body: dict[str, Any] | None, status: int = 200) -> HttpResponse:
    content = orjson.dumps(body) if body is not None else b""
    answer = HttpResponse(content, status=status, content_type=CONTENT_TYPE)
    answer["Cache-Control"] = "no-store"
    return answer


scim_urls = [
    re_path(
        r"^(?:Bulk|Me|(?:(?:Users|Groups)/)?\.search)$", NotOfferedView.as_view(), name="scim-not-offered"
    ),
    path("Users", UsersView.as_view(), name="scim-users"),
    path("Users/<str:resource_id>", UserView.as_view(), name="scim-user"),
    path("Groups", GroupsView.as_view(), name="scim-groups"),
    path("Groups/<str:resource_id>", GroupView.as_view(), name="scim-group"),
    path("ServiceProviderConfig", ConfigView.as_view(), name="scim-config"),
    path("ResourceTypes", ResourceTypesView.as_view(), name="scim-resource-types"),
    path("ResourceTypes/<str:resource_id>", ResourceTypesView.as_view(), name="scim-resource-type"),
    path("Schemas", SchemasView.as_view(), name="scim-schemas"),
    path("Schemas/<str:resource_id>", SchemasView.as_view(), name="scim-schema"),
    re_path(r"^.*$", NothingView.as_view(), name="scim-nothing"),
]
