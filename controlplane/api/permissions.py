"""Who may call a view: one permission string for sessions (by role) and tokens (by scope), and proof of who sits there.

A change with one of `STEP_UP` needs a sign-in, password, code or passkey of the last minutes. A view adds actions that need
it whatever their permission (`step_up`), or takes one out (`without_step_up`, with the reason). Tokens are not asked: what
they may do was said when they were made, and what only people may do is in no token.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tenants.accounts.services import asks_factor_of, has_factor, proved_until, showed_factor
from tenants.audit.actors import Actor, name_actor
from tenants.errors import Refused
from tenants.isolation.context import current_tenant
from tenants.members.permissions import ALL, STEP_UP, permissions_of
from tenants.members.queries import role_of_user
from tenants.sso.middleware import MARK
from tenants.tokens.types import TokenAuth

if TYPE_CHECKING:
    # DRF reads its default permission classes while it imports this module.
    from rest_framework.views import APIView

STEP_UP_NEEDED = Refused(
    "step-up-needed",
    "This needs you to show once more who you are; nothing was changed.",
    action="Give your password at /api/v1/session/step-up, or a code or passkey, then send the request again.",
)


def granted(request: Request) -> frozenset[str]:
    """Return the permissions of whoever sent this request; empty for nobody."""
    if isinstance(request.auth, TokenAuth):
        return request.auth.permissions
    user = request.user
    if current_tenant() is None or not user.is_authenticated:
        return frozenset()
    role = role_of_user(str(user.pk))
    return permissions_of(role) if role else frozenset()


def needs_factor(request: Request) -> bool:
    """Tell whether the workspace asks this person for a second factor they do not have, or have not shown.

    A password never opens a session of who has one. By single sign-on the provider's counts if it said that it took
    two; else one of our own has to be shown.
    """
    if isinstance(request.auth, TokenAuth) or not request.user.is_authenticated:
        return False
    user_id = str(request.user.pk)
    if not asks_factor_of(role_of_user(user_id)):
        return False
    if request._request.session.get(MARK):
        return not showed_factor(request._request)
    return not has_factor(user_id)


def needs_step_up(view: Any, action: str, method: str, permission: str) -> bool:
    """Tell whether a person must have shown who they are of late for this action of a view."""
    if action in getattr(view, "without_step_up", {}):
        return False
    return action in getattr(view, "step_up", ()) or (method not in SAFE_METHODS and permission in STEP_UP)


class _Permission(BasePermission):
    """One permission string; DRF instantiates permission classes by calling them."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> "_Permission":
        """Return itself, so that an instance stands where DRF expects a class."""
        return self

    def wanted(self, view: Any, action: str) -> str:
        """Return the permission for an action: that of the view, or the action's in `permission_by_action`."""
        by_action: Mapping[str, str] = getattr(view, "permission_by_action", {})
        return by_action.get(action, self.name)

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Allow those who hold the permission; raises Refused when they must show a factor or who they are."""
        action = action_of(request, view)
        wanted = self.wanted(view, action)
        _name_actor(request)
        if wanted not in granted(request):
            return False
        _admit(request)
        if needs_step_up(view, action, request.method or "", wanted):
            require_step_up(request)
        return True


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
        if not granted(request):
            return False
        _admit(request)
        return True


class Person(BasePermission):
    """Somebody signed in, on their own account: no token, and also who has yet to set up a second factor."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Allow people with a session and a role; raises Refused when they must show who they are."""
        _name_actor(request)
        if isinstance(request.auth, TokenAuth) or not granted(request):
            return False
        if needs_step_up(view, action_of(request, view), request.method or "", ""):
            require_step_up(request)
        return True


class Nobody(BasePermission):
    """The default: a view that forgot to say who may call it is closed."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Refuse."""
        return False


class Anyone(BasePermission):
    """Open to the world; for the schema and its page."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Allow; who is signed in all the same is named for the audit record."""
        _name_actor(request)
        return True


def Open(reason: str) -> Any:  # noqa: N802 - reads as a class in permission_classes
    """Open a view that checks its callers itself (webhooks in, ingest keys); say why."""
    return type("Open", (Anyone,), {"reason": reason, "__doc__": reason})


def action_of(request: Request, view: Any) -> str:
    """Return the action of a view set, else the method in lower case."""
    return str(getattr(view, "action", None) or (request.method or "").lower())


def require_step_up(request: Request) -> None:
    """Raise Refused unless the person at this session has shown of late who they are."""
    if not isinstance(request.auth, TokenAuth) and proved_until(request._request) is None:
        raise STEP_UP_NEEDED


def _admit(request: Request) -> None:
    """Raise Refused while the workspace asks for a second factor this person does not have."""
    if needs_factor(request):
        raise Refused(
            "second-factor-required",
            "This workspace requires a second factor and you have none yet; nothing was changed.",
            action="Set one up under Settings, Security.",
        )


def _name_actor(request: Request) -> None:
    """Name who acts, for the audit record."""
    if isinstance(request.auth, TokenAuth):
        name_actor(Actor("token", request.auth.id, request.auth.name))
    elif current_tenant() is not None and request.user.is_authenticated:
        name_actor(Actor("user", str(request.user.pk), str(request.user)))
