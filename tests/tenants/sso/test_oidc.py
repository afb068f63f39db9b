"""Sign-in by OpenID Connect over HTTP, against a provider in its own process; honest, then lying in every known way."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tenants.accounts.queries import find_user
from tenants.audit.models import Entry
from tenants.members.queries import role_of_user
from tenants.orgs.types import OrgInfo
from tenants.sso.models import Flow, Identity, Provider
from tests import clients
from tests.tenants.sso.browser import CLIENT_ID, Idp, began, problem_of, replaced, sign_in, signed_in_as
from tests.tenants.sso.conftest import connect

Inside = Callable[[], Any]
ANN = {"sub": "person-1", "email": "ann@acme.test", "name": "Ann"}


def test_a_person_of_a_proved_domain_signs_in_and_becomes_a_member_once(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    for _ in range(2):
        client = clients.anonymous(acme)
        answer = sign_in(client, idp, provider, next="/findings")
        assert answer["Location"] == "/findings"
        assert signed_in_as(client) == "ann@acme.test"
    with inside():
        person = find_user("ann@acme.test")
        assert person is not None
        assert role_of_user(person.id) == "viewer"
        assert not person.has_usable_password()
        assert Identity.objects.filter(user_id=person.id, subject="person-1").count() == 1
        made = Entry.objects.get(action="member.add", after__email="ann@acme.test")
        assert (made.actor_kind, made.actor_id) == ("sso", provider)


@pytest.mark.asvs("10.1.2", "10.2.1")
def test_the_request_asks_for_a_code_with_pkce_state_and_nonce_and_exactly_our_address(
    acme: OrgInfo, idp: Idp, provider: str
) -> None:
    client = clients.anonymous(acme)
    assert problem_of(sign_in(client, idp, provider)) == ""
    asked = next(entry["args"] for entry in reversed(idp.seen()) if entry["path"] == "/authorize")
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 40
    assert asked["redirect_uri"] == f"http://acme.localhost/sso/{provider}/callback"


@pytest.mark.asvs("10.5.2")
def test_an_existing_member_is_found_by_the_address_the_first_time_and_by_the_subject_ever_after(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    person = {"sub": "s-1", "email": "Analyst@ACME.test"}
    redirects = [f"http://acme.localhost/sso/{provider}/callback"]
    idp.order(person=person, redirects=redirects)
    client = clients.anonymous(acme)
    sign_in(client, idp, provider)
    assert signed_in_as(client) == "analyst@acme.test"
    idp.order(person={"sub": "s-1", "email": "renamed@acme.test"}, redirects=redirects)
    client = clients.anonymous(acme)
    sign_in(client, idp, provider)
    assert signed_in_as(client) == "analyst@acme.test"


@pytest.mark.asvs("6.8.1", "10.5.2")
def test_an_address_given_to_somebody_else_does_not_give_them_the_account(
    acme: OrgInfo, idp: Idp, provider: str
) -> None:
    redirects = [f"http://acme.localhost/sso/{provider}/callback"]
    idp.order(person={"sub": "s-1", "email": "analyst@acme.test"}, redirects=redirects)
    assert problem_of(sign_in(clients.anonymous(acme), idp, provider)) == ""
    idp.order(person={"sub": "s-2", "email": "analyst@acme.test"}, redirects=redirects)
    client = clients.anonymous(acme)
    assert problem_of(sign_in(client, idp, provider)) == "sso-no-account"
    assert signed_in_as(client) == ""


LIES: dict[str, dict[str, Any]] = {
    "no signature": {"sign": "none"},
    "a signature cut off": {"sign": "cut"},
    "the public key as a shared secret": {"sign": "secret"},
    "a stranger's key under the known id": {"sign": "stranger"},
    "a stranger's key in the header": {"sign": "embedded"},
    "a key that is not published": {"sign": "unpublished"},
    "another issuer": {"claims": {"iss": "https://evil.example.com"}},
    "no issuer": {"claims": {"iss": None}},
    "another audience": {"claims": {"aud": "another-client"}},
    "no audience": {"claims": {"aud": None}},
    "two audiences and no authorised party": {"claims": {"aud": [CLIENT_ID, "another-client"]}},
    "another authorised party": {"claims": {"azp": "another-client"}},
    "an expired token": {"claims": {"exp": int(time.time()) - 3600}},
    "no expiry": {"claims": {"exp": None}},
    "a token from the future": {"claims": {"iat": int(time.time()) + 3600}},
    "an old token": {"claims": {"iat": int(time.time()) - 7200}},
    "another nonce": {"claims": {"nonce": "of-another-sign-in"}},
    "no nonce": {"claims": {"nonce": None}},
    "no subject": {"claims": {"sub": None}},
    "a subject that is no text": {"claims": {"sub": {"$ne": ""}}},
    "an answer that names another issuer": {"iss": "https://evil.example.com"},
    "a userinfo about somebody else": {"withhold": ["email"], "userinfo": {"sub": "somebody-else"}},
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.asvs("6.8.2", "9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.3", "10.2.2", "10.5.1", "10.5.4")
def test_an_answer_is_not_believed_with(
    lie: str, acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    idp.order(**LIES[lie], redirects=[f"http://acme.localhost/sso/{provider}/callback"])
    client = clients.anonymous(acme)
    assert problem_of(sign_in(client, idp, provider)) == "sso-not-believed"
    assert signed_in_as(client) == ""
    with inside():
        assert find_user("ann@acme.test") is None
        problem = Provider.objects.get(id=provider).problem
        assert problem is not None
        assert problem["code"] == "sso-not-believed"


STRANGERS: dict[str, tuple[dict[str, Any], str]] = {
    "an address outside the proved domains": ({"email": "ann@evil.test"}, "sso-domain"),
    "an address in a sub-domain nobody proved": ({"email": "ann@mail.acme.test"}, "sso-domain"),
    "an address the provider has not verified": ({"email_verified": False}, "sso-domain"),
    "an address the provider has not verified, in words": ({"email_verified": "false"}, "sso-domain"),
    "no address": ({"email": None}, "sso-no-email"),
    "something that is no address": ({"email": "ann"}, "sso-no-email"),
}


@pytest.mark.parametrize("case", STRANGERS)
def test_nobody_comes_in_with(case: str, acme: OrgInfo, idp: Idp, provider: str) -> None:
    changes, code = STRANGERS[case]
    person = {name: value for name, value in {**ANN, **changes}.items() if value is not None}
    idp.order(person=person, redirects=[f"http://acme.localhost/sso/{provider}/callback"])
    client = clients.anonymous(acme)
    assert problem_of(sign_in(client, idp, provider)) == code
    assert signed_in_as(client) == ""


@pytest.mark.asvs("10.1.2")
def test_a_callback_works_once(acme: OrgInfo, idp: Idp, provider: str) -> None:
    client = clients.anonymous(acme)
    back = idp.authorize(began(client, provider))
    assert problem_of(client.get(back)) == ""
    assert problem_of(client.get(back)) == "sso-expired"


@pytest.mark.asvs("7.6.2", "10.1.2", "10.2.1")
def test_a_callback_is_refused_in_a_browser_that_did_not_begin_and_the_beginner_is_not_disturbed(
    acme: OrgInfo, idp: Idp, provider: str
) -> None:
    attacker, victim = clients.anonymous(acme), clients.anonymous(acme)
    back = idp.authorize(began(attacker, provider))
    assert problem_of(victim.get(back)) == "sso-expired"
    began(victim, provider)  # a cookie of its own does not help
    assert problem_of(victim.get(back)) == "sso-expired"
    assert signed_in_as(victim) == ""
    assert problem_of(attacker.get(back)) == ""


@pytest.mark.parametrize("state", ["", "invented", None])
@pytest.mark.asvs("10.2.1")
def test_a_callback_without_a_state_of_ours_is_refused(
    state: str | None, acme: OrgInfo, idp: Idp, provider: str
) -> None:
    client = clients.anonymous(acme)
    back = idp.authorize(began(client, provider))
    assert problem_of(client.get(replaced(back, state=state))) == "sso-expired"
    assert signed_in_as(client) == ""


def test_a_flow_older_than_ten_minutes_is_refused(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    client = clients.anonymous(acme)
    back = idp.authorize(began(client, provider))
    with inside():
        Flow.objects.update(created_at="2020-01-01T00:00:00Z")
    assert problem_of(client.get(back)) == "sso-expired"


@pytest.mark.asvs("10.2.2")
def test_an_answer_without_the_issuer_is_refused_when_the_provider_always_names_it(
    acme: OrgInfo, idp: Idp, provider: str
) -> None:
    client = clients.anonymous(acme)
    back = idp.authorize(began(client, provider))
    assert problem_of(client.get(replaced(back, iss=None))) == "sso-not-believed"


@pytest.mark.asvs("6.8.1", "10.2.2")
def test_an_answer_for_one_provider_is_not_taken_at_another(acme: OrgInfo, idp: Idp, provider: str) -> None:
    other = connect(acme, idp, "other.test", redirects=(f"http://acme.localhost/sso/{provider}/callback",))
    client = clients.anonymous(acme)
    back = idp.authorize(began(client, provider))
    assert problem_of(client.get(back.replace(provider, other))) == "sso-expired"
    assert signed_in_as(client) == ""


@pytest.mark.asvs("8.4.1", "10.2.2")
def test_an_answer_for_one_tenant_is_not_taken_at_another(
    acme: OrgInfo, globex: OrgInfo, idp: Idp, provider: str
) -> None:
    """The same provider, the same client, and the attacker's cookie carried over: still nothing."""
    theirs = connect(globex, idp, "acme.test", redirects=(f"http://acme.localhost/sso/{provider}/callback",))
    client, elsewhere = clients.anonymous(acme), clients.anonymous(globex)
    back = idp.authorize(began(client, provider))
    elsewhere.cookies = client.cookies
    assert problem_of(elsewhere.get(back.replace(provider, theirs))) == "sso-expired"
    assert elsewhere.get(back).status_code == 404
    assert signed_in_as(elsewhere) == ""


