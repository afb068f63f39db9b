"""A provider's sign-in counts for what the provider says of it; unsaid is the least: one factor, and not of late."""

import time
from datetime import timedelta
from typing import Any

import pytest

from tenants.accounts.models import SignInPolicy
from tenants.isolation.context import no_tenant, tenant_context
from tenants.orgs.types import OrgInfo
from tenants.sso import services
from tenants.sso.models import Provider
from tenants.sso.strength import METHODS, MICROSOFT
from tests import clients
from tests.clients import TenantClient
from tests.tenants.accounts.people import add_app, code_of
from tests.tenants.sso import test_saml
from tests.tenants.sso.browser import Idp, began, problem_of, sign_in, signed_in_as
from tests.tenants.sso.conftest import prove
from tests.tenants.sso.saml_idp import Answer, SamlIdp, asked

OWNER = {"sub": "owner-1", "email": "owner@acme.test", "name": "Owner"}
REAUTHENTICATE = "/_allauth/browser/v1/auth/2fa/reauthenticate"
REFEDS = "https://refeds.org/profile/mfa"
PHR = "phr"


@pytest.fixture
def asking(acme: OrgInfo) -> None:
    """acme asks everybody for a second factor."""
    with no_tenant(), tenant_context(acme.schema_name):
        SignInPolicy.objects.create(id=1, second_factor="everyone")


@pytest.fixture
def saml(acme: OrgInfo, settings: Any) -> tuple[SamlIdp, str]:
    """A SAML provider of acme, switched on."""
    settings.SSO_TXT_LOOKUP = "tests.tenants.sso.conftest.published_records"
    made = SamlIdp()
    provider = test_saml.connect(acme, made)
    with no_tenant(), tenant_context(acme.schema_name):
        prove("acme.test")
    return made, provider


def by_oidc(
    acme: OrgInfo, idp: Idp, provider: str, said: dict[str, Any], **query: str
) -> tuple[TenantClient, Any]:
    """Come by OpenID Connect with a token that says so much; the browser and the last answer."""
    client = clients.anonymous(acme)
    return client, again(client, idp, provider, said, **query)


def again(client: TenantClient, idp: Idp, provider: str, said: dict[str, Any], **query: str) -> Any:
    redirects = [f"http://acme.localhost/sso/{provider}/callback"]
    idp.order(person=OWNER, claims=said, redirects=redirects)
    return sign_in(client, idp, provider, **query)


def by_saml(client: TenantClient, saml: tuple[SamlIdp, str], **said: Any) -> Any:
    """Come by SAML with an assertion that says so much."""
    idp, provider = saml
    answer, state = test_saml.begun(client, provider, idp, **said)
    answer.attributes = {"email": ["owner@acme.test"], **said.get("attributes", {})}
    return test_saml.come_back(client, provider, state, signed(idp, answer))


def signed(idp: SamlIdp, answer: Answer) -> Any:
    document = answer.document()
    return idp.sign(document, document)


def state(client: TenantClient) -> tuple[str | None, bool]:
    """What the session still needs, and whether it was proved of late."""
    found = client.get("/api/v1/session").json()
    return found["needs"], found["step_up"]["until"] is not None


def change(acme: OrgInfo, provider: str, **settings: Any) -> None:
    with no_tenant(), tenant_context(acme.schema_name):
        services.change_provider(provider, settings=settings)


@pytest.mark.asvs("6.8.4")
@pytest.mark.parametrize(
    ("said", "enough"),
    [
        ({}, False),
        ({"amr": ["pwd"]}, False),
        ({"amr": ["otp"]}, False),
        ({"amr": [["mfa"], {"mfa": 1}]}, False),
        ({"acr": "1"}, False),
        ({"acr": ["https://refeds.org/profile/mfa"]}, False),
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": REFEDS}, True),
    ],
)
def test_where_two_factors_are_asked_for_the_token_must_say_so(
    acme: OrgInfo, idp: Idp, provider: str, asking: None, said: dict[str, Any], enough: bool
) -> None:
    client, _ = by_oidc(acme, idp, provider, said)
    assert signed_in_as(client) == "owner@acme.test"
    assert state(client)[0] == (None if enough else "second-factor")
    answer = client.get("/api/v1/members")
    assert answer.status_code == (200 if enough else 403)
    if not enough:
        assert answer.json()["code"] == "second-factor-required"


