"""Sign-in: one answer for every wrong combination, guessing is slowed and never locks the owner out."""

import time
from collections.abc import Callable

import pytest
from django.core import signing

from tenants.accounts.models import SignIn
from tenants.accounts.queries import find_user
from tenants.accounts.services import HANDOFF_SALT, issue_handoff, spend_handoff, verify_password
from tenants.accounts.services.limits import PASSWORD_ACCOUNT, PASSWORD_ADDRESS, PASSWORD_HERE
from tenants.errors import Refused, TooMany
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient, anonymous, member
from tests.database import PASSWORD
from tests.tenants.accounts.people import sign_in, try_sign_in

OWNER = "owner@acme.test"


def test_the_right_password_signs_in_without_regard_to_case_of_the_address(tenant: OrgInfo) -> None:
    assert verify_password("OWNER@acme.test", PASSWORD, "203.0.113.1").email == OWNER


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize(("email", "password"), [(OWNER, "wrong"), ("nobody@acme.test", PASSWORD), ("", "")])
def test_every_wrong_combination_gets_the_same_answer(tenant: OrgInfo, email: str, password: str) -> None:
    with pytest.raises(Refused, match=r"The email address or the password is wrong\."):
        verify_password(email, password, "203.0.113.1")


def test_a_password_of_one_tenant_is_none_in_another(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(globex.schema_name), pytest.raises(Refused):
        verify_password(OWNER, PASSWORD, "203.0.113.1")


def fail(times: int, email: str, address: Callable[[int], str]) -> None:
    for number in range(times):
        with pytest.raises(Refused):
            verify_password(email, "wrong", address(number))


@pytest.mark.asvs("6.3.1")
def test_guessing_one_account_from_one_address_stops_even_with_the_right_password(tenant: OrgInfo) -> None:
    fail(PASSWORD_HERE.most, OWNER, lambda _: "203.0.113.1")
    with pytest.raises(TooMany) as caught:
        verify_password(OWNER, PASSWORD, "203.0.113.1")
    step = PASSWORD_HERE.seconds / PASSWORD_HERE.most
    assert caught.value.retry_after == pytest.approx(step, abs=2)
    assert verify_password(OWNER, PASSWORD, "203.0.113.2")
    assert verify_password("viewer@acme.test", PASSWORD, "203.0.113.1")


@pytest.mark.asvs("6.3.1")
def test_spraying_many_accounts_from_one_address_stops(tenant: OrgInfo) -> None:
    for number in range(PASSWORD_ADDRESS.most):
        fail(1, f"nobody{number}@acme.test", lambda _: "203.0.113.1")
    with pytest.raises(TooMany):
        verify_password(OWNER, PASSWORD, "203.0.113.1")
    assert verify_password(OWNER, PASSWORD, "203.0.113.2")


@pytest.mark.asvs("6.1.1")
def test_an_attack_from_everywhere_locks_nobody_out_of_an_address_they_used_before(acme: OrgInfo) -> None:
    home = anonymous(acme)
    home.defaults["REMOTE_ADDR"] = "198.51.100.7"
    assert home.post("/api/v1/session", {"email": OWNER, "password": PASSWORD}).status_code == 201
    with tenant_context(acme.schema_name):
        fail(PASSWORD_ACCOUNT.most, OWNER, lambda number: f"203.0.113.{number}")
        with pytest.raises(TooMany):
            verify_password(OWNER, PASSWORD, "203.0.113.222")
        assert verify_password(OWNER, PASSWORD, "198.51.100.7")


def test_a_refused_try_over_rest_says_when_to_come_back(acme: OrgInfo) -> None:
    client = anonymous(acme)
    for _ in range(PASSWORD_HERE.most):
        assert client.post("/api/v1/session", {"email": OWNER, "password": "x"}).status_code == 403
    answer = client.post("/api/v1/session", {"email": OWNER, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-tries")
    assert int(answer["Retry-After"]) > 60
    assert "minute" in answer.json()["detail"]


@pytest.mark.asvs("9.2.1", "9.2.2", "9.2.4")
def test_a_handoff_works_once_in_its_tenant_for_a_minute(
    acme: OrgInfo, globex: OrgInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(acme.schema_name):
        user = find_user(OWNER)
        assert user is not None
        token, late = issue_handoff(user.id), issue_handoff(user.id)
    with tenant_context(globex.schema_name), pytest.raises(Refused):
        spend_handoff(token)
    with tenant_context(acme.schema_name):
        assert spend_handoff(token) == user
        with pytest.raises(Refused):
            spend_handoff(token)
        with pytest.raises(Refused):
            spend_handoff(signing.dumps({"user": user.id}, salt=f"{HANDOFF_SALT}.other"))
        after = time.time() + 61
        with monkeypatch.context() as clock:
            clock.setattr(time, "time", lambda: after)
            with pytest.raises(Refused):
                spend_handoff(late)


@pytest.mark.asvs("3.3.2", "3.3.4", "7.2.1", "7.2.2", "7.2.4", "7.4.1")
def test_signing_in_makes_a_new_key_and_signing_out_ends_it_on_the_server(acme: OrgInfo) -> None:
    client, wrong = try_sign_in(acme, OWNER, "x")
    assert (wrong.status_code, wrong["Content-Type"]) == (403, "application/problem+json")
    assert client.get("/api/v1/session").status_code == 401
    first = client.post("/api/v1/session", {"email": OWNER, "password": PASSWORD})
    assert first.status_code == 201
    cookie = first.cookies["portcullis_session"]
    first_key = cookie.value
    assert (cookie["domain"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")
    again = client.post("/api/v1/session", {"email": OWNER, "password": PASSWORD})
    assert again.cookies["portcullis_session"].value != first_key
    old = anonymous(acme)
    old.cookies["portcullis_session"] = first_key
    assert old.get("/api/v1/session").status_code == 401
    kept = client.cookies["portcullis_session"].value
    assert client.get("/api/v1/session").json()["role"] == "owner"
    assert client.delete("/api/v1/session").status_code == 204
    client.cookies["portcullis_session"] = kept
    assert client.get("/api/v1/session").status_code == 401


@pytest.mark.asvs("3.5.1")
def test_writes_of_a_session_need_the_csrf_token(acme: OrgInfo) -> None:
    client = member(acme, "owner")
    client.handler.enforce_csrf_checks = True
    described = client.get("/api/v1/session").json()
    refused = client.patch("/api/v1/tenant", {"name": "x"})
    assert refused.status_code == 403
    accepted = client.patch("/api/v1/session", {"theme": "dark"}, HTTP_X_CSRFTOKEN=described["csrf_token"])
    assert accepted.json()["user"]["theme"] == "dark"


@pytest.mark.asvs("16.3.1")
def test_administrators_see_who_signed_in_and_who_tried(
    acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]
) -> None:
    try_sign_in(acme, "viewer@acme.test", "guessed-wrong")
    sign_in(acme, "viewer@acme.test")
    listed = owner_client(acme).get("/api/v1/sign-ins").json()["data"]
    outcomes = [(row["email"], row["outcome"], row["by"]) for row in listed]
    assert outcomes[1:] == [
        ("viewer@acme.test", "signed-in", "password"),
        ("viewer@acme.test", "wrong-password", "password"),
    ]
    assert {row["address"] for row in listed[1:]} == {"127.0.0.1"}
    assert "guessed-wrong" not in str(listed)
    assert member(acme, "analyst").get("/api/v1/sign-ins").status_code == 403
    with tenant_context(acme.schema_name):
        assert not any("guessed-wrong" in str(vars(row)) for row in SignIn.objects.all())
