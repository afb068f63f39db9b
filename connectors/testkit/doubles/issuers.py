"""OpenID Connect issuers a vendor's double was told to trust: its tokens are verified as the vendor does, over HTTP.

The issuer's discovery document and key set are fetched from the address in the token, and kept; a key that is not known is
looked up once more. Vendors take https alone; a double takes plain http from the loopback interface as well.
Sources: OpenID Connect Discovery 1.0 §4; RFC 7517; RFC 7519; RFC 8725.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
import urllib3
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from joserfc.util import urlsafe_b64decode

_SKEW = 300
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}


class Untrusted(Exception):
    """Why a token is not believed: malformed, algorithm, unreachable, key, signature or time; the text says more."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


@dataclass
class Issuers:
    """Key sets by issuer, fetched when they are first needed. ``longest`` is how long a token may live, in seconds."""

    longest: float = 24 * 3600
    _keys: dict[str, dict[str, RSAKey]] = field(default_factory=dict)

    def forget(self) -> None:
        """Fetch every key set anew, as when a cache ended."""
        self._keys.clear()

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a token its issuer signed and that is in force; raises ``Untrusted``."""
        issuer, kid = _named(token)
        key = self._key(issuer, kid)
        try:
            claims = dict(jwt.decode(token, key, algorithms=["RS256"]).claims)
        except (JoseError, ValueError) as error:
            raise Untrusted("signature", str(error)) from None
        self._in_force(claims)
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise Untrusted("malformed", "sub is missing")
        return claims

    def _in_force(self, claims: dict[str, Any]) -> None:
        now, issued, expires = time.time(), claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise Untrusted("malformed", "iat and exp must be whole numbers")
        if expires + _SKEW < now or issued - _SKEW > now or expires - issued > self.longest:
            raise Untrusted("time", f"issued {issued}, expires {expires}, now {int(now)}")
        if isinstance(claims.get("nbf"), int) and claims["nbf"] - _SKEW > now:
            raise Untrusted("time", "not in force yet")

    def _key(self, issuer: str, kid: str) -> RSAKey:
        known = self._keys.get(issuer)
        if known is None or kid not in known:
            known = self._keys[issuer] = _fetched(issuer)
        if kid not in known:
            raise Untrusted("key", kid)
        return known[kid]


def _named(token: str) -> tuple[str, str]:
    """Issuer and key of a token, unverified; only the issuer's own keys can then verify it."""
    try:
        header, claims = (orjson.loads(urlsafe_b64decode(part.encode())) for part in token.split(".")[:2])
        algorithm, kid, issuer = header["alg"], header["kid"], claims["iss"]
    except (ValueError, KeyError, TypeError):
        raise Untrusted("malformed", "not a signed token with kid and iss") from None
    if algorithm != "RS256":
        raise Untrusted("algorithm", str(algorithm))
    return str(issuer), str(kid)


def _fetched(issuer: str) -> dict[str, RSAKey]:
    document = _got(issuer, f"{issuer}/.well-known/openid-configuration")
    lacking = {"jwks_uri", "response_types_supported", "subject_types_supported"} - document.keys()
    if document.get("issuer") != issuer or lacking:
        raise Untrusted("unreachable", f"the discovery document is not one of {issuer}: {sorted(lacking)}")
    if "RS256" not in document.get("id_token_signing_alg_values_supported", ()):
        raise Untrusted("unreachable", "the issuer does not say that it signs by RS256")
    found: dict[str, RSAKey] = {}
    for entry in _got(issuer, document["jwks_uri"]).get("keys", ()):
        if _PRIVATE & entry.keys():
            raise Untrusted("unreachable", "the key set holds a private key")
        for key in KeySet.import_key_set({"keys": [entry]}).keys:
            if isinstance(key, RSAKey) and key.kid and entry.get("use") == "sig":
                found[key.kid] = key
    return found


def _got(issuer: str, url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise Untrusted("unreachable", f"{issuer} is not on https")
    try:
        answer = urllib3.request("GET", url, timeout=10, retries=False, redirect=False)
        document = orjson.loads(answer.data)
    except (urllib3.exceptions.HTTPError, orjson.JSONDecodeError) as error:
        raise Untrusted("unreachable", str(error)) from None
    if answer.status != 200 or not isinstance(document, dict):
        raise Untrusted("unreachable", f"{url} answered {answer.status}")
    return document
