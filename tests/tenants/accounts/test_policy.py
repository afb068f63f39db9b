"""A workspace may require a second factor: who has none can do nothing but set one up."""

import pytest

from tenants.accounts.queries import find_user
from tenants.audit.queries import entries
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient, machine, member
from tests.tenants.accounts.people import ALLAUTH, add_app, code_of, later, sign_in, sign_in_with_code

POLICY = "/api/v1/sign-in-policy"


def require(org: OrgInfo, who: str) -> TenantClient:
    """The owner sets up a factor and requires one."""
    owner = sign_in(org, "owner@acme.test")
    add_app(owner)
    assert owner.patch(POLICY, {"second_factor": who}).status_code == 200
    return owner


def shut(client: TenantClient) -> bool:
    """Whether nothing but setting up a factor goes."""
    session = client.get("/api/v1/session").json()
    answers = [client.get("/api/v1/members"), client.get("/api/v1/tenant")]
    codes = {answer.json().get("code") for answer in answers}
    if codes == {"second-factor-required"}:
        assert (session["needs"], session["permissions"]) == ("second-factor", [])
        return True
    assert "second-factor-required" not in codes
    assert session["needs"] is None
    return False


@pytest.mark.asvs("6.3.3")
@pytest.mark.parametrize(
    ("who", "closed"),
    [
        ("nobody", set()),
        ("admins", {"admin"}),
        ("everyone", {"admin", "responder", "analyst", "viewer", "billing"}),
    ],
)
def test_who_lacks_a_required_factor_can_only_set_one_up(who: str, closed: set[str], acme: OrgInfo) -> None:
    owner = require(acme, who)
    assert not shut(owner)
    roles = ("admin", "responder", "analyst", "viewer", "billing")
    sessions = {role: sign_in(acme, f"{role}@acme.test") for role in roles}
    assert {role for role, client in sessions.items() if shut(client)} == closed


@pytest.mark.asvs("8.2.4", "8.3.2")
def test_a_session_of_before_the_rule_is_shut_at_the_next_request_and_opens_with_the_factor(
    acme: OrgInfo,
) -> None:
    viewer = sign_in(acme, "viewer@acme.test")
    assert not shut(viewer)
    require(acme, "everyone")
    assert shut(viewer)
    assert viewer.get("/api/v1/account/sessions").status_code == 200
    secret = add_app(viewer)
    assert not shut(viewer)
    assert not shut(sign_in_with_code(acme, "viewer@acme.test", code_of(secret)))


def test_tokens_are_not_people(acme: OrgInfo) -> None:
    require(acme, "everyone")
    assert machine(acme, ["findings.read"]).get("/api/v1/findings").status_code == 200


def test_nobody_shuts_themselves_out_by_the_rule(acme: OrgInfo) -> None:
    owner = sign_in(acme, "owner@acme.test")
    answer = owner.patch(POLICY, {"second_factor": "everyone"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no-factor-of-your-own")
    assert owner.get(POLICY).json() == {"second_factor": "nobody"}


def test_the_rule_needs_rights_and_step_up_and_is_recorded_once(acme: OrgInfo) -> None:
    owner = require(acme, "admins")
    assert owner.patch(POLICY, {"second_factor": "admins"}).status_code == 200
    later(acme, owner, 601)
    answer = owner.patch(POLICY, {"second_factor": "nobody"})
    assert (answer.status_code, answer.json()["code"]) == (403, "step-up-needed")
    code = code_of(add_again(owner, acme))
    assert owner.post(f"{ALLAUTH}/auth/2fa/reauthenticate", {"code": code}).status_code == 200
    assert owner.patch(POLICY, {"second_factor": "nobody"}).status_code == 200
    assert member(acme, "viewer").patch(POLICY, {"second_factor": "nobody"}).status_code == 403
    with tenant_context(acme.schema_name):
        assert entries(action="sign-in.policy").count() == 2


def add_again(owner: TenantClient, org: OrgInfo) -> str:
    """The secret of the owner's app, as the app knows it."""
    from allauth.mfa.models import Authenticator

    from tenants.accounts.adapter import FactorAdapter
    from tenants.accounts.services import secrets_of

    with tenant_context(org.schema_name):
        user = find_user("owner@acme.test")
        assert user is not None
        with secrets_of(user.id):
            held = Authenticator.objects.get(user_id=user.id, type="totp")
            return str(FactorAdapter().decrypt(held.data["secret"]))
