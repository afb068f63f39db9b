"""Who was put out does not come back by a sign-in that was under way then, also not after being let in again."""

from datetime import datetime

from tenants.audit.queries import entries
from tenants.members.queries import member_of_user


def was_put_out_since(user_id: str, began: datetime) -> bool:
    """Whether this member was suspended, or made a member anew, after that moment."""
    found = member_of_user(user_id)
    return found is not None and (began < found.created_at or was_suspended_since(user_id, began))


def was_suspended_since(user_id: str, began: datetime) -> bool:
    """Whether this member was suspended after that moment."""
    found = member_of_user(user_id)
    if found is None:
        return False
    last = entries(target=found.id, action="member.suspend").order_by("-sequence").first()
    return last is not None and began < last.at
