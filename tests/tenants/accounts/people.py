"""What people do in these tests: sign in, set up a factor, open their mail."""

import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail

from tenants.accounts.models import SessionRow
from tenants.isolation.context import no_tenant, tenant_context
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient, anonymous
from tests.database import PASSWORD

ALLAUTH = "/_allauth/browser/v1"
TOTP = f"{ALLAUTH}/account/authenticators/totp"
CODES = f"{ALLAUTH}/account/authenticators/recovery-codes"
PASSKEYS = f"{ALLAUTH}/account/authenticators/webauthn"
CODE = f"{ALLAUTH}/auth/2fa/authenticate"


def try_sign_in(org: OrgInfo, email: str, password: str = PASSWORD) -> tuple[TenantClient, Any]:
    """A browser and what it was answered."""
    client = anonymous(org)
    return client, client.post("/api/v1/session", {"email": email, "password": password})


def sign_in(org: OrgInfo, email: str, password: str = PASSWORD) -> TenantClient:
    """A browser that is signed in."""
    client, answer = try_sign_in(org, email, password)
    assert answer.status_code == 201, answer.content
    return client


def code_of(secret: str) -> str:
    """What an authenticator app shows now; never one that is about to change."""
    if time.time() % 30 > 27:
        time.sleep(30 - time.time() % 30)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def add_app(client: TenantClient) -> str:
    """Set up an authenticator app; returns its secret."""
    shown = client.get(TOTP)
    assert shown.status_code == 404
    secret: str = shown.json()["meta"]["secret"]
    answer = client.post(TOTP, {"code": code_of(secret)})
    assert answer.status_code == 200, answer.content
    return secret


def sign_in_with_code(org: OrgInfo, email: str, code: str, password: str = PASSWORD) -> TenantClient:
    """A browser that is signed in with password and code."""
    client, asked = try_sign_in(org, email, password)
    assert (asked.status_code, asked.json()["code"]) == (401, "second-factor-needed")
    answer = client.post(CODE, {"code": code})
    assert answer.status_code == 200, answer.content
    return client


def later(org: OrgInfo, client: TenantClient, seconds: float) -> None:
    """Let so much time pass since the person at this browser showed who they are."""
    with no_tenant(), tenant_context(org.schema_name):
        session = client.session
        session["proved_at"] = session["proved_at"] - seconds
        session.save()


def row_of(client: TenantClient) -> SessionRow:
    """The session's row; inside the tenant."""
    session = client.session
    session.load()
    return SessionRow.objects.get(id=session.row_id)  # type: ignore[attr-defined]


def mails(to: str) -> list[Any]:
    """The mails that were sent to an address."""
    return [sent for sent in mail.outbox if sent.to == [to]]


def link_in(sent: Any) -> str:
    """The secret behind `#` in a mail's link."""
    return str(sent.body).partition("#")[2].split()[0]
