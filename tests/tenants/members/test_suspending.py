"""A suspended member is out at once, with everything they hold; the last owner cannot be."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.accounts.queries import find_user, person
from tenants.errors import Conflict
from tenants.isolation.context import no_tenant, tenant_context
from tenants.members.permissions import ALL
from tenants.members.queries import member, member_of_user, role_of_user
from tenants.members.services import readmit_member, remove_member, resume_member, suspend_member
from tenants.orgs.types import OrgInfo
from tenants.tokens.services import create_token
from tests import clients
from tests.clients import TenantClient


def member_id(email: str) -> str:
    found = person(email)
    assert found is not None
    row = member_of_user(found.id)
    assert row is not None
    return row.id


def token_client(org: OrgInfo, email: str) -> TenantClient:
    """A client with a token that this member made."""
    expiry = timezone.now() + timedelta(days=1)
    with tenant_context(org.schema_name):
        maker = find_user(email)
        assert maker is not None
        made = create_token("theirs", ["findings.read"], expiry, created_by=maker.id, holder=ALL)
    client = TenantClient(org.slug)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made.secret}")
    return client


@pytest.mark.parametrize("end", ["suspended", "removed"])
@pytest.mark.asvs("7.4.2", "7.4.5")
def test_sessions_and_tokens_end_at_once(end: str, acme: OrgInfo) -> None:
    browser, machine = clients.member(acme, "analyst"), token_client(acme, "analyst@acme.test")
    assert browser.get("/api/v1/session").status_code == 200
    assert machine.get("/api/v1/findings").status_code == 200
    with no_tenant(), tenant_context(acme.schema_name):
        if end == "suspended":
            suspend_member(member_id("analyst@acme.test"))
        else:
            remove_member(member_id("analyst@acme.test"), ALL)
    assert browser.get("/api/v1/session").status_code == 401
    assert machine.get("/api/v1/findings").status_code == 401


def test_who_comes_back_has_the_old_role_and_none_of_the_old_tokens(acme: OrgInfo) -> None:
    machine = token_client(acme, "analyst@acme.test")
    with no_tenant(), tenant_context(acme.schema_name):
        suspended = member_id("analyst@acme.test")
        suspend_member(suspended)
        assert member(suspended).active is False
        resume_member(suspended)
        assert (member(suspended).active, member(suspended).role) == (True, "analyst")
    assert machine.get("/api/v1/findings").status_code == 401


def test_the_last_owner_cannot_be_suspended(tenant: OrgInfo) -> None:
    with pytest.raises(Conflict, match="last owner"):
        suspend_member(member_id("owner@acme.test"))
    assert find_user("owner@acme.test") is not None


def test_somebody_removed_can_be_made_a_member_again(tenant: OrgInfo) -> None:
    remove_member(member_id("analyst@acme.test"), ALL)
    gone = person("analyst@acme.test")
    assert gone is not None
    assert role_of_user(gone.id) is None
    readmit_member(gone.id, "viewer")
    assert role_of_user(gone.id) == "viewer"
