"""Second factors: a password alone opens nothing, secrets are sealed, each change is told and recorded once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connection

from tenants.accounts.adapter import FactorAdapter
from tenants.accounts.models import SessionRow
from tenants.accounts.queries import find_user, user
from tenants.accounts.services import secrets_of
from tenants.accounts.services.limits import FACTOR, FACTOR_ADDRESS
from tenants.accounts.sessions import hashed
from tenants.audit.queries import entries
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tenants.vault.services import VaultError
from tests.clients import TenantClient, anonymous, machine, member
from tests.tenants.accounts.passkey import Passkey
from tests.tenants.accounts.people import (
    ALLAUTH,
    CODE,
    CODES,
    PASSKEYS,
    TOTP,
    add_app,
    code_of,
    later,
    mails,
    sign_in,
    sign_in_with_code,
    try_sign_in,
)

VIEWER = "viewer@acme.test"
ORIGIN = "http://acme.localhost"


def add_passkey(client: TenantClient, key: Passkey, name: str = "Laptop") -> Any:
    options = client.get(f"{PASSKEYS}?passwordless").json()["data"]["creation_options"]
    return client.post(PASSKEYS, {"name": name, "credential": key.register(options)})


def passkey_sign_in(client: TenantClient, key: Passkey, **more: Any) -> Any:
    options = client.get(f"{ALLAUTH}/auth/webauthn/login").json()["data"]["request_options"]
    return client.post(f"{ALLAUTH}/auth/webauthn/login", {"credential": key.sign(options, **more)})


def actions(org: OrgInfo) -> list[str]:
    with tenant_context(org.schema_name):
        rows = entries().exclude(action__in=["member.add", "tenant.create"]).order_by("sequence")
        return list(rows.values_list("action", flat=True))


@pytest.mark.asvs("6.3.3", "6.3.4")
def test_a_password_alone_does_not_open_an_account_with_a_second_factor(acme: OrgInfo) -> None:
    secret = add_app(sign_in(acme, VIEWER))
    client, answer = try_sign_in(acme, VIEWER)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (401, "second-factor-needed")
    assert body["factors"] == ["recovery_codes", "totp"]
    assert client.get("/api/v1/session").json()["code"] == "second-factor-needed"
    assert client.get("/api/v1/findings").status_code == 401
    wrong = client.post(CODE, {"code": "000000"})
    assert (wrong.status_code, wrong["Content-Type"]) == (400, "application/problem+json")
    assert (wrong.json()["code"], wrong.json()["errors"][0]["pointer"]) == ("incorrect-code", "/code")
    assert client.post(CODE, {"code": code_of(secret)}).status_code == 200
    session = client.get("/api/v1/session").json()
    assert (session["role"], session["by"]) == ("viewer", "password-and-factor")


@pytest.mark.asvs("6.5.1")
def test_a_code_of_an_app_works_once_in_any_process(acme: OrgInfo) -> None:
    secret = add_app(sign_in(acme, VIEWER))
    code = code_of(secret)
    sign_in_with_code(acme, VIEWER, code)
    client, _ = try_sign_in(acme, VIEWER)
    assert client.post(CODE, {"code": code}).status_code == 400
    with tenant_context(acme.schema_name), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_cacheentry WHERE key LIKE '%%totp.used%%'")
        assert cursor.fetchone() == (1,)


def test_without_the_password_no_code_is_taken(acme: OrgInfo) -> None:
    secret = add_app(sign_in(acme, VIEWER))
    answer = anonymous(acme).post(CODE, {"code": code_of(secret)})
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


def test_the_second_half_of_a_sign_in_is_nothing_in_another_tenant(acme: OrgInfo, globex: OrgInfo) -> None:
    secret = add_app(sign_in(acme, VIEWER))
    client, _ = try_sign_in(acme, VIEWER)
    stranger = anonymous(globex)
    stranger.cookies["portcullis_session"] = client.cookies["portcullis_session"].value
    assert stranger.post(CODE, {"code": code_of(secret)}).status_code == 401


@pytest.mark.asvs("6.3.1")
def test_guessing_codes_stops_for_the_account_and_is_seen(
    acme: OrgInfo, owner_client: Callable[[OrgInfo], TenantClient]
) -> None:
    secret = add_app(sign_in(acme, VIEWER))
    for _ in range(FACTOR.most):  # each from a fresh sign-in, as a guesser would
        client, _ = try_sign_in(acme, VIEWER)
        assert client.post(CODE, {"code": "000000"}).status_code == 400
    client, _ = try_sign_in(acme, VIEWER)
    answer = client.post(CODE, {"code": code_of(secret)})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-tries")
    assert int(answer["Retry-After"]) > 60
    rows = owner_client(acme).get("/api/v1/sign-ins?outcome=wrong-factor").json()["data"]
    assert [row["email"] for row in rows] == [VIEWER] * FACTOR.most


@pytest.mark.asvs("6.3.7", "6.5.1", "6.5.4")
def test_recovery_codes_are_shown_once_work_once_and_are_told(
    acme: OrgInfo, run_jobs: Callable[..., int]
) -> None:
    client = sign_in(acme, VIEWER)
    add_app(client)
    codes = client.get(CODES).json()["data"]["unused_codes"]
    assert (len(codes), {len(code) for code in codes}) == (10, {12})
    assert "unused_codes" not in client.get(CODES).json()["data"]
    sign_in_with_code(acme, VIEWER, codes[0])
    again, _ = try_sign_in(acme, VIEWER)
    assert again.post(CODE, {"code": codes[0]}).status_code == 400
    run_jobs()
    told = mails(VIEWER)
    assert "A recovery code was used" in told[-1].subject
    assert "Acme" in told[-1].subject
    assert "9 are left" in told[-1].body
    assert "If it was not you" in told[-1].body
    assert not any(code in sent.body for code in codes for sent in told)


@pytest.mark.asvs("6.3.7", "6.5.6")
def test_each_change_of_factors_is_one_entry_and_one_mail(
    acme: OrgInfo, run_jobs: Callable[..., int]
) -> None:
    client = sign_in(acme, VIEWER)
    before = len(actions(acme))
    add_app(client)
    assert add_passkey(client, Passkey(ORIGIN)).status_code == 200
    key = next(
        row
        for row in client.get(f"{ALLAUTH}/account/authenticators").json()["data"]
        if row["type"] == "webauthn"
    )
    assert client.put(PASSKEYS, {"id": key["id"], "name": "Blue key"}).status_code == 200
    assert client.post(CODES).status_code == 200
    assert client.delete(TOTP).status_code == 200
    assert client.delete(TOTP).status_code == 200  # nothing is there to remove: nothing is recorded
    assert client.delete(PASSKEYS, {"authenticators": [key["id"]]}).status_code == 200
    assert actions(acme)[before:] == [
        "factor.add",
        "factor.add",
        "factor.rename",
        "factor.codes",
        "factor.remove",
        "factor.remove",
    ]
    run_jobs()
    subjects = [sent.subject.split(" your ")[0].split(" for ")[0] for sent in mails(VIEWER)]
    assert subjects == [
        "A second factor was added to",
        "A second factor was added to",
        "New recovery codes",
        "A second factor was removed from",
        "A second factor was removed from",
    ]


@pytest.mark.asvs("11.3.3", "13.3.1", "6.5.2")
def test_secrets_at_rest_are_sealed_for_their_person(acme: OrgInfo) -> None:
    client = sign_in(acme, VIEWER)
    pending = client.get(TOTP).json()["meta"]["secret"]
    with tenant_context(acme.schema_name):
        row = SessionRow.objects.get(key_hash=hashed(client.cookies["portcullis_session"].value))
        assert pending not in row.data
    secret = add_app(client)
    codes = client.get(CODES).json()["data"]["unused_codes"]
    with tenant_context(acme.schema_name):
        viewer, owner = find_user(VIEWER), find_user("owner@acme.test")
        assert viewer is not None
        assert owner is not None
        rows = Authenticator.objects.filter(user_id=viewer.id)
        stored = json.dumps([row.data for row in rows])
        assert not any(text in stored for text in (secret, *codes))
        sealed = rows.get(type="totp").data["secret"]
        assert sealed.startswith("pv1.")
        with secrets_of(viewer.id):
            assert FactorAdapter().decrypt(sealed) == secret
        with secrets_of(owner.id), pytest.raises(VaultError):
            FactorAdapter().decrypt(sealed)


def test_a_secret_moved_to_another_persons_row_opens_nothing(acme: OrgInfo) -> None:
    secret = add_app(sign_in(acme, VIEWER))
    add_app(sign_in(acme, "owner@acme.test"))
    with tenant_context(acme.schema_name):
        viewer, owner = find_user(VIEWER), find_user("owner@acme.test")
        assert viewer is not None
        assert owner is not None
        taken = Authenticator.objects.get(user_id=viewer.id, type="totp").data
        Authenticator.objects.filter(user_id=owner.id, type="totp").update(data=taken)
    client, _ = try_sign_in(acme, "owner@acme.test")
    answer = client.post(CODE, {"code": code_of(secret)})
    assert answer.status_code >= 400
    assert client.get("/api/v1/session").status_code == 401


def test_an_office_behind_one_address_signs_in_without_end_and_guesses_from_it_stop(acme: OrgInfo) -> None:
    key = Passkey(ORIGIN)
    add_passkey(sign_in(acme, VIEWER), key)
    for _ in range(FACTOR_ADDRESS.most + 5):
        assert passkey_sign_in(anonymous(acme), key).status_code == 200
    false = Passkey(ORIGIN)
    false.id, false.user_handle = key.id, key.user_handle
    codes = [passkey_sign_in(anonymous(acme), false).status_code for _ in range(FACTOR_ADDRESS.most + 1)]
    assert codes == [400] * FACTOR_ADDRESS.most + [429]


@pytest.mark.asvs("6.3.3")
def test_a_passkey_signs_in_without_a_password(acme: OrgInfo) -> None:
    key = Passkey(ORIGIN)
    assert add_passkey(sign_in(acme, VIEWER), key).json()["data"]["is_passwordless"] is True
    client = anonymous(acme)
    assert passkey_sign_in(client, key).status_code == 200
    session = client.get("/api/v1/session").json()
    assert (session["user"]["email"], session["by"]) == (VIEWER, "passkey")


def test_a_passkey_is_a_second_factor_too(acme: OrgInfo) -> None:
    key = Passkey(ORIGIN)
    add_passkey(sign_in(acme, VIEWER), key)
    client, asked = try_sign_in(acme, VIEWER)
    assert asked.json()["factors"] == ["recovery_codes", "webauthn"]
    options = client.get(f"{ALLAUTH}/auth/webauthn/authenticate").json()["data"]["request_options"]
    answer = client.post(f"{ALLAUTH}/auth/webauthn/authenticate", {"credential": key.sign(options)})
    assert answer.status_code == 200
    assert client.get("/api/v1/session").json()["role"] == "viewer"


def forged_origin(client: TenantClient, key: Passkey) -> Any:
    key.origin = "http://acme.localhost.evil.example"
    return passkey_sign_in(client, key)


def other_relying_party(client: TenantClient, key: Passkey) -> Any:
    return passkey_sign_in(client, key, rp_id="globex.localhost")


def another_key(client: TenantClient, key: Passkey) -> Any:
    false = Passkey(ORIGIN)
    false.id, false.user_handle = key.id, key.user_handle
    return passkey_sign_in(client, false)


def without_the_person(client: TenantClient, key: Passkey) -> Any:
    key.verifies = False
    return passkey_sign_in(client, key)


def an_answer_twice(client: TenantClient, key: Passkey) -> Any:
    address = f"{ALLAUTH}/auth/webauthn/login"
    answer = key.sign(client.get(address).json()["data"]["request_options"])
    first = client.post(address, {"credential": answer})
    assert first.status_code == 200
    client.delete("/api/v1/session")
    return client.post(address, {"credential": answer})


@pytest.mark.asvs("6.7.2")
@pytest.mark.parametrize(
    "attack", [forged_origin, other_relying_party, another_key, without_the_person, an_answer_twice]
)
def test_false_answers_of_a_passkey_are_refused(
    attack: Callable[[TenantClient, Passkey], Any], acme: OrgInfo
) -> None:
    key = Passkey(ORIGIN)
    add_passkey(sign_in(acme, VIEWER), key)
    client = anonymous(acme)
    answer = attack(client, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "incorrect-code")
    assert client.get("/api/v1/session").status_code == 401


def test_a_challenge_of_ones_own_second_step_does_not_sign_somebody_else_in(acme: OrgInfo) -> None:
    """A stolen key without its PIN, and the challenge of the thief's own sign-in."""
    stolen, own = Passkey(ORIGIN), Passkey(ORIGIN)
    add_passkey(sign_in(acme, "owner@acme.test"), stolen)
    add_passkey(sign_in(acme, VIEWER), own)
    stolen.verifies = False
    thief, _ = try_sign_in(acme, VIEWER)
    options = thief.get(f"{ALLAUTH}/auth/webauthn/authenticate").json()["data"]["request_options"]
    answer = thief.post(f"{ALLAUTH}/auth/webauthn/login", {"credential": stolen.sign(options)})
    assert answer.status_code == 400
    assert thief.get("/api/v1/session").status_code == 401


