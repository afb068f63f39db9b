"""API tokens: shown once, scoped, expiring, bound to their tenant and their maker."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from tenants.accounts.queries import find_user
from tenants.errors import Invalid, Refused
from tenants.isolation.context import tenant_context
from tenants.members.permissions import ALL, PEOPLE_ONLY
from tenants.members.queries import members
from tenants.members.services import change_role, remove_member
from tenants.orgs.types import OrgInfo
from tenants.tokens.models import ApiToken
from tenants.tokens.services import authenticate, checksum, create_token, revoke_token
from tenants.tokens.types import NewToken
from tests.clients import anonymous


def make(
    scopes: list[str] | None = None,
    maker: str | None = None,
    days: float = 1,
    networks: tuple[str, ...] = (),
) -> NewToken:
    expiry = timezone.now() + timedelta(days=days)
    return create_token("ci", scopes or ["findings.read"], expiry, maker, ALL, networks)


def test_a_token_authenticates_with_its_scopes(tenant: OrgInfo) -> None:
    known = authenticate(make(["findings.read", "blocks.read"]).secret)
    assert known is not None
    assert known.permissions == {"findings.read", "blocks.read"}


def test_the_secret_is_not_stored(tenant: OrgInfo) -> None:
    token = make()
    row = ApiToken.objects.get(id=token.id)
    secret = token.secret.split("_")[2]
    assert all(secret[:20] not in str(value) for value in vars(row).values())


@pytest.mark.parametrize("at", [5, 12, 20, 40, 60])
def test_a_token_with_one_wrong_character_is_nobody(tenant: OrgInfo, at: int) -> None:
    secret = make().secret
    at = min(at, len(secret) - 1)
    wrong = secret[:at] + ("a" if secret[at] != "a" else "b") + secret[at + 1 :]
    assert authenticate(wrong) is None


@pytest.mark.parametrize(
    "text", ["", "pcl", "pcl__", "pcl_x_y", "ghp_0123456789_x", "pcl_" + "0" * 10 + "_\x00"]
)
def test_what_is_no_token_is_nobody(tenant: OrgInfo, text: str) -> None:
    assert authenticate(text) is None


def test_a_wrong_secret_with_a_right_checksum_is_nobody(tenant: OrgInfo) -> None:
    prefix = make().secret.split("_")[1]
    assert authenticate(f"pcl_{prefix}_{'x' * 43}{checksum(prefix + 'x' * 43)}") is None


def test_an_expired_token_is_nobody(tenant: OrgInfo) -> None:
    token = make()
    ApiToken.objects.filter(id=token.id).update(expires_at=timezone.now())
    assert authenticate(token.secret) is None


def test_a_revoked_token_is_nobody_at_once(tenant: OrgInfo) -> None:
    token = make()
    revoke_token(token.id)
    revoke_token(token.id)
    assert authenticate(token.secret) is None


@pytest.mark.asvs("8.4.1")
def test_a_token_is_nobody_in_another_tenant(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        token = make()
    with tenant_context(globex.schema_name):
        assert authenticate(token.secret) is None


def test_a_token_cannot_do_more_than_its_maker(tenant: OrgInfo) -> None:
    expiry = timezone.now() + timedelta(days=1)
    with pytest.raises(Refused, match="more than its maker"):
        create_token("ci", ["blocks.push"], expiry, None, frozenset({"blocks.read"}))


@pytest.mark.parametrize("days", [-1, 0, 400])
@pytest.mark.asvs("13.3.4")
def test_a_token_must_expire_within_a_year(tenant: OrgInfo, days: float) -> None:
    with pytest.raises(Invalid) as caught:
        make(days=days)
    assert "expires_at" in caught.value.fields


def test_unknown_scopes_are_refused(tenant: OrgInfo) -> None:
    with pytest.raises(Invalid):
        make(["everything"])


@pytest.mark.asvs("8.3.2", "8.3.3")
def test_a_token_follows_the_role_of_its_maker(tenant: OrgInfo) -> None:
    user = find_user("admin@acme.test")
    assert user is not None
    token = make(["blocks.push", "blocks.read"], maker=user.id)
    member = next(row for row in members() if row.email == user.email)
    change_role(member.id, "viewer", ALL)
    known = authenticate(token.secret)
    assert known is not None
    assert known.permissions == {"blocks.read"}
    remove_member(member.id, ALL)
    assert authenticate(token.secret) is None


@pytest.mark.asvs("8.2.3")
def test_the_token_is_shown_once_over_rest(acme: OrgInfo, owner_client: Callable[..., object]) -> None:
    client = owner_client(acme)
    expiry = (timezone.now() + timedelta(days=1)).isoformat()
    made = client.post("/api/v1/tokens", {"name": "ci", "scopes": ["members.read"], "expires_at": expiry})  # type: ignore[attr-defined]
    assert made.status_code == 201
    secret = made.json()["token"]
    listed = client.get("/api/v1/tokens")  # type: ignore[attr-defined]
    assert secret.split("_")[2] not in listed.content.decode()
    answer = client.get("/api/v1/members", HTTP_AUTHORIZATION=f"Bearer {secret}")  # type: ignore[attr-defined]
    assert answer.status_code == 200


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("scope", sorted(PEOPLE_ONLY))
def test_no_token_is_made_for_what_only_people_do_and_an_old_one_has_it_no_more(
    tenant: OrgInfo, scope: str
) -> None:
    with pytest.raises(Invalid) as caught:
        make(["findings.read", scope])
    assert scope in caught.value.fields["scopes"][0]
    token = make()
    ApiToken.objects.filter(id=token.id).update(scopes=["findings.read", scope])
    known = authenticate(token.secret)
    assert known is not None
    assert known.permissions == {"findings.read"}


@pytest.mark.parametrize(
    ("networks", "address", "good"),
    [
        ((), "203.0.113.9", True),
        (("203.0.113.0/24",), "203.0.113.9", True),
        (("203.0.113.0/24",), "203.0.114.9", False),
        (("198.51.100.7", "2001:db8::/32"), "198.51.100.7", True),
        (("198.51.100.7", "2001:db8::/32"), "2001:db8::5", True),
        (("198.51.100.7",), "::ffff:198.51.100.7", True),
        (("198.51.100.7",), "", False),
        (("198.51.100.7",), "nonsense", False),
    ],
)
@pytest.mark.asvs("8.2.4")
def test_a_token_with_networks_is_good_from_there_only(
    tenant: OrgInfo, networks: tuple[str, ...], address: str, good: bool
) -> None:
    assert (authenticate(make(networks=networks).secret, address) is not None) is good


@pytest.mark.parametrize("network", ["everywhere", "10.0.0.0/33", "10.0.0.1-9", ""])
def test_a_range_that_is_none_is_refused(tenant: OrgInfo, network: str) -> None:
    with pytest.raises(Invalid) as caught:
        make(networks=(network,))
    assert "networks" in caught.value.fields


def test_ranges_are_kept_in_their_shortest_form(tenant: OrgInfo) -> None:
    made = make(networks=("10.1.2.3/8", "10.0.0.0/8", "203.0.113.9"))
    assert ApiToken.objects.get(id=made.id).networks == ["10.0.0.0/8", "203.0.113.9/32"]


def test_elsewhere_the_answer_is_that_of_a_wrong_token(acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        token = make(networks=("203.0.113.0/24",))
    client = anonymous(acme)
    answers = []
    for secret, address in ((token.secret, "198.51.100.1"), ("pcl_wrong", "203.0.113.5")):
        answer = client.get("/api/v1/findings", HTTP_AUTHORIZATION=f"Bearer {secret}", REMOTE_ADDR=address)
        answers.append((answer.status_code, {**answer.json(), "request_id": ""}))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401
    inside = client.get(
        "/api/v1/findings", HTTP_AUTHORIZATION=f"Bearer {token.secret}", REMOTE_ADDR="203.0.113.5"
    )
    assert inside.status_code == 200


def test_a_secret_in_the_name_of_a_tokens_client_is_not_kept(
    acme: OrgInfo, owner_client: Callable[..., object]
) -> None:
    client = owner_client(acme)
    expiry = (timezone.now() + timedelta(days=1)).isoformat()
    body = {"name": "ci", "scopes": ["members.read"], "expires_at": expiry}
    made = client.post("/api/v1/tokens", body).json()  # type: ignore[attr-defined]
    agent = "ci/1 (token=Zq8vR2mK7xLw4TnB9pYd)"
    anonymous(acme).get(
        "/api/v1/members", HTTP_AUTHORIZATION=f"Bearer {made['token']}", HTTP_USER_AGENT=agent
    )
    row = client.get("/api/v1/tokens").json()["data"][0]  # type: ignore[attr-defined]
    assert row["last_used_agent"].startswith("ci/1")
    assert "Zq8vR2mK7xLw4TnB9pYd" not in row["last_used_agent"]


def test_the_list_says_who_made_a_token_its_state_and_where_it_was_used_last(
    acme: OrgInfo, owner_client: Callable[..., object]
) -> None:
    client = owner_client(acme)
    expiry = (timezone.now() + timedelta(days=1)).isoformat()
    body = {"name": "ci", "scopes": ["members.read"], "expires_at": expiry, "networks": ["127.0.0.0/8"]}
    made = client.post("/api/v1/tokens", body).json()  # type: ignore[attr-defined]
    anonymous(acme).get(
        "/api/v1/members", HTTP_AUTHORIZATION=f"Bearer {made['token']}", HTTP_USER_AGENT="curl/8 " + "x" * 300
    )
    row = client.get("/api/v1/tokens").json()["data"][0]  # type: ignore[attr-defined]
    assert (row["state"], row["made_by"], row["networks"]) == ("active", "owner@acme.test", ["127.0.0.0/8"])
    assert (row["last_used_address"], len(row["last_used_agent"])) == ("127.0.0.1", 120)
    assert row["last_used_at"] is not None
    client.delete(f"/api/v1/tokens/{made['id']}")  # type: ignore[attr-defined]
    assert client.get("/api/v1/tokens").json()["data"][0]["state"] == "revoked"  # type: ignore[attr-defined]


@pytest.mark.asvs("13.3.1", "14.2.4")
def test_a_dump_of_the_database_without_the_environment_gives_no_usable_token(tenant: OrgInfo) -> None:
    token = make()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM tokens_apitoken t")
        dump = " ".join(row[0] for row in cursor.fetchall())
    prefix, rest = token.secret.split("_")[1:]
    secret = rest[:-6]
    assert prefix in dump
    assert secret not in dump
    stored = ApiToken.objects.get(id=token.id).secret_hash
    assert authenticate(f"pcl_{prefix}_{stored}{checksum(prefix + stored)}") is None
    # Whoever restores the dump beside a key of their own cannot use it, nor find a token that its hash would fit.
    with override_settings(SECRET_KEY="another installation's key"):
        assert authenticate(token.secret) is None
        assert hashlib.sha256(secret.encode()).hexdigest() != stored
    assert authenticate(token.secret) is not None


@pytest.mark.asvs("11.2.4")
def test_a_token_nobody_has_takes_the_same_steps_as_a_wrong_one(tenant: OrgInfo) -> None:
    prefix = make().secret.split("_")[1]
    statements = []
    for known in (prefix, "0" * 10):
        text = f"pcl_{known}_{'x' * 43}{checksum(known + 'x' * 43)}"
        with CaptureQueriesContext(connection) as seen:
            assert authenticate(text) is None
        statements.append(len(seen.captured_queries))
    assert statements[0] == statements[1]
