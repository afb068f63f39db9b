"""What a runner may do in its network, decided by who runs it: listed addresses, reading only if so chosen, own headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from connectors.base.errors import (
    ConnectorError,
    RefusedError,
    SettingsError,
    TransientError,
    VendorAnswerError,
)
from connectors.egress import Egress, EgressPolicy
from connectors.runner.wire import (
    MAX_ANSWER_BYTES,
    Answer,
    Failure,
    FailureKind,
    Work,
)

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: Headers that belong to one hop: the client makes its own.
_HOP: Final = frozenset(
    {"connection", "content-length", "host", "keep-alive", "transfer-encoding", "upgrade"}
)
#: Headers by which some gateways take a reading request for a writing one.
_OVERRIDES: Final = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})


@dataclass(frozen=True)
class Reach:
    """The addresses (``host:port``) that may be called, and what is added to calls there.

    ``headers``: by address, header names and values that never leave this network; they replace those of the work.
    """

    addresses: frozenset[str]
    read_only: bool = False
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    authorities: Path | None = None

    def opened(self) -> Egress:
        """The door to these addresses, with or without TLS."""
        policy = EgressPolicy(
            allow=self.addresses,
            max_response_bytes=MAX_ANSWER_BYTES,
            requests_per_second=50.0,
            burst=100,
            authorities=str(self.authorities or ""),
        )
        return Egress(policy, account="runner")


def reach_from(
    addresses: Iterable[str], headers: Iterable[str], *, read_only: bool, authorities: Path | None
) -> Reach:
    """Read ``host:port`` and ``host:port=Name: value`` (``@file`` for a value in a file) as written on a command line.

    Raises ``SettingsError`` for what is neither.
    """
    listed = frozenset(map(_address, addresses))
    if not listed:
        raise SettingsError(
            "No address was given.",
            unchanged="The runner was not started.",
            action="Name what it may reach: --reach kong-admin.internal:8444",
        )
    added: dict[str, dict[str, str]] = {}
    for text in headers:
        place, _, header = text.partition("=")
        name, colon, value = header.partition(":")
        if not colon or _address(place) not in listed:
            raise SettingsError(
                f"{text.partition(':')[0]!r} names no header for a listed address.",
                unchanged="The runner was not started.",
                action="Write it so: --header 'kong-admin.internal:8444=Kong-Admin-Token: @/run/secrets/kong'",
            )
        kept = _value(value.strip())
        if not (name.strip().isascii() and kept.isascii() and kept.isprintable()):
            raise SettingsError(
                f"The header {name.strip()!r} holds characters HTTP does not allow.",
                unchanged="The runner was not started.",
            )
        added.setdefault(_address(place), {})[name.strip().lower()] = kept
    return Reach(listed, read_only, added, authorities)


def _address(text: str) -> str:
    host, colon, port = text.strip().lower().rpartition(":")
    if not host or not colon or not port.isdigit() or "/" in host:
        raise SettingsError(
            f"{text!r} is no address.",
            unchanged="The runner was not started.",
            action="Write host and port: kong-admin.internal:8444",
        )
    return f"{host.strip('[]')}:{port}"


def _value(text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{text[1:]} cannot be read as text ({type(error).__name__}).",
            unchanged="The runner was not started.",
        ) from error


def carried_out(work: Work, reach: Reach, egress: Egress, left: float) -> Answer:
    """Make the request if this runner may, within the ``left`` seconds; what goes wrong becomes the failure."""
    try:
        place = _place(work, reach)
        own = reach.headers.get(place, {})
        dropped = _HOP | own.keys() | (_OVERRIDES if reach.read_only else set())
        headers = {name: value for name, value in work.headers if name.lower() not in dropped}
        found = egress.request(
            work.method, work.url, headers={**headers, **own}, content=work.content or None,
            timeout=min(work.timeout, left), attempts=1, raise_transient=False, decoded=False,
        )  # fmt: skip
    except ConnectorError as error:
        return Answer(work.id, failure=Failure(_kind(error), f"From the runner: {error.what}", error.action))
    except (ValueError, TypeError) as error:
        what = f"From the runner: the request cannot be sent as it is ({type(error).__name__})."
        return Answer(work.id, failure=Failure(FailureKind.SETTINGS, what))
    kept = tuple((name, value) for name, value in found.headers.items() if name not in _HOP)
    return Answer(work.id, found.status, kept, found.content)


def _kind(error: ConnectorError) -> FailureKind:
    """What became of the request, as far as the error tells: only a time-out leaves open whether it arrived."""
    if isinstance(error, RefusedError):
        return FailureKind.REFUSED
    if isinstance(error, VendorAnswerError):
        return FailureKind.VENDOR
    if isinstance(error, TransientError):
        return FailureKind.UNANSWERED if "not known" in error.unchanged else FailureKind.UNSENT
    return FailureKind.SETTINGS


def _place(work: Work, reach: Reach) -> str:
    """The listed address the work goes to; ``RefusedError`` when there is none or it would write where it may not."""
    try:
        url = urlsplit(work.url)
        place = f"{url.hostname}:{url.port or (443 if url.scheme == 'https' else 80)}"
    except ValueError:
        url, place = urlsplit(""), "What is no address"
    if url.scheme not in ("http", "https") or place not in reach.addresses:
        raise RefusedError(
            f"{place} is not among the addresses this runner may reach.",
            unchanged="Nothing was sent.",
            action=f"Whoever runs the runner can add --reach {place}.",
        )
    if reach.read_only and work.method.upper() not in _READING:
        raise RefusedError(
            f"This runner only reads, and {work.method} writes.",
            unchanged="Nothing was sent.",
            action="Whoever runs the runner can start it without --read-only.",
        )
    return place
