"""SCIM tokens: `pcs_<prefix>_<secret><checksum>`, good for provisioning their own tenant and for nothing else.

At most two are valid at once, so that one can replace the other without a gap. The secret is shown once; what is stored
is a hash keyed by the tenant's own key, so that a row copied to another tenant opens nothing there.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from tenants.audit.services import record
from tenants.errors import Conflict, Invalid, NotFound
from tenants.ids import ALPHABET
from tenants.isolation.context import require_tenant
from tenants.scim.models import Token
from tenants.scim.types import Caller, NewToken
from tenants.tokens.services import checksum
from tenants.vault.services import keyed_hash

MARK: Final = "pcs"
PREFIX_LENGTH: Final = 10
CHECKSUM_LENGTH: Final = 6
MOST_VALID: Final = 2
LONGEST: Final = timedelta(days=366)
OVERLAP: Final = timedelta(hours=24)
USED_EVERY: Final = timedelta(minutes=1)
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('scim.tokens'), hashtext(%s))"


@transaction.atomic
def create_token(name: str, expires_at: datetime, created_by: str | None) -> NewToken:
    """Make a token; raises Invalid, and Conflict when two are valid already."""
    _one_at_a_time()
    now = timezone.now()
    if not name.strip():
        raise Invalid("no-name", "No token was made.", fields={"name": ["May not be empty."]})
    if not now < expires_at <= now + LONGEST:
        fields = {"expires_at": ["Must be in the future, within a year."]}
        raise Invalid("bad-expiry", "No token was made.", fields=fields)
    return _made(name.strip()[:80], expires_at, created_by)


@transaction.atomic
def rotate_token(token_id: str, created_by: str | None) -> NewToken:
    """Make the successor of a token, which itself ends within 24 hours; raises NotFound and Conflict."""
    _one_at_a_time()
    row, now = _locked(token_id), timezone.now()
    if row.revoked_at is not None or row.expires_at <= now:
        raise Conflict("token-ended", "This token has ended; no token was made. Make a new one.")
    lasts = row.expires_at - row.created_at
    made = _made(row.name, now + min(lasts, LONGEST), created_by, replaces=row.id)
    Token.objects.filter(id=row.id).update(expires_at=min(row.expires_at, now + OVERLAP))
    return made


@transaction.atomic
def revoke_token(token_id: str) -> None:
    """End a token at once; ending it twice changes nothing."""
    row = _locked(token_id)
    if row.revoked_at is None:
        Token.objects.filter(id=row.id).update(revoked_at=timezone.now())
        record("scim.token.revoke", row.id, before={"name": row.name}, after={"revoked": True})


def authenticate(text: str) -> Caller | None:
    """Return whose token this is in the entered tenant; None when it is wrong, expired, revoked or foreign."""
    parts = text.split("_")
    if len(parts) != 3 or parts[0] != MARK or len(parts[1]) != PREFIX_LENGTH or "\0" in text:
        return None
    secret, check = parts[2][:-CHECKSUM_LENGTH], parts[2][-CHECKSUM_LENGTH:]
    if not hmac.compare_digest(_bytes(check), checksum(parts[1] + secret).encode()):
        return None
    row = Token.objects.filter(prefix=parts[1], revoked_at=None).first()
    now = timezone.now()
    if row is None or row.expires_at <= now or not hmac.compare_digest(row.secret_hash, _hash(secret)):
        return None
    if row.last_used_at is None or now - row.last_used_at > USED_EVERY:
        Token.objects.filter(id=row.id).update(last_used_at=now)
    return Caller(row.id, row.name)


def _made(name: str, expires_at: datetime, created_by: str | None, replaces: str = "") -> NewToken:
    if Token.objects.filter(revoked_at=None, expires_at__gt=timezone.now()).count() >= MOST_VALID:
        raise Conflict(
            "two-tokens",
            "Two SCIM tokens are valid already; no token was made. Revoke the one that is not used any more first.",
        )
    prefix = "".join(secrets.choice(ALPHABET) for _ in range(PREFIX_LENGTH))
    secret = secrets.token_urlsafe(32).replace("_", "-")
    row = Token.objects.create(
        name=name, prefix=prefix, secret_hash=_hash(secret), created_by_id=created_by, expires_at=expires_at
    )
    after = {"name": name, "expires_at": expires_at.isoformat()}
    record("scim.token.create", row.id, after=after | ({"replaces": replaces} if replaces else {}))
    return NewToken(row.id, f"{MARK}_{prefix}_{secret}{checksum(prefix + secret)}", expires_at)


def _locked(token_id: str) -> Token:
    row = Token.objects.select_for_update().filter(id=token_id).first()
    if row is None:
        raise NotFound("no-such-token", "There is no SCIM token with this id.")
    return row


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [require_tenant().schema_name])


def _hash(secret: str) -> str:
    return keyed_hash("scim-token", secret)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
