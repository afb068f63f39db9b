"""Signing in to Google Cloud without a key: what is trusted, what is refused and in which words, and who else is not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, PermissionMissing, SettingsError
from connectors.base.google.federation import ExchangeRefused, FederatedTokens
from connectors.base.google.trust import PROOF, condition, proof
from connectors.base.model import Completeness
from connectors.cloudarmor.access import Access
from connectors.cloudarmor.client import Project
from connectors.cloudarmor.config import Config
from connectors.cloudarmor.manifest import CloudArmorSettings
from connectors.cloudarmor.setup import texts
from connectors.egress import Egress, EgressPolicy
from connectors.egress.relay import RelayedRequest, RelayedResponse
from connectors.testkit.doubles.idp.signing import SigningKey
from connectors.testkit.running import Fault
from tests.connectors.cloudarmor.world import PROJECT, Cloud
from tests.connectors.issuer import OTHER, SUBJECT, Issuer, Named

POOL = "projects/123456789/locations/global/workloadIdentityPools/portcullis"
PROVIDER = f"{POOL}/providers/con-01k8x"
ACCOUNT = f"portcullis@{PROJECT}.iam.gserviceaccount.com"
MEMBER = f"principal://iam.googleapis.com/{POOL}/subject/{SUBJECT}"


class Trusting:
    """The customer's side: a provider and a binding, as they are set."""

    def __init__(self, cloud: Cloud, issuer: Issuer) -> None:
        self.cloud, self.issuer = cloud, issuer
        self.settings = CloudArmorSettings(
            project_id=PROJECT,
            sign_in="federation",
            workload_provider=f"//iam.googleapis.com/{PROVIDER}",
            federated_account=ACCOUNT,
            api_url=cloud.base,
        )
        self.trust()

    def trust(self, *members: str, **provider: Any) -> None:
        """Set the provider (by default as our texts make it) and who may take the account."""
        made = {"issuer": self.issuer.url, "condition": condition(SUBJECT)} | provider
        body = {"providers": {PROVIDER: made}, "members": {ACCOUNT: list(members or (MEMBER,))}}
        self.cloud.knob("POST", "federation", body)

    def sign_in(self, identity: Named | None = None, **changes: Any) -> str:
        """The service account's token, or the error on the way to it."""
        settings = self.settings.model_copy(update=changes)
        named = identity or Named(self.issuer)
        return Project(settings, self.cloud.egress, named).tokens.current()

    def check(self) -> dict[str, Permission]:
        """The access check's rows by action."""
        rows = Access(self.settings, self.cloud.egress, Named(self.issuer)).check()
        return {row.action: row for row in rows}


@pytest.fixture
def trusting(cloud: Cloud, issuer: Issuer) -> Iterator[Trusting]:
    keys = list(issuer.keys)
    yield Trusting(cloud, issuer)
    issuer.keys[:], issuer.down = keys, False


def test_a_project_is_read_without_any_key_of_it(trusting):
    snapshot = Config(trusting.settings, trusting.cloud.egress, Named(trusting.issuer)).read_config()
    assert [s.name for s in snapshot.sections if s.completeness is not Completeness.COMPLETE] == []


def test_a_token_serves_until_it_is_forgotten(trusting):
    identity = Named(trusting.issuer)
    tokens = Project(trusting.settings, trusting.cloud.egress, identity).tokens
    first = tokens.current()
    assert tokens.current() == first
    tokens.forget()
    assert tokens.current() != first
    assert len(identity.tokens) == 2


