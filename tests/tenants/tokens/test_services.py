"""API tokens: shown once, scoped, expiring, bound to their tenant and their maker."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.accounts.queries import find_user
from tenants.errors import Invalid, Refused
from tenants.isolation.context import tenant_context
from tenants.members.permissions import ALL
from tenants.members.queries import members
from tenants.members.services import change_role, remove_member
from tenants.orgs.types import OrgInfo
from tenants.tokens.models import ApiToken
from tenants.tokens.services import authenticate, checksum, create_token, revoke_token
from tenants.tokens.types import NewToken


def make(scopes: list[str] | None = None, maker: str | None = None, days: float = 1) -> NewToken:
    expiry = timezone.now() + timedelta(days=days)
    return create_token("ci", scopes or ["findings.read"], expiry, maker, ALL)


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
def test_a_token_must_expire_within_a_year(tenant: OrgInfo, days: float) -> None:
    with pytest.raises(Invalid) as caught:
        make(days=days)
    assert "expires_at" in caught.value.fields


def test_unknown_scopes_are_refused(tenant: OrgInfo) -> None:
    with pytest.raises(Invalid):
        make(["everything"])


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
