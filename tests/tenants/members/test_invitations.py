"""Invitations: by mail alone, once, for a while, with no more than the inviter may give."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone

from tenants.accounts.models import User
from tenants.accounts.queries import find_user, person
from tenants.accounts.services.limits import INVITE_AGAIN
from tenants.audit.queries import entries
from tenants.errors import DomainError
from tenants.isolation.context import no_tenant, tenant_context
from tenants.members.models import Invitation
from tenants.members.permissions import ALL
from tenants.members.queries import member_of_user, members, role_of_user
from tenants.members.services import accept_by_password, change_role, invite, remove_member, suspend_member
from tenants.orgs.types import OrgInfo
from tenants.sso.services import change_policy
from tests.clients import TenantClient, anonymous, member
from tests.database import TestDatabases
from tests.factories import sso
from tests.tenants.accounts.people import add_app, link_in, mails, sign_in, try_sign_in

INVITATIONS = "/api/v1/invitations"
NEW, PASSWORD = "new@partner.test", "plain lantern orchid seven"
Run = Callable[..., int]


@pytest.fixture
def admin(acme: OrgInfo) -> TenantClient:
    """An administrator whose own address is proved."""
    with no_tenant(), tenant_context(acme.schema_name):
        User.objects.update(email_verified_at=timezone.now())
    return member(acme, "admin")


def link(admin: TenantClient, run_jobs: Run, role: str = "analyst", email: str = NEW) -> str:
    mail.outbox.clear()
    answer = admin.post(INVITATIONS, {"email": email, "role": role})
    assert answer.status_code == 201, answer.content
    run_jobs()
    [sent] = mails(email.lower())
    return link_in(sent)


def accept(org: OrgInfo, token: str, **more: Any) -> tuple[TenantClient, Any]:
    client = anonymous(org)
    body = {"token": token, "name": "New Person", "password": PASSWORD} | more
    return client, client.post("/api/v1/invitation/accept", body)


@pytest.mark.asvs("6.4.1")
def test_an_invitation_makes_a_member_of_whoever_got_the_mail(
    acme: OrgInfo, admin: TenantClient, run_jobs: Run
) -> None:
    token = link(admin, run_jobs, email="New@partner.test")
    [sent] = mail.outbox
    assert sent.subject == "You are invited to Acme"
    assert "admin@acme.test invites you to the workspace Acme as analyst" in sent.body
    opened = anonymous(acme).post("/api/v1/invitation/open", {"token": token}).json()
    assert (opened["email"], opened["role"], opened["workspace"]) == (NEW, "analyst", "Acme")
    assert (opened["invited_by"], opened["password"], opened["providers"]) == ("admin@acme.test", True, [])
    client, answer = accept(acme, token)
    assert answer.status_code == 201
    session = client.get("/api/v1/session").json()
    assert (session["role"], session["by"], session["user"]["name"]) == (
        "analyst",
        "invitation",
        "New Person",
    )
    assert session["user"]["email_verified"] is True
    assert sign_in(acme, NEW, PASSWORD)
    assert admin.get(INVITATIONS).json()["data"] == []
    assert accept(acme, token)[1].status_code == 412
    with tenant_context(acme.schema_name):
        recorded = entries().filter(action__startswith="invitation.").order_by("sequence")
        assert [(e.action, e.actor_name) for e in recorded] == [
            ("invitation.send", "admin@acme.test"),
            ("invitation.accept", NEW),
        ]
        assert token not in str([vars(e) for e in recorded])


def test_the_list_tells_the_state_and_never_the_link(
    acme: OrgInfo, admin: TenantClient, run_jobs: Run
) -> None:
    token = link(admin, run_jobs)
    [row] = admin.get(INVITATIONS).json()["data"]
    assert (row["email"], row["state"], row["invited_by"]) == (NEW, "open", "admin@acme.test")
    with tenant_context(acme.schema_name):
        stored = Invitation.objects.get()
        assert token not in str(vars(stored)) + str(row)
        assert stored.expires_at - timezone.now() > timedelta(days=6, hours=23)
        Invitation.objects.update(expires_at=timezone.now())
    assert admin.get(f"{INVITATIONS}/{row['id']}").json()["state"] == "expired"
    assert accept(acme, token)[1].status_code == 412
    assert member(acme, "viewer").get(INVITATIONS).status_code == 200
    assert member(acme, "viewer").post(INVITATIONS, {"email": NEW, "role": "viewer"}).status_code == 403


def test_inviting_again_or_sending_again_makes_a_new_link_and_revoking_ends_it(
    acme: OrgInfo, admin: TenantClient, run_jobs: Run
) -> None:
    first = link(admin, run_jobs)
    second = link(admin, run_jobs, role="viewer")
    [row] = admin.get(INVITATIONS).json()["data"]
    assert row["role"] == "viewer"
    assert accept(acme, first)[1].status_code == 412
    mail.outbox.clear()
    assert admin.post(f"{INVITATIONS}/{row['id']}/resend").status_code == 200
    run_jobs()
    third = link_in(mails(NEW)[0])
    assert accept(acme, second)[1].status_code == 412
    assert admin.delete(f"{INVITATIONS}/{row['id']}").status_code == 204
    assert accept(acme, third)[1].status_code == 412
    assert admin.delete(f"{INVITATIONS}/{row['id']}").status_code == 404
    with tenant_context(acme.schema_name):
        assert person(NEW) is None
        recorded = entries().filter(action__startswith="invitation.").order_by("sequence")
        assert list(recorded.values_list("action", flat=True)) == [
            "invitation.send",
            "invitation.send",
            "invitation.resend",
            "invitation.revoke",
        ]


@pytest.mark.asvs("8.2.1")
def test_nobody_invites_above_their_own_rights(acme: OrgInfo, admin: TenantClient) -> None:
    answer = admin.post(INVITATIONS, {"email": NEW, "role": "owner"})
    assert (answer.status_code, answer.json()["code"]) == (403, "role-beyond-holder")
    with tenant_context(acme.schema_name):
        made = invite(NEW, "owner", ALL, None)
    assert admin.post(f"{INVITATIONS}/{made}/resend").status_code == 403
    assert admin.post(INVITATIONS, {"email": NEW, "role": "viewer"}).status_code == 201


@pytest.mark.asvs("8.3.2")
@pytest.mark.parametrize("loss", ["demoted", "suspended", "removed"])
def test_an_invitation_gives_nothing_its_inviter_has_lost(
    loss: str, acme: OrgInfo, admin: TenantClient, run_jobs: Run
) -> None:
    token = link(admin, run_jobs, role="admin")
    with no_tenant(), tenant_context(acme.schema_name):
        found = next(row.id for row in members() if row.role == "admin")
        if loss == "demoted":
            change_role(found, "viewer", ALL)
        elif loss == "suspended":
            suspend_member(found)
        else:
            remove_member(found, ALL)
    assert accept(acme, token)[1].status_code == 412


@pytest.mark.asvs("8.4.1")
def test_a_link_of_one_workspace_is_none_in_another(
    acme: OrgInfo, globex: OrgInfo, admin: TenantClient, run_jobs: Run
) -> None:
    token = link(admin, run_jobs)
    assert accept(globex, token)[1].status_code == 412
    assert anonymous(globex).post("/api/v1/invitation/open", {"token": token}).status_code == 412
    assert accept(acme, token)[1].status_code == 201


def test_a_weak_password_spends_no_link(acme: OrgInfo, admin: TenantClient, run_jobs: Run) -> None:
    token = link(admin, run_jobs)
    weak = accept(acme, token, password="password1234")[1]
    assert (weak.status_code, weak.json()["errors"][0]["pointer"]) == (422, "/password")
    assert accept(acme, token, password="")[1].status_code == 422
    assert accept(acme, token)[1].status_code == 201


def test_members_are_not_invited_and_former_ones_come_back_with_a_new_password_and_their_factor(
    acme: OrgInfo, admin: TenantClient, run_jobs: Run
) -> None:
    taken = admin.post(INVITATIONS, {"email": "VIEWER@acme.test", "role": "admin"})
    assert (taken.status_code, taken.json()["code"]) == (409, "already-member")
    add_app(sign_in(acme, "viewer@acme.test"))
    with no_tenant(), tenant_context(acme.schema_name):
        gone = find_user("viewer@acme.test")
        assert gone is not None
        held = member_of_user(gone.id)
        assert held is not None
        remove_member(held.id, ALL)
    run_jobs()
    token = link(admin, run_jobs, email="viewer@acme.test")
    client, answer = accept(acme, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "second-factor-needed")
    assert client.get("/api/v1/session").status_code == 401
    with tenant_context(acme.schema_name):
        assert role_of_user(gone.id) == "analyst"
    assert try_sign_in(acme, "viewer@acme.test", PASSWORD)[1].status_code == 401


def test_where_sign_on_is_required_people_join_by_their_provider(
    acme: OrgInfo, admin: TenantClient, run_jobs: Run
) -> None:
    token = link(admin, run_jobs)
    with no_tenant(), tenant_context(acme.schema_name):
        from tenants.sso.models import Provider

        provider = sso.build()["sso-provider"]
        Provider.objects.update(enabled=True)
        owner = find_user("owner@acme.test")
        assert owner is not None
        change_policy(required=True, break_glass=owner.id)
    opened = anonymous(acme).post("/api/v1/invitation/open", {"token": token}).json()
    assert (opened["password"], opened["providers"]) == (False, [{"id": provider, "name": "CANARY"}])
    refused = accept(acme, token)[1]
    assert (refused.status_code, refused.json()["code"]) == (403, "sso-required")
    assert accept(acme, token, provider="idp_none")[1].status_code == 422
    answer = accept(acme, token, provider=provider)[1]
    assert (answer.status_code, answer.json()) == (200, {"href": f"/sso/{provider}/start"})
    with tenant_context(acme.schema_name):
        joined = find_user(NEW)
        assert joined is not None
        assert not joined.has_usable_password()
        assert role_of_user(joined.id) == "analyst"


@pytest.mark.asvs("2.4.1")
def test_mails_to_strangers_need_a_proved_address_and_are_limited(acme: OrgInfo, admin: TenantClient) -> None:
    with no_tenant(), tenant_context(acme.schema_name):
        User.objects.filter(email="owner@acme.test").update(email_verified_at=None)
    unproved = member(acme, "owner").post(INVITATIONS, {"email": NEW, "role": "viewer"})
    assert (unproved.status_code, unproved.json()["code"]) == (403, "email-not-verified")
    for _ in range(INVITE_AGAIN.most):
        assert admin.post(INVITATIONS, {"email": NEW, "role": "viewer"}).status_code == 201
    answer = admin.post(INVITATIONS, {"email": NEW, "role": "viewer"})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-tries")
    assert admin.post(INVITATIONS, {"email": "other@partner.test", "role": "viewer"}).status_code == 201


@pytest.mark.asvs("6.4.6")
@pytest.mark.asvs("6.4.6")
def test_nobody_chooses_another_persons_password(acme: OrgInfo, admin: TenantClient) -> None:
    body = {"email": NEW, "role": "viewer", "password": PASSWORD}
    answer = admin.post("/api/v1/members", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "password-not-taken")
    del body["password"]
    assert admin.post("/api/v1/members", body).status_code == 201
    assert try_sign_in(acme, NEW, PASSWORD)[1].status_code == 403


@pytest.mark.asvs("15.4.2")
def test_of_many_who_open_one_link_at_once_one_joins(
    committed_db: TestDatabases, acme: OrgInfo, admin: TenantClient, run_jobs: Run
) -> None:
    token = link(admin, run_jobs)
    outcomes: list[str] = []

    def join(number: int) -> None:
        try:
            with tenant_context(acme.schema_name):
                accept_by_password(token, "x", PASSWORD, f"203.0.113.{number}")
            outcomes.append("joined")
        except DomainError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=join, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["invitation-spent"] * 7 + ["joined"]
