"""Settings of provisioning over REST: tokens made, replaced and ended; how it stands; what was asked for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tenants.accounts.models import Tries
from tenants.audit.models import Entry
from tenants.isolation.context import no_tenant, tenant_context
from tenants.members.queries import members
from tenants.orgs.types import OrgInfo
from tenants.scim import services
from tenants.scim.jobs import prune_events
from tenants.scim.models import Event, Token
from tenants.sso import services as sso
from tenants.sso.models import GroupClaim
from tests import clients
from tests.clients import TenantClient
from tests.tenants.scim.provider import ScimProvider, person, replace

Inside = Callable[[], Any]
SCIM, TOKENS = "/api/v1/sso/scim", "/api/v1/sso/scim/tokens"


def asked(days: int = 90, **more: Any) -> dict[str, Any]:
    return {"name": "Okta", "expires_at": (timezone.now() + timedelta(days=days)).isoformat(), **more}


def using(org: OrgInfo, token: str) -> int:
    """The status a token gets."""
    return int(ScimProvider(TenantClient(org.slug), token).get("/Users").status_code)


def test_an_owner_makes_a_token_sees_it_once_and_ends_it(acme: OrgInfo, inside: Inside) -> None:
    owner = clients.member(acme, "owner")
    assert owner.get(SCIM).json()["active"] is False
    made = owner.post(TOKENS, asked())
    assert made.status_code == 201
    token = made.json()["token"]
    assert token.startswith("pcs_")
    assert using(acme, token) == 200
    listed = owner.get(TOKENS).json()["data"]
    assert [row["name"] for row in listed] == ["Okta"]
    assert listed[0]["last_used_at"] is not None
    assert token not in owner.get(TOKENS).content.decode()
    stands = owner.get(SCIM).json()
    assert (stands["active"], stands["tokens"], stands["base_url"]) == (
        True,
        1,
        "http://acme.localhost/scim/v2",
    )
    assert owner.delete(f"{TOKENS}/{made.json()['id']}").status_code == 204
    assert using(acme, token) == 401
    with inside():
        entries = list(Entry.objects.filter(action__startswith="scim.").order_by("sequence"))
        stored = Token.objects.get()
    assert [entry.action for entry in entries] == ["scim.token.create", "scim.token.revoke"]
    secret = token.split("_")[2]
    assert secret[:20] not in str([(entry.before, entry.after) for entry in entries])
    assert secret not in stored.secret_hash
    assert stored.prefix == token.split("_")[1]


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("role", ["admin", "responder", "analyst", "viewer", "billing"])
def test_nobody_but_an_owner_manages_provisioning(role: str, acme: OrgInfo) -> None:
    client = clients.member(acme, role)
    for method, path in (
        ("get", SCIM),
        ("delete", SCIM),
        ("get", TOKENS),
        ("get", f"{SCIM}/events"),
        ("get", f"{SCIM}/groups"),
    ):
        assert getattr(client, method)(path).status_code == 403
    assert client.post(TOKENS, asked()).status_code == 403
    assert client.delete(f"{TOKENS}/sct_x").status_code == 403
    assert client.post(f"{TOKENS}/sct_x/rotate").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        asked(-1),
        asked(400),
        {"name": " ", **{k: v for k, v in asked().items() if k != "name"}},
        {"name": "x"},
    ],
)
def test_a_token_without_a_name_or_a_sensible_end_is_not_made(body: dict[str, Any], acme: OrgInfo) -> None:
    owner = clients.member(acme, "owner")
    assert owner.post(TOKENS, body).status_code in (400, 422)
    assert owner.get(TOKENS).json()["data"] == []


def test_a_token_is_replaced_without_a_gap_and_never_are_three_valid(acme: OrgInfo, inside: Inside) -> None:
    owner = clients.member(acme, "owner")
    first = owner.post(TOKENS, asked()).json()
    second = owner.post(f"{TOKENS}/{first['id']}/rotate")
    assert second.status_code == 201
    assert (using(acme, first["token"]), using(acme, second.json()["token"])) == (200, 200)
    ends = {row["id"]: row["expires_at"] for row in owner.get(TOKENS).json()["data"]}
    assert ends[first["id"]] < (timezone.now() + timedelta(hours=25)).isoformat()
    assert ends[second.json()["id"]] > (timezone.now() + timedelta(days=80)).isoformat()
    for answer in (owner.post(TOKENS, asked()), owner.post(f"{TOKENS}/{second.json()['id']}/rotate")):
        assert (answer.status_code, answer.json()["code"]) == (409, "two-tokens")
    with inside():
        Token.objects.filter(id=first["id"]).update(expires_at=timezone.now())
    assert using(acme, first["token"]) == 401
    assert owner.post(f"{TOKENS}/{first['id']}/rotate").json()["code"] == "token-ended"
    assert owner.post(TOKENS, asked()).status_code == 201


@pytest.mark.asvs("8.2.2")
def test_a_scim_token_opens_nothing_but_scim(provider: ScimProvider, acme: OrgInfo) -> None:
    client = TenantClient(acme.slug)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {provider.token}")
    for path in ("session", "members", "tokens", "audit", "findings", "sso/scim", "sso/providers"):
        assert client.get(f"/api/v1/{path}").status_code == 401, path
    assert client.post("/api/v1/members", {"email": "x@acme.test", "role": "viewer"}).status_code == 401


def test_a_token_altered_anywhere_opens_nothing(provider: ScimProvider, acme: OrgInfo) -> None:
    token = provider.token
    assert using(acme, token) == 200
    for at in range(4, len(token), 7):
        other = "x" if token[at] != "x" else "y"
        assert using(acme, token[:at] + other + token[at + 1 :]) == 401
    for text in (
        "",
        "pcs__",
        token[:-1],
        f"{token}_",
        token.upper(),
        token.replace("pcs", "pcl"),
        "pcs_\0" + token[5:],
    ):
        assert using(acme, text) in (400, 401)


def test_a_row_copied_to_another_tenant_opens_nothing_there(
    provider: ScimProvider, acme: OrgInfo, globex: OrgInfo, inside: Inside
) -> None:
    with inside():
        row = Token.objects.values("name", "prefix", "secret_hash", "expires_at").get()
    with no_tenant(), tenant_context(globex.schema_name):
        Token.objects.create(**row)
    assert using(acme, provider.token) == 200
    assert using(globex, provider.token) == 401


@pytest.mark.asvs("2.4.1")
def test_a_token_is_slowed_down_before_it_floods_and_so_is_who_has_none(
    provider: ScimProvider, acme: OrgInfo, inside: Inside
) -> None:
    with inside():
        services.spend(services.BY_TOKEN, Token.objects.get().id)
        Tries.objects.update(due=timezone.now() + timedelta(minutes=5))
    answer = provider.get("/Users")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1
    assert answer.json()["status"] == "429"
    with inside():
        services.spend(services.REFUSED, "127.0.0.1")
        Tries.objects.update(due=timezone.now() + timedelta(minutes=5))
    stranger = ScimProvider(TenantClient(acme.slug), "pcs_wrong")
    assert stranger.get("/Users").status_code == 429
    with inside():
        Tries.objects.all().delete()
    assert provider.get("/Users").status_code == 200
    assert stranger.get("/Users").status_code == 401


def test_an_administrator_sees_what_was_asked_for_and_why_it_was_refused(
    provider: ScimProvider, acme: OrgInfo
) -> None:
    owner = clients.member(acme, "owner")
    user = provider.new_user("ann")
    provider.patch(f"/Users/{user['id']}", replace("active", False))
    provider.send("POST", "/Users", person("eve@evil.test"))
    provider.get("/Users")
    events = owner.get(f"{SCIM}/events").json()["data"]
    assert [(row["method"], row["resource"], row["label"], row["status"]) for row in events] == [
        ("POST", "User", "eve@evil.test", 400),
        ("PATCH", "User", "ann@acme.test", 200),
        ("POST", "User", "ann@acme.test", 201),
    ]  # fmt: skip
    assert "evil.test is not verified" in events[0]["detail"]
    assert {row["token"] for row in events} == {"Company directory"}
    stands = owner.get(SCIM).json()
    assert (stands["users"], stands["provisioned"], stands["suspended"], stands["groups"]) == (7, 1, 1, 0)
    assert stands["last_error_at"] > stands["last_change_at"]


def test_the_groups_are_listed_with_the_role_each_makes(provider: ScimProvider, acme: OrgInfo) -> None:
    owner = clients.member(acme, "owner")
    owner.patch("/api/v1/sso/policy", {"rules": [{"group": "soc", "role": "responder"}]})
    ann = provider.new_user("ann")
    provider.new_group("SOC", ann["id"])
    provider.new_group("Everyone")
    assert [(row["name"], row["members"], row["role"]) for row in owner.get(f"{SCIM}/groups").json()["data"]] == [
        ("Everyone", 0, None), ("SOC", 1, "responder"),
    ]  # fmt: skip


def test_stopping_ends_the_tokens_and_what_was_said_and_leaves_the_people(
    provider: ScimProvider, acme: OrgInfo, inside: Inside
) -> None:
    owner = clients.member(acme, "owner")
    with inside():
        sso.change_policy(rules=[("soc", "responder")])
    ann = provider.new_user("ann")
    provider.new_group("soc", ann["id"])
    assert owner.delete(SCIM).status_code == 204
    assert provider.get("/Users").status_code == 401
    with inside():
        assert not GroupClaim.objects.exists()
        assert [row.role for row in members() if row.email == "ann@acme.test"] == ["responder"]
        assert Entry.objects.order_by("-sequence")[0].action == "scim.stop"
    assert owner.get(SCIM).json() == owner.get(SCIM).json() | {
        "active": False, "tokens": 0, "groups": 0, "provisioned": 0,
    }  # fmt: skip


def test_events_are_kept_for_thirty_days(provider: ScimProvider, inside: Inside) -> None:
    provider.new_user("ann")
    provider.new_user("bob")
    with inside():
        Event.objects.filter(label="ann@acme.test").update(at=timezone.now() - timedelta(days=31))
        prune_events()
        assert [row.label for row in Event.objects.all()] == ["bob@acme.test"]
