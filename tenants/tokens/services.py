"""Make, check and revoke API tokens.

Format: `pcl_<10 characters prefix>_<43 characters secret><6 characters checksum>`. The checksum (CRC-32 in
base 32) lets scanners and the CLI tell a mistyped token without asking us. Only an HMAC of the secret,
keyed by the installation's key, is stored.
"""

import hashlib
import hmac
import ipaddress
import secrets
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants.audit.services import record
from tenants.client_address import address_within
from tenants.errors import Invalid, NotFound, Refused
from tenants.ids import ALPHABET
from tenants.members.permissions import ALL, PEOPLE_ONLY, TOKEN_SCOPES
from tenants.members.queries import permissions_of_user
from tenants.redaction import redacted_text
from tenants.tokens.models import ApiToken
from tenants.tokens.types import NewToken, TokenAuth

MARK = "pcl"
PREFIX_LENGTH = 10
CHECKSUM_LENGTH = 6
LONGEST = timedelta(days=366)
USED_EVERY = timedelta(minutes=1)
MOST_NETWORKS = 50


@transaction.atomic
def create_token(
    name: str,
    scopes: Iterable[str],
    expires_at: datetime,
    created_by: str | None,
    holder: frozenset[str],
    networks: Iterable[str] = (),
) -> NewToken:
    """Make a token with scopes within what its maker (`holder`) may do; expiry at most a year away.

    With `networks` (CIDR ranges) it is good from there only. Raises Invalid and Refused.
    """
    wanted, ranges = _scopes(scopes, holder), _networks(networks)
    now = timezone.now()
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
        networks=ranges,
        created_by_id=created_by,
        expires_at=expires_at,
    )
    shown = {"name": name, "scopes": wanted, "networks": ranges, "expires_at": expires_at.isoformat()}
    record("token.create", row.id, after=shown)
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


def authenticate(text: str, address: str = "", agent: str = "") -> TokenAuth | None:
    """Return what a token may do in the entered tenant, sent from `address`.

    None when it is wrong, expired, revoked, foreign or sent from outside its ranges: all alike, and a token nobody has
    takes the same steps as a wrong one.
    """
    parts = text.split("_")
    if len(parts) != 3 or parts[0] != MARK or len(parts[1]) != PREFIX_LENGTH:
        return None
    secret, check = parts[2][:-CHECKSUM_LENGTH], parts[2][-CHECKSUM_LENGTH:]
    if not hmac.compare_digest(check.encode(), checksum(parts[1] + secret).encode()):
        return None
    row = ApiToken.objects.filter(prefix=parts[1]).first()
    right = hmac.compare_digest(row.secret_hash if row else "0" * 64, _hash(secret))
    now = timezone.now()
    if row is None or not right or row.revoked_at is not None or row.expires_at <= now:
        return None
    if row.networks and not address_within(address, row.networks):
        return None
    _note_use(row, now, address, agent)
    permissions = frozenset(row.scopes) & TOKEN_SCOPES
    if row.created_by_id is not None:
        # A role that was cut cuts the tokens it made.
        permissions &= permissions_of_user(row.created_by_id)
    return TokenAuth(row.id, row.name, permissions)


def checksum(text: str) -> str:
    """Return CRC-32 of the text in six base-32 characters."""
    number = zlib.crc32(text.encode())
    return "".join(ALPHABET[(number >> 5 * place) & 31] for place in range(CHECKSUM_LENGTH))


def _scopes(scopes: Iterable[str], holder: frozenset[str]) -> list[str]:
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in ALL]
    if unknown or not wanted:
        raise Invalid("unknown-scope", "No token was made.", fields={"scopes": [f"Unknown: {unknown}"]})
    if PEOPLE_ONLY & set(wanted):
        kept = ", ".join(sorted(PEOPLE_ONLY & set(wanted)))
        problem = {"scopes": [f"Only people may do this, no token: {kept}."]}
        raise Invalid("scope-for-people", "No token was made.", fields=problem)
    if not set(wanted) <= holder:
        raise Refused("scope-beyond-maker", "A token cannot do more than its maker; no token was made.")
    return wanted


def _networks(networks: Iterable[str]) -> list[str]:
    """The ranges in their shortest form, each once."""
    found = []
    for text in networks:
        try:
            found.append(str(ipaddress.ip_network(text.strip(), strict=False)))
        except ValueError:
            problem = {"networks": [f"{text[:50]!r} is no address or CIDR range."]}
            raise Invalid("bad-network", "No token was made.", fields=problem) from None
    if len(found) > MOST_NETWORKS:
        raise Invalid(
            "too-many-networks", "No token was made.", fields={"networks": [f"At most {MOST_NETWORKS}."]}
        )
    return sorted(set(found))


def _note_use(row: ApiToken, now: datetime, address: str, agent: str) -> None:
    """Remember where a token was used last: at most once a minute, and at once when the place is new."""
    if row.last_used_at and now - row.last_used_at < USED_EVERY and row.last_used_address == address:
        return
    agent = redacted_text(agent.replace("\x00", ""))[:120]
    ApiToken.objects.filter(id=row.id).update(
        last_used_at=now, last_used_address=address, last_used_agent=agent
    )


def _hash(secret: str) -> str:
    key = hashlib.sha256(b"api-token:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()
