"""What the control plane and a runner say to each other: MessagePack documents, each signed with Ed25519.

The runner signs every call (who, when, which address, which body). The control plane signs every piece of work with a
key of its own per runner, whose public half the runner keeps from its enrolment: nobody between the two can make work.
A piece of work names the runner and its end, and is carried out once.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: How far the clocks of the two sides may be apart, in seconds.
CLOCK_SKEW: Final = 120
#: Largest answer a runner sends, in bytes; a larger one is told as a failure.
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
CONTENT_TYPE: Final = "application/msgpack"

RUNNER_HEADER: Final = "portcullis-runner"
TIME_HEADER: Final = "portcullis-time"
SIGNATURE_HEADER: Final = "portcullis-signature"

_WORK: Final = b"portcullis runner work 1\n"
_CALL: Final = b"portcullis runner call 1\n"

T = TypeVar("T")


class NotGenuine(Exception):
    """A document or call that does not come from whom it says, is too old, or is none; the text says which."""


@dataclass(frozen=True, slots=True)
class Work:
    """One HTTP request to make, within ``expires_at - handed_at`` seconds of its arrival.

    Both are the control plane's Unix time, so that only their difference counts and clocks need not agree to the second.
    ``timeout`` in seconds; ``headers`` as they are sent.
    """

    id: str
    runner_id: str
    expires_at: float
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    timeout: float = 20.0
    handed_at: float = 0.0  # set when it is signed

    @property
    def seconds(self) -> float:
        """How long after its arrival the request and its answer may take."""
        return self.expires_at - self.handed_at


class FailureKind(StrEnum):
    """What a failure means to who waits."""

    REFUSED = "refused"  # not allowed here; nothing was sent
    SETTINGS = "settings"  # cannot be sent as it is
    UNSENT = "unsent"  # did not get through; may be tried again
    UNANSWERED = "unanswered"  # it is not known whether it arrived
    VENDOR = "vendor"  # answered, with what cannot be taken


class Failure(msgspec.Struct, frozen=True):
    """Why a request got no answer that can be used."""

    kind: FailureKind
    what: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one piece of work: an HTTP answer, or ``failure`` and nothing else."""

    work_id: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a new runner shows, once: the enrolment token and the public key it will sign with."""

    token: str
    public_key: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What it is given: its id, and the public key work is signed with."""

    runner_id: str
    name: str
    work_key: str


@dataclass(frozen=True, slots=True)
class Poll:
    """A runner asks for work and says what it is: its version and the addresses it may reach (``host:port``)."""

    version: str
    allowed: tuple[str, ...] = ()
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """Signed work as it travels."""

    document: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Handed:
    """The answer to a poll: work to do now (empty: none), and how long to wait before asking again, in seconds."""

    work: tuple[Envelope, ...] = ()
    wait: float = field(default=2.0)


def packed(document: object) -> bytes:
    """A document of this module as MessagePack."""
    return msgspec.msgpack.encode(document)


def unpacked(kind: type[T], body: bytes) -> T:
    """The document in ``body``; ``NotGenuine`` when it is none of this kind."""
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotGenuine(f"The message is no {kind.__name__}: {str(error)[:120]}.") from error


def sealed_work(work: Work, key: Ed25519PrivateKey, now: float) -> Envelope:
    """Work signed by the control plane as it hands it out."""
    document = packed(replace(work, handed_at=now))
    return Envelope(document, key.sign(_WORK + document))


def opened_work(envelope: Envelope, key: Ed25519PublicKey, runner_id: str, now: float) -> Work:
    """The work of an envelope; ``NotGenuine`` when it is signed by another key, meant for another runner, or old."""
    try:
        key.verify(envelope.signature, _WORK + envelope.document)
    except InvalidSignature as error:
        raise NotGenuine(
            "The work is not signed by the control plane this runner was enrolled with."
        ) from error
    work = unpacked(Work, envelope.document)
    if work.runner_id != runner_id:
        raise NotGenuine("The work is meant for another runner.")
    if abs(now - work.handed_at) > CLOCK_SKEW or work.seconds <= 0:
        raise NotGenuine("The work is over: it was handed out minutes ago, or a clock is wrong by minutes.")
    return work


def call_headers(
    runner_id: str, key: Ed25519PrivateKey, method: str, path: str, body: bytes, now: float
) -> dict[str, str]:
    """The headers that sign one call of a runner."""
    at = str(int(now))
    signature = key.sign(_signed_part(runner_id, at, method, path, body))
    return {
        RUNNER_HEADER: runner_id,
        TIME_HEADER: at,
        SIGNATURE_HEADER: base64.b64encode(signature).decode(),
    }


def verify_call(
    headers: Mapping[str, str], key: Ed25519PublicKey, method: str, path: str, body: bytes, now: float
) -> None:
    """Raise ``NotGenuine`` unless the call is signed by ``key`` and not older than the clocks may differ.

    Header names are lower case.
    """
    at, signature = headers.get(TIME_HEADER, ""), headers.get(SIGNATURE_HEADER, "")
    if not (at.isascii() and at.isdigit() and len(at) <= 12) or abs(int(at) - now) > CLOCK_SKEW:
        raise NotGenuine(f"The runner's clock differs by more than {CLOCK_SKEW} seconds from ours.")
    try:
        key.verify(
            base64.b64decode(signature, validate=True),
            _signed_part(headers.get(RUNNER_HEADER, ""), at, method, path, body),
        )
    except (InvalidSignature, ValueError) as error:
        raise NotGenuine("The call is not signed by this runner's key.") from error


def public_text(key: Ed25519PublicKey) -> str:
    """A public key as text (base64 of its 32 bytes)."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def public_key(text: str) -> Ed25519PublicKey:
    """The key ``public_text`` wrote; ``NotGenuine`` when the text is none."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise NotGenuine("The text is no Ed25519 public key.") from error


def _signed_part(runner_id: str, at: str, method: str, path: str, body: bytes) -> bytes:
    words = "\n".join((runner_id, at, method.upper(), path))
    return _CALL + words.encode() + b"\n" + hashlib.sha256(body).digest()
