"""What an attacker tries beside the published lists: at the edges of the flows, between providers, with odd texts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connectors.testkit.doubles.idp.signing import SigningKey, encode
from tenants.accounts.models import Tries
from tenants.accounts.queries import find_user
from tenants.members.queries import members
from tenants.orgs.types import OrgInfo
from tenants.sso.models import Flow, Identity, Provider
from tenants.sso.oidc import tokens
from tenants.sso.services import flows
from tests import clients
from tests.tenants.sso.browser import CLIENT_ID, Idp, began, problem_of, replaced, sign_in, signed_in_as
from tests.tenants.sso.conftest import connect

Inside = Callable[[], Any]
NEXT = (
    "https://evil.test", "//evil.test", "///evil.test", "/\\evil.test", "\\\\evil.test", "\t//evil.test", " //evil.test",
    "/\r\nSet-Cookie: a=b", "/\n//evil.test", "javascript:alert(1)", "data:text/html,x", "/\0", "/" + "a" * 500,
    "http:evil.test",
    "/\u2028", "https:/evil.test", "//evil.test/%2f..",
)  # fmt: skip


@pytest.mark.asvs("3.7.2")
@pytest.mark.parametrize("place", NEXT)
def test_no_address_to_go_to_afterwards_leads_out_or_breaks_anything(
    place: str, acme: OrgInfo, idp: Idp, provider: str
) -> None:
    answer = sign_in(clients.anonymous(acme), idp, provider, next=place)
    assert (answer.status_code, answer["Location"]) == (303, "/")


def test_a_page_of_the_workspace_is_gone_to(acme: OrgInfo, idp: Idp, provider: str) -> None:
    place = "/findings?status=open&q=a%20b#top"
    assert sign_in(clients.anonymous(acme), idp, provider, next=place)["Location"] == place


@pytest.mark.parametrize("path", ["start", "callback", "finish", "metadata"])
@pytest.mark.parametrize("provider_id", ["%00", "idp_%00", "idp_nobody", "..%2f..", "%ff", "a" * 300])
def test_a_provider_nobody_has_is_not_found(path: str, provider_id: str, acme: OrgInfo) -> None:
    client = clients.anonymous(acme)
    assert client.get(f"/sso/{provider_id}/{path}?state=x&code=y").status_code in (303, 404)
    form = {"RelayState": "x", "SAMLResponse": "y"}
    assert client.post(f"/sso/{provider_id}/callback", form, format="multipart").status_code in (303, 404)


@pytest.mark.parametrize("name", ["state", "code", "iss", "error", "session_state"])
@pytest.mark.parametrize("value", ["\0", "\ud800", "x" * 5000, "' or 1=1", "<script>", "%00"])
def test_no_parameter_of_a_callback_breaks_it(
    name: str, value: str, acme: OrgInfo, idp: Idp, provider: str
) -> None:
    client = clients.anonymous(acme)
    back = replaced(
        idp.authorize(began(client, provider)), **{name: value.encode("utf-8", "replace").decode()}
    )
    answer = client.get(back)
    assert answer.status_code == 303
    assert "<script>" not in answer["Location"]
    assert (signed_in_as(client) != "") == (name == "session_state")


CLAIMS: dict[str, dict[str, Any]] = {
    "a name with what nothing can hold": {"name": "Ann\0"},
    "a group with what nothing can hold": {"groups": ["soc\0", {"a": 1}, None, 3]},
    "a name that is none": {"name": {"a": 1}},
    "groups that are none": {"groups": {"a": 1}},
    "a long name": {"name": "x" * 10_000},
    "many groups": {"groups": [f"group-{number}" for number in range(2000)]},
}


@pytest.mark.parametrize("what", CLAIMS)
@pytest.mark.parametrize("test", ["", "1"])
def test_odd_claims_break_nothing(
    what: str, test: str, acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    person = {"sub": "person-1", "email": "ann@acme.test", **CLAIMS[what]}
    idp.order(person=person, redirects=[f"http://acme.localhost/sso/{provider}/callback"])
    client = clients.member(acme, "owner") if test else clients.anonymous(acme)
    answer = sign_in(client, idp, provider, **({"test": test} if test else {}))
    assert answer.status_code == 303
    assert problem_of(answer) == ""


ADDRESSES = (
    "\u212aim@acme.test", "kim@ac\u017fme.test", "kim@acme.te\u017ft", "kim@acme\u3002test", "kim\0@acme.test",
    "kim@acme.test\n",
    "kim@acme.test\u200b", "kim@acme.test,x@evil.test", "kim@evil.test\\@acme.test", "<kim@acme.test>", "kim@acme.test.",
)  # fmt: skip


@pytest.mark.asvs("6.8.1")
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_only_looks_like_somebodys_is_nobodys(
    address: str, acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    with inside():
        before = len(members())
    idp.order(
        person={"sub": "s-1", "email": address}, redirects=[f"http://acme.localhost/sso/{provider}/callback"]
    )
    client = clients.anonymous(acme)
    assert problem_of(sign_in(client, idp, provider)) in ("sso-no-email", "sso-domain")
    assert signed_in_as(client) == ""
    with inside():
        assert len(members()) == before


@pytest.mark.asvs("6.8.1")
def test_a_second_provider_does_not_speak_for_who_signs_in_by_the_first(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    """Both are trusted, neither with the other's people: a contractor's directory may hold any address."""
    here = f"http://acme.localhost/sso/{provider}/callback"
    assert problem_of(sign_in(clients.anonymous(acme), idp, provider)) == ""
    second = connect(acme, idp, "other.test", redirects=(here,))
    idp.order(
        person={"sub": "another-subject", "email": "ann@acme.test"},
        redirects=[here, f"http://acme.localhost/sso/{second}/callback"],
    )
    client = clients.anonymous(acme)
    assert problem_of(sign_in(client, idp, second)) == "sso-no-account"
    assert signed_in_as(client) == ""
    with inside():
        Identity.objects.all().delete()
    assert problem_of(sign_in(clients.anonymous(acme), idp, second)) == ""


@pytest.mark.asvs("6.8.1")
def test_where_everybody_has_an_account_the_organisation_counts_not_the_address(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    owner = clients.member(acme, "owner")
    google = {
        "protocol": "oidc",
        "name": "Google",
        "settings": {"issuer": "https://accounts.google.com", "client_id": "x"},
    }
    refused = owner.post("/api/v1/sso/providers", google)
    assert (refused.status_code, "organisation" in str(refused.json()["errors"])) == (422, True)
    personal = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"
    google["settings"] = {"issuer": personal, "client_id": "x"}
    assert owner.post("/api/v1/sso/providers", google).status_code == 422
    with inside():
        row = Provider.objects.get(id=provider)
        Provider.objects.filter(id=provider).update(settings={**row.settings, "organisation": "acme.test"})
    redirects = [f"http://acme.localhost/sso/{provider}/callback"]
    ann = {"sub": "s-1", "email": "ann@acme.test", "email_verified": True}
    for hd in ({}, {"hd": "evil.test"}, {"hd": None}, {"hd": ["acme.test"]}):
        idp.order(person={**ann, **hd}, redirects=redirects)
        assert problem_of(sign_in(clients.anonymous(acme), idp, provider)) == "sso-not-believed"
    idp.order(person={**ann, "hd": "Acme.test"}, redirects=redirects)
    assert problem_of(sign_in(clients.anonymous(acme), idp, provider)) == ""


@pytest.mark.asvs("2.4.1")
def test_sign_ins_are_begun_so_often_from_one_address_and_nobody_elses_is_in_the_way(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    client = clients.anonymous(acme)
    back = idp.authorize(began(client, provider))
    with inside():
        Tries.objects.update(due=timezone.now() + timedelta(minutes=5))
    stopped = clients.anonymous(acme).get(f"/sso/{provider}/start")
    assert (stopped.status_code, int(stopped["Retry-After"]) > 0) == (429, True)
    elsewhere = clients.anonymous(acme)
    elsewhere.defaults["REMOTE_ADDR"] = "203.0.113.9"
    assert elsewhere.get(f"/sso/{provider}/start").status_code == 302
    assert problem_of(client.get(back)) == ""


def test_sign_ins_nobody_finishes_make_room_for_new_ones(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    now = timezone.now()
    with inside():
        Flow.objects.bulk_create(
            Flow(
                id=f"flood-{number}", provider_id=provider, purpose="sign-in", browser="", callback="", nonce="",
                created_at=now - timedelta(seconds=60),
            )
            for number in range(flows.MOST_FLOWS)
        )  # fmt: skip
    client = clients.anonymous(acme)
    assert problem_of(sign_in(client, idp, provider)) == ""
    with inside():
        assert Flow.objects.count() < flows.MOST_FLOWS


def token(key: SigningKey, header: dict[str, Any], payload: bytes) -> str:
    """A token with any header and any payload, honestly signed."""
    import orjson
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    text = f"{encode(orjson.dumps({'alg': 'RS256', 'kid': key.kid, **header}))}.{encode(payload)}"
    return f"{text}.{encode(key.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


NOW = 1_800_000_000
GOOD = f'"iss":"https://idp.test","aud":"{CLIENT_ID}","sub":"s-1","nonce":"n","iat":{NOW},"exp":{NOW + 300}'
BODIES = {
    "not valid before a while": f'{{{GOOD},"nbf":{NOW + 3600}}}',
    "no end in sight": f'{{{GOOD},"exp":NaN}}',
    "an end beyond counting": f'{{{GOOD},"exp":Infinity}}',
    "made at no time": f'{{{GOOD},"iat":NaN}}',
    "times that are texts": f'{{{GOOD},"iat":"{NOW}"}}',
    "a subject in control characters": f'{{{GOOD},"sub":"s\\u0000"}}',
    "a list": "[]",
    "nothing": "",
    "a wrong access token's hash": f'{{{GOOD},"at_hash":"AAAAAAAAAAAAAAAAAAAAAA"}}',
}


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey("key-1")


def believed(key: SigningKey, text: str) -> dict[str, Any]:
    expected = tokens.Expected("https://idp.test", CLIENT_ID, "n", "access", ["RS256", "none", "HS256"], NOW)
    return tokens.believe(text, [key.public_jwk()], expected)


def test_a_good_token_is_believed(key: SigningKey) -> None:
    assert believed(key, token(key, {}, f"{{{GOOD}}}".encode()))["sub"] == "s-1"
    assert believed(key, token(key, {"typ": "jwt"}, f"{{{GOOD}}}".encode()))["sub"] == "s-1"


@pytest.mark.asvs("9.2.1", "9.2.3", "10.5.4")
@pytest.mark.parametrize("what", BODIES)
def test_a_well_signed_token_is_not_believed_with(what: str, key: SigningKey) -> None:
    with pytest.raises(tokens.NotBelieved):
        believed(key, token(key, {}, BODIES[what].encode()))


HEADERS: dict[str, dict[str, Any]] = {
    "an access token's kind": {"typ": "at+jwt"},
    "a log-out token's kind": {"typ": "logout+jwt"},
    "an extension nobody understands": {"crit": ["x"], "x": 1},
    "a payload that is not encoded": {"b64": False, "crit": ["b64"]},
    "no algorithm": {"alg": "none"},
    "a shared secret": {"alg": "HS256"},
    "another algorithm of the same key": {"alg": "RS512"},
    "another key's id": {"kid": "key-2"},
    "a key id that is a path": {"kid": "../../etc/passwd"},
    "a kind that is none": {"typ": ["JWT"]},
}


@pytest.mark.asvs("9.1.1", "9.1.2", "9.1.3", "9.2.2")
@pytest.mark.parametrize("what", HEADERS)
def test_a_well_signed_token_is_not_believed_under(what: str, key: SigningKey) -> None:
    with pytest.raises(tokens.NotBelieved):
        believed(key, token(key, HEADERS[what], f"{{{GOOD}}}".encode()))


@pytest.mark.asvs("9.1.3")
@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_a_token_brings_along_is_not_looked_at(name: str, key: SigningKey) -> None:
    stranger = SigningKey("key-1")
    value = {"jwk": stranger.public_jwk(), "x5c": ["AAAA"]}.get(name, "https://evil.test/keys")
    with pytest.raises(tokens.NotBelieved):
        believed(key, token(stranger, {name: value}, f"{{{GOOD}}}".encode()))


def test_a_short_key_is_no_key(acme: OrgInfo, idp: Idp, provider: str, inside: Inside) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from tenants.sso.oidc.discovery import _strong

    for bits, good in ((1024, False), (2048, True)):
        weak = SigningKey("weak")
        weak.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        assert _strong(weak.public_jwk()) is good


def test_whoever_is_admitted_is_who_the_provider_named(
    acme: OrgInfo, idp: Idp, provider: str, inside: Inside
) -> None:
    """The whole way once more, so that the refusals above are not those of a door that never opens."""
    client = clients.anonymous(acme)
    assert problem_of(sign_in(client, idp, provider)) == ""
    assert signed_in_as(client) == "ann@acme.test"
    with inside():
        assert find_user("ann@acme.test") is not None