@pytest.mark.asvs("10.1.2")
def test_a_code_begun_elsewhere_cannot_be_injected(acme: OrgInfo, idp: Idp, provider: str) -> None:
    """A stolen code is bound to the verifier and the nonce of the browser it was made for."""
    thief, owner_of_code = clients.anonymous(acme), clients.anonymous(acme)
    stolen = idp.authorize(began(owner_of_code, provider))
    code = dict(part.split("=", 1) for part in stolen.partition("?")[2].split("&"))["code"]
    back = idp.authorize(began(thief, provider))
    assert problem_of(thief.get(replaced(back, code=code))) == "sso-not-believed"
    assert signed_in_as(thief) == ""


def test_a_provider_that_changed_its_keys_is_asked_for_them_again(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    redirects = [f"http://acme.localhost/sso/{provider}/callback"]
    idp.order(rotate=True, redirects=redirects)
    client = clients.anonymous(acme)
    # Keys read a moment ago are not read again for every stranger's key id.
    assert problem_of(sign_in(client, idp, provider)) == "sso-not-believed"
    with inside():
        Provider.objects.filter(id=provider).update(discovered_at="2020-01-01T00:00:00Z")
    assert problem_of(sign_in(client, idp, provider)) == ""
    assert signed_in_as(client) == "ann@acme.test"


def test_a_refusal_by_the_provider_is_told_without_its_words(acme: OrgInfo, idp: Idp, provider: str) -> None:
    idp.order(refuse="access_denied", redirects=[f"http://acme.localhost/sso/{provider}/callback"])
    answer = sign_in(clients.anonymous(acme), idp, provider)
    assert answer["Location"] == "/?sign-in-problem=sso-provider-refused"


@pytest.mark.parametrize(
    "place", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)"]
)
@pytest.mark.asvs("1.2.2", "3.7.2")
def test_a_sign_in_never_leads_to_another_site(place: str, acme: OrgInfo, idp: Idp, provider: str) -> None:
    assert sign_in(clients.anonymous(acme), idp, provider, next=place)["Location"] == "/"


@pytest.mark.asvs("7.2.4")
def test_signing_in_makes_a_new_session(acme: OrgInfo, idp: Idp, provider: str, settings: Any) -> None:
    client = clients.member(acme, "viewer")
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    sign_in(client, idp, provider)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    under_way = client.cookies[settings.SSO_COOKIE_NAME]
    assert (under_way["path"], under_way["domain"], under_way["httponly"]) == ("/", "", True)
    assert signed_in_as(client) == "ann@acme.test"


def test_a_provider_that_may_not_make_members_lets_only_members_in(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    with inside():
        Provider.objects.filter(id=provider).update(creates_members=False)
    assert problem_of(sign_in(clients.anonymous(acme), idp, provider)) == "sso-no-account"


def test_a_provider_that_is_off_signs_nobody_in(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    client = clients.anonymous(acme)
    back = idp.authorize(began(client, provider))
    with inside():
        Provider.objects.filter(id=provider).update(enabled=False)
    assert problem_of(client.get(back)) == "sso-off"
    assert problem_of(client.get(f"/sso/{provider}/start")) == "sso-off"