@pytest.mark.asvs("6.8.4")
def test_userinfo_says_nothing_of_how_strong_a_sign_in_was(
    acme: OrgInfo, idp: Idp, provider: str, asking: None
) -> None:
    redirects = [f"http://acme.localhost/sso/{provider}/callback"]
    more = {"amr": ["mfa"], "acr": REFEDS, "auth_time": int(time.time())}
    idp.order(person=OWNER, withhold=["email"], userinfo=more, redirects=redirects)
    client = clients.anonymous(acme)
    sign_in(client, idp, provider)
    assert signed_in_as(client) == "owner@acme.test"
    assert state(client) == ("second-factor", False)


@pytest.mark.asvs("6.8.4")
def test_the_administrator_says_which_words_count_or_that_the_provider_always_asks_for_two(
    acme: OrgInfo, idp: Idp, provider: str, asking: None
) -> None:
    assert state(by_oidc(acme, idp, provider, {"acr": PHR})[0])[0] == "second-factor"
    change(acme, provider, factor_contexts=[PHR], factor_methods=["hwk"])
    assert state(by_oidc(acme, idp, provider, {"acr": PHR})[0])[0] is None
    assert state(by_oidc(acme, idp, provider, {"amr": ["hwk"]})[0])[0] is None
    assert state(by_oidc(acme, idp, provider, {"amr": ["mfa"]})[0])[0] == "second-factor"
    change(acme, provider, second_factor="always")
    assert state(by_oidc(acme, idp, provider, {})[0])[0] is None
    with no_tenant(), tenant_context(acme.schema_name):
        row = Provider.objects.get(id=provider)
        assert row.enabled, "how much a sign-in counts for needs no new test"
        # As stored by a release that knew nothing of all this: the least is assumed.
        old = {key: value for key, value in row.settings.items() if "factor" not in key}
        Provider.objects.filter(id=provider).update(settings=old)
    assert state(by_oidc(acme, idp, provider, {})[0])[0] == "second-factor"
    assert state(by_oidc(acme, idp, provider, {"amr": ["mfa"]})[0])[0] is None


@pytest.mark.asvs("6.8.4")
def test_a_factor_of_our_own_makes_up_for_it_in_that_session_alone(
    acme: OrgInfo, idp: Idp, provider: str, asking: None
) -> None:
    client, _ = by_oidc(acme, idp, provider, {"auth_time": int(time.time())})
    assert state(client) == ("second-factor", True)
    secret = add_app(client)
    assert state(client) == (None, True)
    other, _ = by_oidc(acme, idp, provider, {"auth_time": int(time.time())})
    assert state(other)[0] == "second-factor", "one that was not shown here does not count"
    assert (
        other.post("/_allauth/browser/v1/account/authenticators/recovery-codes", {}).json()["code"]
        == "step-up-needed"
    )
    time.sleep(30 - time.time() % 30)  # a code is good once
    assert other.post(REAUTHENTICATE, {"code": code_of(secret)}).status_code == 200
    assert state(other)[0] is None
    assert again(other, idp, provider, {"auth_time": int(time.time())}).status_code == 303
    assert state(other)[0] == "second-factor", "signing in once more forgets what was shown before"


