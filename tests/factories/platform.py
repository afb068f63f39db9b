"""One of each thing every tenant has: member, token, failed job."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from tenants.accounts.models import SessionRow, SignIn
from tenants.accounts.queries import person
from tenants.jobs.models import JobFailure
from tenants.jobs.services import record_failure
from tenants.members.permissions import ALL
from tenants.members.services import add_member, invite
from tenants.tokens.services import create_token


def build() -> dict[str, str]:
    """Create them in the entered tenant; ids by router basename."""
    member = add_member("canary@canary.test", "viewer", name="CANARY")
    expiry = timezone.now() + timedelta(days=1)
    token = create_token("CANARY", ["findings.read"], expiry, created_by=None, holder=ALL)
    invitation = invite("canary-invited@canary.test", "viewer", ALL, None)
    someone, now = person("canary@canary.test"), timezone.now()
    seen = {"user": someone, "by": "password", "agent": "CANARY", "address": "203.0.113.7"}
    ends = now + timedelta(hours=1)
    session = SessionRow.objects.create(
        key_hash=f"CANARY {uuid4()}", data="CANARY", started_at=now, seen_at=now, expires_at=ends, **seen
    )
    SignIn.objects.create(at=now, email="canary@canary.test", outcome="signed-in", **seen)
    message_id = str(uuid4())
    record_failure(
        {"message_id": message_id, "actor_name": "x.CANARY", "queue_name": "default", "args": ["CANARY"]},
        "CANARY",
    )
    failure = JobFailure.objects.get(message_id=message_id)
    return {
        "member": member,
        "token": token.id,
        "job-failure": failure.id,
        "invitation": invitation,
        "account-session": session.id,
    }