@pytest.mark.asvs("8.4.1")
def test_a_passkey_of_one_tenant_is_none_in_another(acme: OrgInfo, globex: OrgInfo) -> None:
    key = Passkey(ORIGIN)
    add_passkey(sign_in(acme, VIEWER), key)
    key.origin = "http://globex.localhost"
    answer = passkey_sign_in(anonymous(globex), key)
    assert (answer.status_code, answer.json()["code"]) == (400, "incorrect-code")


def test_who_was_suspended_does_not_come_in_by_a_passkey(acme: OrgInfo) -> None:
    key = Passkey(ORIGIN)
    add_passkey(sign_in(acme, VIEWER), key)
    with tenant_context(acme.schema_name):
        viewer = find_user(VIEWER)
        assert viewer is not None
        viewer.is_active = False
        viewer.save()
        assert user(viewer.id) is None
    client = anonymous(acme)
    assert passkey_sign_in(client, key).status_code == 401
    assert client.get("/api/v1/session").status_code == 401


@pytest.mark.asvs("7.5.1")
def test_factors_change_only_after_step_up(acme: OrgInfo) -> None:
    client = sign_in(acme, VIEWER)
    add_app(client)
    later(acme, client, 601)
    for method, address, body in (
        ("post", TOTP, {"code": "000000"}),
        ("delete", TOTP, {}),
        ("get", f"{PASSKEYS}?passwordless", None),
        ("post", CODES, {}),
        ("get", CODES, None),
    ):
        answer = getattr(client, method)(address, body)
        if method == "post" and address == TOTP:
            assert answer.status_code >= 400
            continue
        assert (answer.status_code, answer.json()["code"]) == (403, "step-up-needed"), address
    with tenant_context(acme.schema_name):
        assert Authenticator.objects.filter(type="totp").count() == 1


def test_tokens_have_nothing_to_do_with_factors(acme: OrgInfo) -> None:
    client = machine(acme, ["members.read"])
    for address in (TOTP, CODES, PASSKEYS, f"{ALLAUTH}/account/authenticators"):
        assert client.get(address).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "auth/login",
        "auth/signup",
        "auth/password/request",
        "auth/password/reset",
        "auth/session",
        "auth/reauthenticate",
        "auth/code/confirm",
        "account/password/change",
        "account/email",
        "account/phone",
        "config",
    ],
)
@pytest.mark.asvs("6.3.4")
def test_the_other_doors_of_the_library_are_shut(path: str, acme: OrgInfo) -> None:
    client = member(acme, "owner")
    for method in (client.get, client.post, client.delete):
        assert method(f"{ALLAUTH}/{path}").status_code == 404


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "\x00"])
def test_what_cannot_be_read_is_a_problem(body: str, acme: OrgInfo) -> None:
    answer = anonymous(acme).generic(
        "POST", f"{ALLAUTH}/auth/webauthn/login", body, content_type="application/json"
    )
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert mail.outbox == []