@pytest.mark.asvs("6.8.4", "7.5.3")
@pytest.mark.parametrize(
    ("ago", "recent"),
    [(None, False), (1, True), (3600, False), (-3600, False), ("soon", False), (True, False)],
)
def test_a_sign_in_is_proof_only_when_the_provider_asked_of_late(
    acme: OrgInfo, idp: Idp, provider: str, ago: Any, recent: bool
) -> None:
    number = isinstance(ago, int) and not isinstance(ago, bool)
    said = {"auth_time": int(time.time()) - ago if number else ago}
    client, answer = by_oidc(acme, idp, provider, said)
    if isinstance(ago, str):
        assert problem_of(answer) == "sso-not-believed"
        return
    assert state(client)[1] is recent
    answer = client.post("/api/v1/tokens", {"name": "ci", "scopes": ["findings.read"], "days": 1})
    assert (answer.status_code == 403 and answer.json()["code"] == "step-up-needed") is not recent


@pytest.mark.asvs("6.8.4", "7.5.3")
def test_asked_anew_the_provider_has_to_say_that_it_was(acme: OrgInfo, idp: Idp, provider: str) -> None:
    client, _ = by_oidc(acme, idp, provider, {})
    assert "prompt" not in next(e["args"] for e in reversed(idp.seen()) if e["path"] == "/authorize")
    for said in ({}, {"auth_time": int(time.time()) - 300}):
        answer = again(client, idp, provider, said, fresh="1")
        assert problem_of(answer) == "sso-not-fresh"
        assert state(client)[1] is False
        assert signed_in_as(client) == "owner@acme.test", "the session from before goes on"
    sent = next(entry["args"] for entry in reversed(idp.seen()) if entry["path"] == "/authorize")
    assert (sent["prompt"], sent["max_age"]) == ("login", "0")
    assert problem_of(again(client, idp, provider, {"auth_time": int(time.time())}, fresh="1")) == ""
    assert state(client)[1] is True


@pytest.mark.asvs("6.8.4")
@pytest.mark.parametrize(
    ("said", "enough"),
    [
        ({}, False),
        ({"context": REFEDS}, True),
        ({"context": f" {REFEDS}x"}, False),
        ({"attributes": {METHODS: [f"{MICROSOFT}/multipleauthn"]}}, True),
        ({"attributes": {"amr": ["mfa"], "acr": [REFEDS]}}, False),
    ],
)
def test_where_two_factors_are_asked_for_the_assertion_must_say_so(
    acme: OrgInfo, saml: tuple[SamlIdp, str], asking: None, said: dict[str, Any], enough: bool
) -> None:
    client = clients.anonymous(acme)
    by_saml(client, saml, **said)
    assert signed_in_as(client) == "owner@acme.test"
    assert state(client)[0] == (None if enough else "second-factor")


@pytest.mark.asvs("6.8.4", "7.5.3")
@pytest.mark.parametrize(("when", "recent"), [(0, True), (-3600, False), (3600, False)])
def test_an_assertion_is_proof_only_of_when_the_provider_asked(
    acme: OrgInfo, saml: tuple[SamlIdp, str], when: int, recent: bool
) -> None:
    client = clients.anonymous(acme)
    by_saml(client, saml, asked=timedelta(seconds=when))
    assert state(client) == (None, recent)
    assert asked(began(client, saml[1]))[0].get("ForceAuthn") is None
    assert asked(began(client, saml[1], fresh="1"))[0].get("ForceAuthn") == "true"


def test_the_test_sign_in_shows_what_the_provider_says(acme: OrgInfo, idp: Idp, provider: str) -> None:
    client = clients.member(acme, "owner")
    again(client, idp, provider, {"amr": ["pwd", "mfa"], "acr": "2", "auth_time": int(time.time())}, test="1")
    tested = client.get(f"/api/v1/sso/providers/{provider}").json()["tested"]
    assert tested["ok"]
    assert tested["strength"]["two_factors"] is True
    assert tested["strength"]["methods"] == ["pwd", "mfa"]
    assert tested["strength"]["context"] == "2"
    assert tested["strength"]["at"]
