"""Sign-in: one answer for every wrong combination, guessing is slowed, sessions end when they should."""

import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core import signing

from tenants.accounts.queries import find_user
from tenants.accounts.services import (
    HANDOFF_SALT,
    MAX_PER_ACCOUNT,
    create_user,
    end_sessions,
    issue_handoff,
    spend_handoff,
    verify_password,
)
from tenants.errors import Invalid, Refused, TooMany, Unauthenticated
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import anonymous, member
from tests.database import PASSWORD


def test_the_right_password_signs_in_without_regard_to_case_of_the_address(tenant: OrgInfo) -> None:
    assert verify_password("OWNER@acme.test", PASSWORD, "203.0.113.1").email == "owner@acme.test"


@pytest.mark.parametrize(
    ("email", "password"), [("owner@acme.test", "wrong"), ("nobody@acme.test", PASSWORD), ("", "")]
)
def test_every_wrong_combination_gets_the_same_answer(tenant: OrgInfo, email: str, password: str) -> None:
    with pytest.raises(Refused, match=r"The email address or the password is wrong\."):
        verify_password(email, password, "203.0.113.1")


def test_a_password_of_one_tenant_is_none_in_another(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(globex.schema_name), pytest.raises(Refused):
        verify_password("owner@acme.test", PASSWORD, "203.0.113.1")


def test_guessing_one_account_is_stopped_even_with_the_right_password(tenant: OrgInfo) -> None:
    for number in range(MAX_PER_ACCOUNT):
        with pytest.raises(Refused):
            verify_password("owner@acme.test", "wrong", f"203.0.113.{number}")
    with pytest.raises(TooMany):
        verify_password("owner@acme.test", PASSWORD, "203.0.113.99")
    assert verify_password("viewer@acme.test", PASSWORD, "203.0.113.99")


@pytest.mark.parametrize("password", ["short", "password1234", "gavin.belson@hooli"])
def test_weak_passwords_are_refused(tenant: OrgInfo, password: str) -> None:
    with pytest.raises(Invalid, match="Nothing was changed") as caught:
        create_user("gavin.belson@hooli.test", password=password)
    assert caught.value.fields["password"]


def test_a_handoff_works_once_in_its_tenant_for_a_minute(
    acme: OrgInfo, globex: OrgInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(acme.schema_name):
        user = find_user("owner@acme.test")
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
        later = time.time() + 61
        with monkeypatch.context() as clock:
            clock.setattr(time, "time", lambda: later)
            with pytest.raises(Refused):
                spend_handoff(late)


def test_signing_in_and_out_over_rest(acme: OrgInfo) -> None:
    client = anonymous(acme)
    assert client.get("/api/v1/session").status_code == 401
    wrong = client.post("/api/v1/session", {"email": "owner@acme.test", "password": "x"})
    assert (wrong.status_code, wrong["Content-Type"]) == (403, "application/problem+json")
    answer = client.post("/api/v1/session", {"email": "owner@acme.test", "password": PASSWORD})
    assert answer.status_code == 201
    cookie = answer.cookies["portcullis_session"]
    assert (cookie["domain"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")
    assert client.get("/api/v1/session").json()["role"] == "owner"
    assert client.delete("/api/v1/session").status_code == 204
    client.cookies["portcullis_session"] = cookie.value
    assert client.get("/api/v1/session").status_code == 401


def test_writes_of_a_session_need_the_csrf_token(acme: OrgInfo) -> None:
    client = member(acme, "owner")
    client.handler.enforce_csrf_checks = True
    described = client.get("/api/v1/session").json()
    refused = client.patch("/api/v1/tenant", {"name": "x"})
    assert refused.status_code == 403
    accepted = client.patch("/api/v1/session", {"theme": "dark"}, HTTP_X_CSRFTOKEN=described["csrf_token"])
    assert accepted.json()["user"]["theme"] == "dark"


def test_ended_sessions_are_out_at_once(acme: OrgInfo) -> None:
    client = member(acme, "viewer")
    with tenant_context(acme.schema_name):
        user = find_user("viewer@acme.test")
        assert user is not None
        assert end_sessions(user.id) == 1
    assert client.get("/api/v1/session").status_code == 401


def test_a_password_alone_does_not_open_an_account_with_a_second_factor(tenant: OrgInfo) -> None:
    user = find_user("owner@acme.test")
    assert user is not None
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    with pytest.raises(Unauthenticated) as caught:
        verify_password("owner@acme.test", PASSWORD, "203.0.113.1")
    assert caught.value.code == "second-factor-needed"
