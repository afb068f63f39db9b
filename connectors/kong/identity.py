"""Who made a logged request: Kong's consumer, else the credential or the claims the headers carry."""

from __future__ import annotations

import base64
import binascii
from typing import Final, NamedTuple

import msgspec
import pyarrow as pa

from connectors.base.mapping import Columns, From, Rows

#: Request headers that carry API keys under Kong's key-auth defaults and common practice.
KEY_HEADERS: Final = ("apikey", "x-api-key", "api-key", "x-apikey")

#: Cookies that hold a session, in the order they are believed.
SESSION_COOKIES: Final = (
    "session", "sessionid", "session_id", "sid", "connect.sid", "jsessionid", "phpsessid",
    "asp.net_sessionid", "laravel_session", "_session_id", "auth_token", "access_token",
)  # fmt: skip

_CONSUMER: Final = ("consumer.username", "consumer.custom_id", "consumer.id")
_KEYS: Final = tuple(f"request.headers.{name}" for name in KEY_HEADERS)

#: What ``caller_columns`` reads of a record.
CALLER_FIELDS: Final = (
    *_CONSUMER,
    *_KEYS,
    "authenticated_entity.id",
    "request.headers.authorization",
    "request.headers.cookie",
)

_MAX_TOKEN = 8192


class _Claims(msgspec.Struct, gc=False):
    sub: str | int | None = None
    sid: str | None = None
    jti: str | None = None


_claims = msgspec.json.Decoder(_Claims)


class Caller(NamedTuple):
    """The caller in clear: the door keeps only keyed hashes of ``principal`` and ``session``."""

    kind: str | None = None
    principal: str | None = None
    session: str | None = None
    credential_sent: bool = False


def caller_columns(rows: Rows) -> Columns:
    """Principal, session and whether a credential was sent, decided once per distinct caller."""
    told = zip(
        _texts(rows, *_CONSUMER),
        _texts(rows, "authenticated_entity.id"),
        _texts(rows, "request.headers.authorization"),
        _texts(rows, "request.headers.cookie"),
        _texts(rows, *_KEYS),
        strict=True,
    )
    known: dict[tuple[str | None, ...], Caller] = {}
    callers: list[Caller] = []
    for parts in told:
        caller = known.get(parts)
        if caller is None:
            caller = known[parts] = caller_of(*parts)
        callers.append(caller)
    kinds, principals, sessions, sent = zip(*callers, strict=True)
    return {
        "principal_kind": pa.array(kinds, pa.string()),
        "principal": pa.array(principals, pa.string()),
        "session": pa.array(sessions, pa.string()),
        "auth_present": pa.array(sent, pa.bool_()),
    }


def _texts(rows: Rows, *paths: str) -> list[str | None]:
    column = From(*paths).column(rows)
    if column is None or column.null_count == len(column):
        return [None] * rows.count
    found: list[str | None] = column.to_pylist()
    return found


def caller_of(
    consumer: str | None,
    credential: str | None,
    authorization: str | None,
    cookie: str | None,
    key: str | None,
) -> Caller:
    """The most trustworthy statement on who called: consumer, token subject, key, credential."""
    session = _session(cookie) if cookie else None
    sent = bool(authorization or key or session or credential)
    claims = _token_claims(authorization) if authorization and authorization != "REDACTED" else None
    if claims is not None and session is None:
        session = claims.sid or claims.jti
    if consumer:
        return Caller("consumer", consumer, session, True)
    if claims is not None and claims.sub is not None:
        return Caller("user", str(claims.sub), session, sent)
    basic = _basic_user(authorization) if authorization else None
    if basic:
        return Caller("user", basic, session, sent)
    if key:
        return Caller("key", key, session, sent)
    if credential:
        return Caller("key", credential, session, True)
    return Caller(None, None, session, sent)


def _session(cookie: str) -> str | None:
    """The value of the first known session cookie."""
    found: dict[str, str] = {}
    for part in cookie.split(";", 64)[:64]:
        name, _, value = part.strip().partition("=")
        found.setdefault(name.lower(), value)
    return next((found[name] for name in SESSION_COOKIES if found.get(name)), None)


def _token_claims(authorization: str) -> _Claims | None:
    """Subject and session of a bearer JWT, read without checking the signature: it is only a name here."""
    scheme, _, token = authorization.partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != 3 or len(token) > _MAX_TOKEN:
        return None
    try:
        return _claims.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError):
        return None


def _basic_user(authorization: str) -> str | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _MAX_TOKEN:
        return None
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0] or None
    except (ValueError, binascii.Error):
        return None
