"""Who may call a view: one permission string for sessions (by role) and tokens (by scope)."""

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.audit.actors import Actor, name_actor
from tenants.isolation.context import current_tenant
from tenants.members.permissions import ALL
from tenants.members.queries import permissions_of_user
from tenants.tokens.types import TokenAuth

if TYPE_CHECKING:
    # DRF reads its default permission classes while it imports this module.
    from rest_framework.views import APIView


def granted(request: Request) -> frozenset[str]:
    """Return the permissions of whoever sent this request; empty for nobody."""
    if isinstance(request.auth, TokenAuth):
        return request.auth.permissions
    user = request.user
    if current_tenant() is None or not user.is_authenticated:
        return frozenset()
    return permissions_of_user(str(user.pk))


class _Permission(BasePermission):
    """One permission string; DRF instantiates permission classes by calling them."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> "_Permission":
        """Return itself, so that an instance stands where DRF expects a class."""
        return self

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Allow those who hold the permission of the view, or of the action in `permission_by_action`."""
        action = getattr(view, "action", None) or (request.method or "").lower()
        wanted = getattr(view, "permission_by_action", {}).get(action, self.name)
        _name_actor(request)
        return wanted in granted(request)


def HasPermission(name: str) -> Any:  # noqa: N802 - reads as a class in permission_classes
    """Require this permission string, e.g. `findings.read`; unknown ones are refused at import."""
    if name not in ALL:
        raise ValueError(f"{name!r} is not in tenants/members/permissions.py")
    return _Permission(name)


class Member(BasePermission):
    """Anyone signed in to this tenant."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Allow signed-in members and tokens."""
        _name_actor(request)
        return bool(granted(request))


class Nobody(BasePermission):
    """The default: a view that forgot to say who may call it is closed."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Refuse."""
        return False


class Anyone(BasePermission):
    """Open to the world; for the schema and its page."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Allow."""
        return True


def Open(reason: str) -> Any:  # noqa: N802 - reads as a class in permission_classes
    """Open a view that checks its callers itself (webhooks in, ingest keys); say why."""
    return type("Open", (Anyone,), {"reason": reason, "__doc__": reason})


def _name_actor(request: Request) -> None:
    """Name who acts, for the audit record."""
    if isinstance(request.auth, TokenAuth):
        name_actor(Actor("token", request.auth.id, request.auth.name))
    elif current_tenant() is not None and request.user.is_authenticated:
        name_actor(Actor("user", str(request.user.pk), str(request.user)))
