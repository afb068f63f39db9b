"""Make, check and revoke API tokens.

Format: `pcl_<10 characters prefix>_<43 characters secret><6 characters checksum>`. The checksum (CRC-32 in
base 32) lets scanners and the CLI tell a mistyped token without asking us. Only an HMAC of the secret,
keyed by the installation's key, is stored.
"""

import hashlib
import hmac
import secrets
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants.audit.services import record
from tenants.errors import Invalid, NotFound, Refused
from tenants.ids import ALPHABET
from tenants.members.permissions import ALL
from tenants.members.queries import permissions_of_user
from tenants.tokens.models import ApiToken
from tenants.tokens.types import NewToken, TokenAuth

MARK = "pcl"
PREFIX_LENGTH = 10
CHECKSUM_LENGTH = 6
LONGEST = timedelta(days=366)
USED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_token(
    name: str, scopes: Iterable[str], expires_at: datetime, created_by: str | None, holder: frozenset[str]
) -> NewToken:
    """Make a token with scopes within what its maker (`holder`) may do; expiry at most a year away."""
    wanted = sorted(set(scopes))
    now = timezone.now()
    unknown = [scope for scope in wanted if scope not in ALL]
    if unknown or not wanted:
        raise Invalid("unknown-scope", "No token was made.", fields={"scopes": [f"Unknown: {unknown}"]})
    if not set(wanted) <= holder:
        raise Refused("scope-beyond-maker", "A token cannot do more than its maker; no token was made.")
    if not now < expires_at <= now + LONGEST:
        raise Invalid(
            "bad-expiry",
            "No token was made.",
            fields={"expires_at": ["Must be in the future, within a year."]},
        )
    prefix = "".join(secrets.choice(ALPHABET) for _ in range(PREFIX_LENGTH))
    secret = secrets.token_urlsafe(32).replace("_", "-")
    row = ApiToken.objects.create(
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=wanted,
        created_by_id=created_by,
        expires_at=expires_at,
    )
    record(
        "token.create", row.id, after={"name": name, "scopes": wanted, "expires_at": expires_at.isoformat()}
    )
    return NewToken(row.id, f"{MARK}_{prefix}_{secret}{checksum(prefix + secret)}", expires_at)


@transaction.atomic
def revoke_token(token_id: str) -> None:
    """End a token at once; ending it twice changes nothing."""
    row = ApiToken.objects.select_for_update().filter(id=token_id).first()
    if row is None:
        raise NotFound("no-such-token", "There is no token with this id.")
    if row.revoked_at is None:
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        record("token.revoke", row.id, before={"name": row.name}, after={"revoked": True})


@transaction.atomic
def revoke_tokens_of(user_id: str) -> int:
    """End every token this user made, at once; return how many there were."""
    held = list(
        ApiToken.objects.filter(created_by_id=user_id, revoked_at__isnull=True).values_list("id", flat=True)
    )
    for token_id in held:
        revoke_token(token_id)
    return len(held)


def authenticate(text: str) -> TokenAuth | None:
    """Return what a token may do in the entered tenant; None when it is wrong, expired, revoked or foreign."""
    parts = text.split("_")
    if len(parts) != 3 or parts[0] != MARK or len(parts[1]) != PREFIX_LENGTH:
        return None
    secret, check = parts[2][:-CHECKSUM_LENGTH], parts[2][-CHECKSUM_LENGTH:]
    if not hmac.compare_digest(check.encode(), checksum(parts[1] + secret).encode()):
        return None
    row = ApiToken.objects.filter(prefix=parts[1], revoked_at__isnull=True).first()
    now = timezone.now()
    if row is None or row.expires_at <= now or not hmac.compare_digest(row.secret_hash, _hash(secret)):
        return None
    if row.last_used_at is None or now - row.last_used_at > USED_EVERY:
        ApiToken.objects.filter(id=row.id).update(last_used_at=now)
    permissions = frozenset(row.scopes)
    if row.created_by_id is not None:
        # A role that was cut cuts the tokens it made.
        permissions &= permissions_of_user(row.created_by_id)
    return TokenAuth(row.id, row.name, permissions)


def checksum(text: str) -> str:
    """Return CRC-32 of the text in six base-32 characters."""
    number = zlib.crc32(text.encode())
    return "".join(ALPHABET[(number >> 5 * place) & 31] for place in range(CHECKSUM_LENGTH))


def _hash(secret: str) -> str:
    key = hashlib.sha256(b"api-token:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()
