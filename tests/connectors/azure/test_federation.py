"""Signing in to Entra without a secret: what is trusted, what is refused and in which words, and who else is not."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors.azure.access import PROOF, Access
from connectors.azure.client import Arm
from connectors.azure.config import Config
from connectors.azure.entra import SignIn, SignInRefused, audience
from connectors.azure.manifest import AzureSettings
from connectors.azure.setup import texts
from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import SettingsError
from connectors.base.model import Completeness
from connectors.egress import Egress, EgressPolicy
from connectors.egress.relay import RelayedRequest, RelayedResponse
from connectors.testkit.doubles.azure.estate import ADMIN, CLIENT
from connectors.testkit.doubles.idp.signing import SigningKey
from tests.connectors.azure.conftest import Azure
from tests.connectors.issuer import OTHER, SUBJECT, Issuer, Named

AUDIENCE = "api://AzureADTokenExchange"


class Trusting:
    """The customer's side: the application's federated credentials."""

    def __init__(self, azure: Azure, issuer: Issuer) -> None:
        self.azure, self.issuer = azure, issuer
        self.settings = azure.settings_with(sign_in="federation", client_secret=None)
        self.trust(subject=SUBJECT)

    def trust(self, **credential: Any) -> None:
        """Set the application's one credential; tokens that were given out are forgotten."""
        made = {"issuer": self.issuer.url, "audiences": [AUDIENCE]} | credential
        self.azure.ask("POST", "/_double/federation", {CLIENT: [made]})
        self.azure.ask("POST", "/_double/tokens", {"lifetime": 3599})

    def sign_in(self, identity: Named | None = None) -> str:
        """A token made anew, or the error on the way to it."""
        named = identity or Named(self.issuer)
        signing = SignIn(self.settings, self.azure.egress, self.settings.management_url, named)
        signing.forget()
        return signing.token()

    def check(self) -> dict[str, Permission]:
        """The access check's rows by action."""
        SignIn(self.settings, self.azure.egress, self.settings.management_url, Named(self.issuer)).forget()
        SignIn(self.settings, self.azure.egress, self.settings.logs_url, Named(self.issuer)).forget()
        return {
            row.action: row for row in Access(self.settings, self.azure.egress, Named(self.issuer)).check()
        }


class Entra:
    """Answers as Entra through a relay: a token to this connection, a refusal to whoever is another, all else empty."""

    def __init__(self, refusal: str, *, believes: bool) -> None:
        self.refusal, self.believes = refusal, believes
        self.urls: list[str] = []

    def __call__(self, request: RelayedRequest) -> RelayedResponse:
        """One exchange."""
        self.urls.append(request.url)
        if "/oauth2/" not in request.url:
            return RelayedResponse(200, (), b'{"value": [], "tables": []}')
        form = parse_qs(request.content.decode())
        claims = form["client_assertion"][0].split(".")[1]
        subject = json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"]
        if self.believes and subject == SUBJECT:
            return RelayedResponse(200, (), b'{"access_token": "made", "expires_in": 0}')
        said = {"error": "invalid_client", "error_description": self.refusal}
        return RelayedResponse(401, (), json.dumps(said).encode())


@pytest.fixture
def trusting(azure: Azure, issuer: Issuer) -> Iterator[Trusting]:
    keys = list(issuer.keys)
    yield Trusting(azure, issuer)
    issuer.keys[:], issuer.down = keys, False
    azure.ask("POST", "/_double/federation", {CLIENT: []})
    azure.ask("POST", "/_double/tokens", {"lifetime": 3599})
    azure.forget()


def test_subscriptions_are_read_without_any_secret_of_theirs(trusting):
    trusting.sign_in()
    snapshot = Config(trusting.settings, trusting.azure.egress, Named(trusting.issuer)).read_config()
    assert [s.name for s in snapshot.sections if s.completeness is not Completeness.COMPLETE] == []