@pytest.mark.parametrize(
    ("identity", "why"),
    [
        ({"subject": OTHER}, "unauthorized_client"),
        ({"changes": {"aud": "api://AzureADTokenExchange"}}, "invalid_grant"),
        ({"changes": {"aud": f"https://iam.googleapis.com/{POOL}/providers/another"}}, "invalid_grant"),
        ({"changes": {"iss": "http://127.0.0.1:1"}}, "invalid_grant"),
        ({"changes": {"iat": 1_000_000_000, "nbf": 1_000_000_000, "exp": 1_000_000_600}}, "invalid_grant"),
        ({"how": "stranger"}, "invalid_grant"),
        ({"how": "unpublished"}, "invalid_grant"),
        ({"how": "none"}, "invalid_grant"),
        ({"how": "secret"}, "invalid_grant"),
        ({"how": "cut"}, "invalid_grant"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_token_that_is_not_exactly_this_connections_is_refused(trusting, identity, why):
    named = Named(trusting.issuer, **identity)
    with pytest.raises(ExchangeRefused) as refused:
        trusting.sign_in(named)
    assert refused.value.reason == why
    assert refused.value.action
    assert named.tokens[0] not in str(vars(refused.value))


@pytest.mark.parametrize(
    ("provider", "members", "error", "words"),
    [
        ({"disabled": True}, (), ExchangeRefused, "knows no such workload identity provider"),
        ({"condition": condition(OTHER)}, (), ExchangeRefused, "attribute condition"),
        ({"issuer": "https://another.example"}, (), ExchangeRefused, "did not believe our token"),
        ({"audiences": ["https://another.example"]}, (), ExchangeRefused, "did not believe our token"),
        ({}, (MEMBER.replace(SUBJECT, OTHER),), PermissionMissing, "does not let this connection take it"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_wrong_at_google_is_told_with_what_mends_it(trusting, provider, members, error, words):
    trusting.trust(*members, **provider)
    with pytest.raises(error, match=words) as told:
        trusting.sign_in()
    assert told.value.action
    assert told.value.unchanged


def test_an_issuer_that_google_cannot_reach_is_the_operators_to_mend(trusting):
    trusting.issuer.down = True
    with pytest.raises(ExchangeRefused, match="connecting to the given credential's issuer") as told:
        trusting.sign_in()
    assert "operator" in told.value.action


def test_an_account_that_does_not_exist_is_told_like_one_that_may_not_be_taken(trusting):
    with pytest.raises(PermissionMissing, match="getAccessToken"):
        trusting.sign_in(federated_account=f"nobody@{PROJECT}.iam.gserviceaccount.com")


def test_tools_outside_of_a_workspace_say_that_they_cannot_sign(trusting):
    with pytest.raises(SettingsError, match="only in a running Portcullis"):
        Config(trusting.settings, trusting.cloud.egress).read_config()


def test_a_replaced_key_serves_as_long_as_it_is_published_and_no_longer(trusting):
    old = trusting.issuer.keys[0]
    trusting.sign_in()
    trusting.issuer.keys[:] = [SigningKey("second"), old]
    assert trusting.sign_in()  # the double did not know the new key and looked it up
    replaced = Named(Issuer(trusting.issuer.url, [old]))
    assert trusting.sign_in(replaced)
    trusting.issuer.keys.remove(old)
    trusting.trust()
    with pytest.raises(ExchangeRefused, match="key"):
        trusting.sign_in(replaced)


@pytest.mark.asvs("8.4.1")
def test_the_access_check_proves_that_another_workspace_is_refused(trusting):
    rows = trusting.check()
    assert rows[PROOF].grant is Grant.GRANTED
    assert {row.grant for row in rows.values()} == {Grant.GRANTED}


@pytest.mark.parametrize(
    ("wide", "members", "words"),
    [
        ("", (MEMBER,), "Only the service account's own policy"),
        ("", (f"principalSet://iam.googleapis.com/{POOL}/*",), "lets each of them read"),
        ("assertion.sub.startsWith('workspace:')", (MEMBER,), "admits every workspace"),
        (f"assertion.sub in ['{SUBJECT}', '{OTHER}']", (MEMBER,), "admits every workspace"),
    ],
    ids=["no condition", "no condition, whole pool", "any subject of ours", "another subject"],
)
@pytest.mark.asvs("8.4.1")
def test_a_trust_that_admits_another_workspace_is_denied_with_the_reason(trusting, wide, members, words):
    trusting.trust(*members, condition=wide)
    row = trusting.check()[PROOF]
    assert row.grant is Grant.DENIED
    assert words in row.detail
    assert "condition" in row.fix


def test_a_proof_that_could_not_be_made_is_unknown_and_not_a_yes(trusting):
    settings, egress = trusting.settings, trusting.cloud.egress
    identity = Named(trusting.issuer)

    class Faltering(Named):
        """Its tokens of strangers are not signed."""

        def stranger_token(self, audience: str) -> str:
            """Something Google cannot read."""
            return "no.token.atall"

    rows = Access(settings, egress, Faltering(identity.at)).check()
    assert rows[0].action == PROOF
    assert rows[0].grant is Grant.UNKNOWN


def test_a_key_has_nothing_to_prove(cloud):
    assert PROOF not in {row.action for row in Access(cloud.settings(), cloud.egress).check()}


@pytest.mark.parametrize("how", ["bash", "terraform"])
def test_the_texts_trust_exactly_this_connection(how):
    context = {
        "connection_id": "con_01k8x",
        "federation_issuer": "https://portcullis.example",
        "federation_subject": SUBJECT,
    }
    made = [
        text for text in texts({"project_id": PROJECT}, context) if text.title.startswith("Sign in without")
    ]
    (text,) = [entry for entry in made if entry.language == how]
    assert condition(SUBJECT) in text.body
    assert f"/subject/{SUBJECT}" in text.body
    assert "https://portcullis.example" in text.body
    assert "con-01k8x" in text.body
    assert "principalSet" not in text.body
    if how == "bash":
        subprocess.run(["bash", "-n"], input=text.body.encode(), check=True)


def test_a_connection_with_federation_needs_provider_and_account_and_no_key():
    given = {"project_id": PROJECT, "sign_in": "federation"}
    assert not CloudArmorSettings.model_validate(given).can_sign_in
    whole = given | {"workload_provider": PROVIDER, "federated_account": ACCOUNT}
    assert CloudArmorSettings.model_validate(whole).can_sign_in
    assert not CloudArmorSettings.model_validate(whole | {"sign_in": "key"}).can_sign_in
    kept = CloudArmorSettings.model_validate(whole | {"service_account_key": json.dumps({"type": "x"})})
    assert kept.federated, "a key that was stored before is not used"


@pytest.mark.parametrize(
    "wrong", [PROVIDER.replace("123456789", PROJECT), POOL, f"{PROVIDER}/../x", "https://evil.example/x"]
)
def test_a_provider_that_is_no_full_name_is_not_taken(wrong):
    with pytest.raises(ValueError, match="workload_provider"):
        CloudArmorSettings(workload_provider=wrong)


def test_every_error_of_signing_in_is_one_of_our_tree(trusting):
    for fault in (500, 429, 200):
        trusting.cloud.double.behave()
        trusting.cloud.double.order(Fault(fault, "POST token", body="<html>"))
        with pytest.raises(ConnectorError):
            trusting.sign_in()


@pytest.mark.asvs("8.4.1")
@pytest.mark.parametrize("use", ["sign in", "prove"])
def test_no_token_goes_to_an_address_that_a_member_chose(trusting, use):
    """Whoever answers there could use the token at the real Google."""
    named, port = Named(trusting.issuer), trusting.cloud.double.ports[0]
    elsewhere = trusting.settings.model_copy(update={"api_url": f"http://localhost:{port}"})
    tokens = Project(elsewhere, trusting.cloud.egress, named).tokens
    assert isinstance(tokens, FederatedTokens)
    with pytest.raises(SettingsError, match="vendor's own addresses") as refused:
        tokens.current() if use == "sign in" else tokens.stranger()
    assert named.tokens == [], "nothing was signed"
    assert f"http://localhost:{port}" in refused.value.what
    assert "PORTCULLIS_EGRESS_ALLOW" in refused.value.action


def test_without_an_address_of_their_own_tokens_go_to_google(trusting):
    asked: list[str] = []

    def relay(request: RelayedRequest) -> RelayedResponse:
        asked.append(request.url)
        return RelayedResponse(400, (), b'{"error": "invalid_target"}')

    egress = Egress(EgressPolicy(), "google's own", relay=relay)
    own = trusting.settings.model_copy(update={"api_url": ""})
    with pytest.raises(ExchangeRefused):
        Project(own, egress, Named(trusting.issuer)).tokens.current()
    assert asked == ["https://sts.googleapis.com/v1/token"]


@pytest.mark.parametrize("fault", [500, 429, 200])
def test_a_wide_provider_whose_account_could_not_be_tried_is_not_told_as_protected(trusting, fault):
    trusting.trust(f"principalSet://iam.googleapis.com/{POOL}/*", condition="")
    egress, named = trusting.cloud.egress, Named(trusting.issuer)
    tokens = Project(trusting.settings, egress, named).tokens
    trusting.cloud.double.behave()
    trusting.cloud.double.order(Fault(fault, "POST *generateAccessToken", body="<html>"))
    try:
        (row,) = proof(tokens)
    finally:
        trusting.cloud.double.behave()
    assert row.grant is Grant.DENIED
    assert "could not be tested" in row.detail
    assert "Only the service account" not in row.detail
