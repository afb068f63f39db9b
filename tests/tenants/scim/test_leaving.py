"""Who is deprovisioned is out on every surface with the answer to the request, and comes back with nothing of before."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tenants.accounts.models import CacheEntry
from tenants.accounts.queries import find_user, person
from tenants.accounts.services import has_factor, issue_handoff
from tenants.audit.models import Entry
from tenants.isolation.context import no_tenant, tenant_context
from tenants.members.permissions import ALL
from tenants.members.queries import member_of_user
from tenants.members.services import suspend_member
from tenants.orgs.types import OrgInfo
from tenants.sso.models import Flow
from tenants.tokens.services import create_token
from tests import clients
from tests.clients import TenantClient
from tests.factories import sso as sso_factory
from tests.tenants.accounts.people import CODE, add_app, code_of, sign_in, try_sign_in
from tests.tenants.scim.provider import ScimProvider, replace
from tests.tenants.scim.provider import person as document
from tests.tenants.sso import browser
from tests.tenants.sso.browser import Idp
from tests.tenants.sso.conftest import connect as connect_provider

Inside = Callable[[], Any]
WHO = "responder@acme.test"
LIMIT = 60  # seconds, promised; here nothing is waited for


def machine(org: OrgInfo) -> TenantClient:
    """A client with an API token this person made."""
    with no_tenant(), tenant_context(org.schema_name):
        maker = find_user(WHO)
        assert maker is not None
        made = create_token(
            "theirs", ["findings.read"], timezone.now() + timedelta(days=1), created_by=maker.id, holder=ALL
        )
    client = TenantClient(org.slug)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made.secret}")
    return client


def user_of(email: str) -> str:
    found = find_user(email)
    assert found is not None
    return str(found.id)


def half_way(org: OrgInfo) -> TenantClient:
    """A browser that gave the password and is asked for the second factor."""
    client, answer = try_sign_in(org, WHO)
    assert (answer.status_code, answer.json()["code"]) == (401, "second-factor-needed")
    return client


def finish(client: TenantClient, secret: str) -> Any:
    return client.post(CODE, {"code": code_of(secret)})


def signed_in(client: TenantClient) -> bool:
    return client.get("/api/v1/session").status_code == 200


@pytest.fixture
def secret(acme: OrgInfo, inside: Inside) -> str:
    """The person has a second factor, whose codes were not used yet."""
    made = add_app(sign_in(acme, WHO))
    with inside():
        CacheEntry.objects.all().delete()
    return made


ENDS: dict[str, Callable[[ScimProvider, str], Any]] = {
    "disabled": lambda provider, place: provider.patch(place, replace("active", "False")),
    "replaced": lambda provider, place: provider.send("PUT", place, document(WHO) | {"active": False}),
    "deleted": lambda provider, place: provider.send("DELETE", place),
}


@pytest.mark.asvs("7.4.2")
@pytest.mark.parametrize("end", ENDS)
def test_every_surface_is_closed_with_the_answer_and_none_opens_again(
    end: str, provider: ScimProvider, acme: OrgInfo, inside: Inside, secret: str
) -> None:
    place = f"/Users/{provider.find(WHO)['id']}"
    session, token, pending = clients.member(acme, "responder"), machine(acme), half_way(acme)
    with inside():
        held = find_user(WHO)
        assert held is not None
        handoff = issue_handoff(held.id)
    assert signed_in(session)
    assert token.get("/api/v1/findings").status_code == 200

    began = time.monotonic()
    assert ENDS[end](provider, place).status_code in (200, 204)
    assert not signed_in(session)
    assert token.get("/api/v1/findings").status_code == 401
    assert time.monotonic() - began < LIMIT
    late = clients.anonymous(acme)
    late.post("/api/v1/session/handoff", {"token": handoff})
    assert not signed_in(late)
    assert try_sign_in(acme, WHO)[1].json()["code"] == "wrong-credentials"

    if end == "deleted":
        assert provider.send("POST", "/Users", document(WHO)).status_code == 201
    else:
        assert provider.patch(place, replace("active", True)).json()["active"] is True
    assert not signed_in(session)
    assert token.get("/api/v1/findings").status_code == 401
    assert finish(pending, secret).status_code in (400, 401, 403, 409)
    assert not signed_in(pending)


def test_a_second_factor_given_while_the_person_is_out_opens_nothing(
    provider: ScimProvider, acme: OrgInfo, inside: Inside, secret: str
) -> None:
    place = f"/Users/{provider.find(WHO)['id']}"
    pending = half_way(acme)
    provider.patch(place, replace("active", "False"))
    assert finish(pending, secret).status_code in (401, 403, 409)
    assert not signed_in(pending)


def test_an_account_made_again_knows_nothing_the_one_before_knew(
    provider: ScimProvider, acme: OrgInfo, inside: Inside, secret: str, idp: Idp
) -> None:
    """The address went to somebody else: whoever had it before has neither password, factor nor link any more."""
    login = connect_provider(acme, idp, "other.test")
    redirects = [f"http://acme.localhost/sso/{login}/callback"]
    idp.order(person={"sub": "the-first", "email": WHO}, redirects=redirects)
    assert browser.problem_of(browser.sign_in(clients.anonymous(acme), idp, login)) == ""
    provider.send("DELETE", f"/Users/{provider.find(WHO)['id']}")
    assert provider.send("POST", "/Users", document(WHO)).status_code == 201
    assert try_sign_in(acme, WHO)[1].json()["code"] == "wrong-credentials"
    with inside():
        assert not has_factor(user_of(WHO))
    idp.order(person={"sub": "the-second", "email": WHO}, redirects=redirects)
    client = clients.anonymous(acme)
    assert browser.problem_of(browser.sign_in(client, idp, login)) == ""
    assert browser.signed_in_as(client) == WHO
    idp.order(person={"sub": "the-first", "email": WHO}, redirects=redirects)
    assert browser.problem_of(browser.sign_in(clients.anonymous(acme), idp, login)) == "sso-no-account"


def test_a_person_who_comes_back_signs_in_anew(
    provider: ScimProvider, acme: OrgInfo, inside: Inside, secret: str
) -> None:
    place = f"/Users/{provider.find(WHO)['id']}"
    provider.patch(place, replace("active", False))
    provider.patch(place, replace("active", True))
    client = half_way(acme)
    assert finish(client, secret).status_code == 200
    assert signed_in(client)


def test_a_sign_in_by_single_sign_on_that_was_under_way_ends_too(
    provider: ScimProvider, acme: OrgInfo, idp: Idp, inside: Inside
) -> None:
    login = connect_provider(acme, idp, "other.test")
    idp.order(person={"sub": "r-1", "email": WHO}, redirects=[f"http://acme.localhost/sso/{login}/callback"])
    session = clients.anonymous(acme)
    assert browser.problem_of(browser.sign_in(session, idp, login)) == ""
    first, second = clients.anonymous(acme), clients.anonymous(acme)
    backs = [idp.authorize(browser.began(client, login)) for client in (first, second)]
    place = f"/Users/{provider.find(WHO)['id']}"
    provider.patch(place, replace("active", False))
    assert browser.signed_in_as(session) == ""
    assert browser.problem_of(first.get(backs[0])) == "sso-no-account"
    provider.patch(place, replace("active", True))
    assert browser.signed_in_as(session) == ""
    assert browser.problem_of(second.get(backs[1])) == "sso-expired"
    again = clients.anonymous(acme)
    assert browser.problem_of(browser.sign_in(again, idp, login)) == ""
    assert browser.signed_in_as(again) == WHO


def test_a_test_of_a_provider_ends_with_its_owner(
    provider: ScimProvider, acme: OrgInfo, inside: Inside
) -> None:
    with inside():
        held = find_user(WHO)
        assert held is not None
        Flow.objects.create(
            id="x" * 64, provider_id=sso_factory.build()["sso-provider"], purpose="test", browser="", user_id=held.id,
            callback="", nonce="", created_at=timezone.now(),
        )  # fmt: skip
    provider.patch(f"/Users/{provider.find(WHO)['id']}", replace("active", False))
    with inside():
        assert not Flow.objects.exists()


@pytest.mark.parametrize("way", ["resumed", "made again"])
def test_what_a_request_left_that_was_under_way_when_the_person_was_put_out_opens_nothing_later(
    way: str, provider: ScimProvider, acme: OrgInfo, inside: Inside
) -> None:
    """A sign-in and the making of a token that passed their checks just before, and were stored just after."""
    place = f"/Users/{provider.find(WHO)['id']}"
    with inside():
        held = person(WHO)
        assert held is not None
    if way == "resumed":
        provider.patch(place, replace("active", False))
    else:
        provider.send("DELETE", place)
    late = TenantClient(acme.slug)
    with inside():
        late.force_login(held, backend=clients.BACKEND)
        made = create_token(
            "late", ["findings.read"], timezone.now() + timedelta(days=1), created_by=held.id, holder=ALL
        )
    token = TenantClient(acme.slug)
    token.credentials(HTTP_AUTHORIZATION=f"Bearer {made.secret}")
    assert not signed_in(late)
    assert token.get("/api/v1/findings").status_code in (401, 403)
    if way == "resumed":
        assert provider.patch(place, replace("active", True)).status_code == 200
    else:
        assert provider.send("POST", "/Users", document(WHO)).status_code == 201
    assert not signed_in(late)
    assert token.get("/api/v1/findings").status_code == 401


def test_whom_an_owner_suspended_provisioning_does_not_bring_back(
    provider: ScimProvider, acme: OrgInfo, inside: Inside
) -> None:
    place = f"/Users/{provider.find(WHO)['id']}"
    with inside():
        held = person(WHO)
        assert held is not None
        row = member_of_user(held.id)
        assert row is not None
        suspend_member(row.id)
    assert provider.get(place).json()["active"] is False
    answer = provider.patch(place, replace("active", True))
    assert (answer.status_code, "suspended in the workspace" in answer.json()["detail"]) == (409, True)
    assert provider.send("PUT", place, document(WHO)).status_code == 409
    assert provider.patch(place, replace("active", False)).status_code == 200
    assert provider.patch(place, replace("active", True)).status_code == 409
    assert provider.get(place).json()["active"] is False


def test_each_change_is_one_entry_by_the_provisioning_token(
    provider: ScimProvider, acme: OrgInfo, inside: Inside
) -> None:
    place = f"/Users/{provider.find(WHO)['id']}"
    machine(acme)
    with inside():
        before = Entry.objects.count()
    for _ in range(2):
        provider.patch(place, replace("active", False))
    for _ in range(2):
        provider.patch(place, replace("active", True))
    provider.send("DELETE", place)
    with inside():
        made = list(Entry.objects.order_by("sequence")[before:])
    # The first request of a provider about a member it did not make links the two.
    assert [entry.action for entry in made] == [
        "scim.user.change", "token.revoke", "member.suspend", "member.resume", "member.remove",
    ]  # fmt: skip
    assert {(entry.actor_kind, entry.actor_name) for entry in made} == {("scim", "Company directory")}
