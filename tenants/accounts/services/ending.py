"""Sessions: listed, ended one by one, all but one, or all."""

from django.db import transaction
from django.http import HttpRequest

from tenants.accounts.models import SessionRow, User
from tenants.accounts.sessions import SessionStore
from tenants.audit.services import record
from tenants.errors import NotFound


def row_of(request: HttpRequest) -> str:
    """Id of the session of this request; empty when it has none yet."""
    session = request.session
    session.get("")  # loads it
    return session.row_id if isinstance(session, SessionStore) else ""


@transaction.atomic
def end_session(user_id: str, session_id: str) -> None:
    """End one of a person's own sessions; raises NotFound."""
    rows = SessionRow.objects.filter(id=session_id, user_id=user_id)
    if not rows.delete()[0]:
        raise NotFound("no-such-session", "You have no session with this id.")
    record("session.end", session_id, before={"user": user_id})


@transaction.atomic
def end_other_sessions(user_id: str, keep: str) -> int:
    """End all of a person's sessions but one; return how many there were."""
    count = end_sessions(user_id, keep=keep)
    record("session.end-others", user_id, after={"ended": count})
    return count


def end_sessions(user_id: str, *, keep: str = "", deactivate: bool = False) -> int:
    """End every session of a user at once but `keep`; return how many there were. The audit entry is the caller's."""
    if deactivate:
        User.objects.filter(id=user_id).update(is_active=False)
    return SessionRow.objects.filter(user_id=user_id).exclude(id=keep).delete()[0]
