"""One of each thing every tenant has: member, token, failed job."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from tenants.jobs.models import JobFailure
from tenants.jobs.services import record_failure
from tenants.members.permissions import ALL
from tenants.members.services import add_member
from tenants.tokens.services import create_token


def build() -> dict[str, str]:
    """Create them in the entered tenant; ids by router basename."""
    member = add_member("canary@canary.test", "viewer", name="CANARY")
    expiry = timezone.now() + timedelta(days=1)
    token = create_token("CANARY", ["findings.read"], expiry, created_by=None, holder=ALL)
    message_id = str(uuid4())
    record_failure(
        {"message_id": message_id, "actor_name": "x.CANARY", "queue_name": "default", "args": ["CANARY"]},
        "CANARY",
    )
    failure = JobFailure.objects.get(message_id=message_id)
    return {"member": member, "token": token.id, "job-failure": failure.id}
