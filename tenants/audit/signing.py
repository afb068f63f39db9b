"""Sign how far the trail reaches, and read back what was signed.

The private key is a secret of the installation: outside the database, wrapped by the root key. Who owns the database
can rewrite every entry and every hash, but not what was signed.
"""

from datetime import datetime
from functools import lru_cache
from itertools import takewhile

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import transaction

from tenants.audit import heads as form
from tenants.audit.chain import GENESIS
from tenants.audit.heads import Head, Heads
from tenants.audit.models import Entry
from tenants.audit.stores import FileStore, mirror
from tenants.errors import Conflict
from tenants.isolation.context import require_tenant
from tenants.vault.services import installation_secret

log = structlog.get_logger(__name__)
SECRET = "audit-signing"  # noqa: S105 - the name of it


class TrailChanged(Conflict):
    """The trail is not what was signed before; nothing was signed."""

    def __init__(self, sentence: str) -> None:
        super().__init__(
            "audit-trail-changed", f"{sentence} Nothing was signed. Run `manage.py audit verify`."
        )


def public_key() -> Ed25519PublicKey:
    """Return the key that signatures are checked with."""
    return _private_key().public_key()


def public_keys() -> dict[str, Ed25519PublicKey]:
    """Return the known public keys by their names."""
    key = public_key()
    return {form.key_id(key): key}


def read_heads() -> Heads:
    """Return the entered tenant's signed heads, checked, and completed by those only the mirror still has."""
    tenant, keys, store = require_tenant().schema_name, public_keys(), FileStore()
    own = form.read(store.lines(), tenant, keys)
    copy = mirror()
    if own.fault or copy is None:
        return own
    mirrored = form.read(copy.lines(), tenant, keys)
    if mirrored.fault:
        return Heads(own.lines, own.heads, f"In the mirror: {mirrored.fault}")
    if mirrored.lines[: len(own.lines)] != own.lines[: len(mirrored.lines)]:
        return Heads(own.lines, own.heads, "The mirror holds other signed heads than the data folder.")
    if len(mirrored.lines) > len(own.lines):
        return Heads(mirrored.lines, mirrored.heads, "Signed heads are missing in the data folder.")
    return own


def sign_head(now: datetime) -> Head | None:
    """Sign the trail as it is committed now; None when it is signed already. Raises TrailChanged."""
    store = FileStore()
    with store.alone():
        # What is signed must not be rolled back afterwards.
        with transaction.atomic(durable=True):
            sequence, hash_ = newest()
            last = _last(store)
            if last is not None:
                _compare(last)
        if sequence == (last.sequence if last is not None else 0):
            _mirror_missing(store)
            return None
        return _append(store, last, form.HEAD, sequence, hash_, now)


def accept_restored(now: datetime, reason: str) -> Head:
    """Sign that the trail was put back to what it is now (a restored backup); stays visible in every verification."""
    store = FileStore()
    with store.alone():
        with transaction.atomic(durable=True):
            sequence, hash_ = newest()
        return _append(store, _last(store), form.RESTORED, sequence, hash_, now, reason)


def newest() -> tuple[int, str]:
    """Return sequence and hash of the newest entry; 0 and zeros without one."""
    row = Entry.objects.order_by("-sequence").values_list("sequence", "hash").first()
    return row or (0, GENESIS)


def _append(
    store: FileStore, last: Head | None, kind: str, sequence: int, hash_: str, now: datetime, reason: str = ""
) -> Head:
    before, key = store.last(), _private_key()
    head = Head(
        number=last.number + 1 if last is not None else 1,
        kind=kind,
        tenant=require_tenant().schema_name,
        sequence=sequence,
        hash=hash_,
        at=now.isoformat(timespec="microseconds"),
        previous=form.line_hash(before) if before else GENESIS,
        key=form.key_id(key.public_key()),
        reason=reason,
    )
    store.append(form.sign(head, key), f"{now:%Y-%m}", form.pem(key.public_key()))
    _mirror_missing(store)
    return head


def _last(store: FileStore) -> Head | None:
    line = store.last()
    if line is None:
        return None
    head = form.opened(line, public_keys())
    if head is None:
        raise TrailChanged("The last signed head is not signed by a known key.")
    return head


def _compare(last: Head) -> None:
    """The entry that was signed last must still be there: what happened since is signed on top of it only."""
    found = Entry.objects.filter(sequence=last.sequence).values_list("hash", flat=True).first()
    if last.sequence and found != last.hash:
        log.error("audit trail differs from what was signed", sequence=last.sequence)
        raise TrailChanged(f"Entry {last.sequence} is not the one that was signed at {last.at}.")


def _mirror_missing(store: FileStore) -> None:
    """Copy to the mirror what it lacks; while it cannot be written, signing goes on."""
    copy = mirror()
    if copy is None:
        return
    try:
        missing = list(takewhile(lambda line: not copy.has(line), reversed(store.lines())))
        for line in reversed(missing):
            copy.append(line)
    except OSError as error:
        log.error("signed heads could not be mirrored; trying again", problem=type(error).__name__)


def _private_key() -> Ed25519PrivateKey:
    return _from_seed(installation_secret(SECRET))


@lru_cache(maxsize=4)
def _from_seed(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)
