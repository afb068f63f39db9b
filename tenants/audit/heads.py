"""Signed heads: how far the trail reached when, signed with Ed25519 and kept outside the database. Pure.

A head is one line of JSON. The signature covers the line without `signature`, keys in order, no white space, behind
`portcullis-audit-head/1` and a line feed. `previous` is the SHA-256 of the line before, so that no line can be taken out.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tenants.audit.chain import GENESIS

DOMAIN: Final = b"portcullis-audit-head/1\n"
HEAD: Final = "head"
#: The trail was put back to an earlier state by an operator: what was signed beyond it counts no more.
RESTORED: Final = "restored"


@dataclass(frozen=True, slots=True)
class Head:
    """One line, the `number`-th: at this time the trail ended with this entry."""

    number: int
    kind: str
    tenant: str
    sequence: int
    hash: str
    at: str
    previous: str
    key: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Heads:
    """Lines that were read: those that hold, in order, and what is wrong with the first that does not."""

    lines: tuple[bytes, ...]
    heads: tuple[Head, ...]
    fault: str = ""

    def signed(self) -> dict[int, str]:
        """Return the signed hashes that count, by sequence."""
        found: dict[int, str] = {}
        for head in self.heads:
            if head.kind == RESTORED:
                found = {sequence: hash_ for sequence, hash_ in found.items() if sequence <= head.sequence}
            if head.sequence:
                found[head.sequence] = head.hash
        return found


def key_id(key: Ed25519PublicKey) -> str:
    """Name a public key: the first 16 hex characters of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def pem(key: Ed25519PublicKey) -> str:
    """Return the public key as text."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def line_hash(line: bytes) -> str:
    """Return what the next line calls `previous`."""
    return hashlib.sha256(line).hexdigest()


def sign(head: Head, key: Ed25519PrivateKey) -> bytes:
    """Return the line of a head."""
    fields = _fields(head)
    signature = base64.b64encode(key.sign(DOMAIN + _canonical(fields))).decode()
    return _canonical(fields | {"signature": signature})


def read(lines: Iterable[bytes], tenant: str, keys: Mapping[str, Ed25519PublicKey]) -> Heads:
    """Check lines from the first on: signature, tenant, and that each follows the one before."""
    held: list[bytes] = []
    heads: list[Head] = []
    previous = GENESIS
    for number, line in enumerate(lines, 1):
        head = opened(line, keys)
        problem = ""
        if head is None:
            problem = "is not signed by a known key"
        elif head.tenant != tenant:
            problem = "is another workspace's"
        elif head.previous != previous or head.number != number:
            problem = "does not follow the one before it"
        if head is None or problem:
            return Heads(tuple(held), tuple(heads), f"Signed head {number} {problem}.")
        held.append(line)
        heads.append(head)
        previous = line_hash(line)
    return Heads(tuple(held), tuple(heads))


def opened(line: bytes, keys: Mapping[str, Ed25519PublicKey]) -> Head | None:
    """Return the head of a line; None unless a known key signed it."""
    try:
        fields: dict[str, Any] = json.loads(line)
        signature = base64.b64decode(fields.pop("signature"), validate=True)
        head = Head(**fields)
        keys[head.key].verify(signature, DOMAIN + _canonical(_fields(head)))
    except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature):
        return None
    return head


def _fields(head: Head) -> dict[str, Any]:
    return {name: getattr(head, name) for name in Head.__dataclass_fields__}


def _canonical(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