@pytest.mark.parametrize(
    ("identity", "why"),
    [
        ({"subject": OTHER}, "AADSTS700213"),
        ({"subject": SUBJECT.upper()}, "AADSTS700213"),
        ({"changes": {"aud": "https://iam.googleapis.com/projects/1"}}, "AADSTS700212"),
        ({"changes": {"iat": 1_000_000_000, "nbf": 1_000_000_000, "exp": 1_000_000_600}}, "AADSTS700024"),
        ({"how": "unpublished"}, "AADSTS7000272"),
        ({"how": "stranger"}, "AADSTS50013"),
        ({"how": "none"}, "AADSTS50013"),
        ({"how": "secret"}, "AADSTS50013"),
        ({"how": "cut"}, "AADSTS50013"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_token_that_is_not_exactly_this_connections_is_refused(trusting, identity, why):
    named = Named(trusting.issuer, **identity)
    with pytest.raises(SignInRefused, match=why) as refused:
        trusting.sign_in(named)
    assert "federated credential" in refused.value.action
    assert named.tokens[0] not in str(vars(refused.value))


def test_another_issuer_and_one_that_cannot_be_reached_are_told_apart(trusting):
    trusting.trust(issuer="https://another.example", subject=SUBJECT)
    with pytest.raises(SignInRefused, match="AADSTS700211"):
        trusting.sign_in()
    trusting.trust(subject=SUBJECT)
    trusting.issuer.down = True
    with pytest.raises(SignInRefused, match="AADSTS50166"):
        trusting.sign_in()


@pytest.mark.asvs("8.4.1")
def test_a_connection_is_never_given_the_token_of_another_that_names_the_same_application(trusting):
    trusting.sign_in()
    other = SignIn(
        trusting.settings,
        trusting.azure.egress,
        trusting.settings.management_url,
        Named(trusting.issuer, OTHER),
    )
    with pytest.raises(SignInRefused, match="AADSTS700213"):
        other.token()


def test_a_stored_secret_is_not_sent_once_federation_is_chosen(trusting):
    trusting.azure.ask("POST", "/_double/federation", {CLIENT: []})
    trusting.settings = trusting.azure.settings_with(sign_in="federation")
    with pytest.raises(SignInRefused, match="AADSTS700211"):
        trusting.sign_in()


def test_tools_outside_of_a_workspace_say_that_they_cannot_sign(trusting):
    with pytest.raises(SettingsError, match="only in a running Portcullis"):
        Arm(trusting.settings, trusting.azure.egress).get(
            f"/subscriptions/{ADMIN}/providers/Microsoft.Cdn/profiles"
        )


def test_a_replaced_key_serves_as_long_as_it_is_published_and_no_longer(trusting):
    old = trusting.issuer.keys[0]
    trusting.sign_in()
    trusting.issuer.keys[:] = [SigningKey("second"), old]
    assert trusting.sign_in()  # the double did not know the new key and looked it up
    replaced = Named(Issuer(trusting.issuer.url, [old]))
    assert trusting.sign_in(replaced)
    trusting.issuer.keys.remove(old)
    trusting.trust(subject=SUBJECT)
    with pytest.raises(SignInRefused, match="AADSTS7000272"):
        trusting.sign_in(replaced)


@pytest.mark.asvs("8.4.1")
def test_the_access_check_proves_that_another_workspace_is_refused(trusting):
    rows = trusting.check()
    assert rows[PROOF].grant is Grant.GRANTED
    assert {row.grant for row in rows.values()} == {Grant.GRANTED}


@pytest.mark.asvs("8.4.1")
def test_a_trust_that_admits_another_workspace_is_denied_with_the_reason(trusting):
    trusting.trust(matches="workspace:*")
    row = trusting.check()[PROOF]
    assert row.grant is Grant.DENIED
    assert "every workspace" in row.detail
    assert "subject" in row.fix


def test_a_proof_that_could_not_be_made_is_unknown_and_not_a_yes(trusting):
    class Faltering(Named):
        """Its tokens of strangers are not signed."""

        def stranger_token(self, audience: str) -> str:
            """Something Entra cannot read."""
            return "no.token.atall"

    row = Access(trusting.settings, trusting.azure.egress, Faltering(trusting.issuer)).check()[0]
    assert (row.action, row.grant) == (PROOF, Grant.UNKNOWN)


def test_a_secret_has_nothing_to_prove(azure):
    assert PROOF not in {row.action for row in Access(azure.settings, azure.egress).check()}


@pytest.mark.parametrize(
    ("login", "wanted"),
    [
        ("https://login.microsoftonline.com", AUDIENCE),
        ("https://login.microsoftonline.us", f"{AUDIENCE}USGov"),
        ("https://login.partner.microsoftonline.cn", f"{AUDIENCE}China"),
        ("", AUDIENCE),
    ],
)
def test_tokens_are_for_the_cloud_that_is_signed_in_to(login, wanted):
    assert audience(login) == wanted
    context = {"federation_issuer": "https://portcullis.example", "federation_subject": SUBJECT}
    made = [text for text in texts({"login_url": login}, context) if text.title.startswith("Sign in without")]
    assert len(made) == 2
    for text in made:
        assert f'"{wanted}"' in text.body
        assert SUBJECT in text.body


def test_the_command_trusts_exactly_this_connection():
    context = {
        "connection_id": "con_01k8x",
        "federation_issuer": "https://portcullis.example",
        "federation_subject": SUBJECT,
    }
    (text,) = [t for t in texts({}, context) if t.title == "Sign in without a secret: Azure CLI"]
    subprocess.run(["bash", "-n"], input=text.body.encode(), check=True)
    document = json.loads(text.body.partition("'EOF'\n")[2].partition("\nEOF")[0])
    assert document == {
        "name": "con-01k8x",
        "issuer": "https://portcullis.example",
        "subject": SUBJECT,
        "audiences": [AUDIENCE],
    }


def test_a_connection_with_federation_needs_everything_but_the_secret(trusting):
    given = trusting.settings.model_dump(include={"tenant_id", "client_id", "subscriptions"})
    assert AzureSettings(**given, sign_in="federation").connected
    with pytest.raises(ValueError, match="client secret"):
        AzureSettings(**given)
    with pytest.raises(ValueError, match="tenant id, client id and subscriptions"):
        AzureSettings(**given | {"client_id": ""}, sign_in="federation")


@pytest.mark.asvs("8.4.1")
@pytest.mark.parametrize("use", ["sign in", "prove"])
def test_no_token_goes_to_an_address_that_a_member_chose(trusting, use):
    """Whoever answers there could use the token at the real Entra."""
    named, port = Named(trusting.issuer), trusting.azure.double.ports[0]
    elsewhere = trusting.settings.model_copy(update={"login_url": f"http://localhost:{port}"})
    signing = SignIn(elsewhere, trusting.azure.egress, elsewhere.management_url, named)
    with pytest.raises(SettingsError, match="vendor's own addresses") as refused:
        signing.token() if use == "sign in" else signing.as_stranger()
    assert named.tokens == [], "nothing was signed"
    assert "PORTCULLIS_EGRESS_ALLOW" in refused.value.action


@pytest.mark.parametrize(
    ("login", "sent"),
    [
        ("https://login.microsoftonline.com", True),
        ("https://login.microsoftonline.us/", True),
        ("https://login.partner.microsoftonline.cn", True),
        ("https://login.microsoftonline.com.example", False),
        ("https://login.microsoftonline.com:8443", False),
        ("http://login.microsoftonline.com", False),
    ],
)
def test_tokens_go_to_the_clouds_of_entra_alone(trusting, login, sent):
    entra = Entra("AADSTS700211: No matching record.", believes=False)
    settings = trusting.azure.settings_with(sign_in="federation", client_secret=None, login_url=login)
    egress = Egress(EgressPolicy(require_tls=False), login, relay=entra)
    with pytest.raises(SettingsError, match="AADSTS700211" if sent else "vendor's own addresses"):
        SignIn(settings, egress, settings.management_url, Named(trusting.issuer)).token()
    assert len(entra.urls) == sent


@pytest.mark.parametrize(
    ("code", "grant"),
    [
        ("AADSTS700213", Grant.GRANTED),
        ("AADSTS70021", Grant.UNKNOWN),
        ("AADSTS700211", Grant.UNKNOWN),
    ],
)
def test_only_a_refusal_of_the_subject_proves_that_the_trust_is_narrow(trusting, code, grant):
    """AADSTS70021 says that nothing matches: an issuer or audience that is wrong sounds the same."""
    settings = trusting.azure.settings_with(sign_in="federation", client_secret=None)
    settings = settings.model_copy(update={"login_url": "https://login.microsoftonline.com"})
    egress = Egress(EgressPolicy(), code, relay=Entra(f"{code}: No matching record.", believes=True))
    rows = Access(settings, egress, Named(trusting.issuer)).check()
    assert {row.action: row.grant for row in rows}[PROOF] is grant
