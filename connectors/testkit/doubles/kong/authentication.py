"""key-auth, basic-auth and jwt as the proxy runs them.

Sources: the plugins' reference pages (where credentials are looked for, ``anonymous``,
``hide_credentials``) and their answers (401 messages). JWT signatures of the HS family are verified with
the credential's secret.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from werkzeug.wrappers import Response

from connectors.testkit.doubles.kong.exchange import Exchange
from connectors.testkit.doubles.kong.store import Entity, Store

HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def _succeed(exchange: Exchange, store: Store, credential: Entity, kind: str) -> None:
    consumer = store.find("consumers", credential["consumer"]["id"])
    exchange.consumer, exchange.credential_id, exchange.auth_type = (consumer, credential["id"], kind)


def _fail(exchange: Exchange, store: Store, config: Entity, message: str, challenge: str) -> Response | None:
    if config.get("anonymous"):
        exchange.consumer = store.find("consumers", config["anonymous"])
        return None
    return exchange.refuse(401, message, {"WWW-Authenticate": challenge})


def key_auth(exchange: Exchange, config: Entity, store: Store) -> Response | None:
    """Look the key up in header and query; None lets the request pass."""
    if exchange.consumer or (exchange.method == "OPTIONS" and not config["run_on_preflight"]):
        return None
    arguments = dict(parse_qsl(exchange.query, keep_blank_values=True))
    for name in config["key_names"]:
        key = exchange.header(name) if config["key_in_header"] else None
        key = key or (arguments.get(name) if config["key_in_query"] else None)
        if not key:
            continue
        credential = store.find("keyauth_credentials", key)
        credential = credential or next(
            (c for c in store.all("keyauth_credentials") if c["key"] == key), None
        )
        if credential is None:
            return _fail(exchange, store, config, "Unauthorized", "Key")
        _succeed(exchange, store, credential, "key-auth")
        if config["hide_credentials"]:
            exchange.headers = [h for h in exchange.headers if h[0].lower() != name.lower()]
            exchange.query = urlencode([(k, v) for k, v in arguments.items() if k != name])
        return None
    return _fail(exchange, store, config, "No API key found in request", "Key")


def basic_auth(exchange: Exchange, config: Entity, store: Store) -> Response | None:
    """Check ``Authorization: Basic``."""
    given = exchange.header("authorization") or ""
    challenge = f'Basic realm="{config["realm"]}"'
    if not given.lower().startswith("basic "):
        return _fail(exchange, store, config, "Unauthorized", challenge)
    try:
        username, _, password = base64.b64decode(given[6:]).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        username, password = "", ""
    credential = store.find("basicauth_credentials", username) if username else None
    if credential:
        salted = (password + credential["consumer"]["id"]).encode()
        digest = hashlib.sha1(salted, usedforsecurity=False).hexdigest()
        if hmac.compare_digest(digest, credential["password"]):
            _succeed(exchange, store, credential, "basic-auth")
            return None
    return _fail(exchange, store, config, "Unauthorized", challenge)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _jwt_claims(token: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    try:
        header, payload, _ = token.split(".")
        return orjson.loads(_decoded(header)), orjson.loads(_decoded(payload))
    except (ValueError, binascii.Error):
        return None


def _signed_by(token: str, credential: Entity) -> bool:
    head, _, signature = token.rpartition(".")
    digest = HASHES.get(credential["algorithm"])
    if digest is None:
        return False
    expected = hmac.new(credential["secret"].encode(), head.encode(), digest).digest()
    try:
        return hmac.compare_digest(expected, _decoded(signature))
    except binascii.Error:
        return False


def jwt(exchange: Exchange, config: Entity, store: Store) -> Response | None:
    """Check a signed token found in a header or in the query."""
    if exchange.consumer or (exchange.method == "OPTIONS" and not config["run_on_preflight"]):
        return None
    token = next(
        (v.partition(" ")[2] or v for n in config["header_names"] if (v := exchange.header(n) or "")), ""
    )
    arguments = dict(parse_qsl(exchange.query))
    token = token or next((arguments[n] for n in config["uri_param_names"] if n in arguments), "")
    claims = _jwt_claims(token) if token else None
    if claims is None:
        message = "Bad token; invalid JSON" if token else "Unauthorized"
        return _fail(exchange, store, config, message, "Bearer")
    issuer = claims[1].get(config["key_claim_name"]) or claims[0].get(config["key_claim_name"])
    if not issuer:
        return _fail(
            exchange, store, config, f"No mandatory '{config['key_claim_name']}' in claims", "Bearer"
        )
    credential = next((c for c in store.all("jwt_secrets") if c["key"] == issuer), None)
    if credential is None:
        return _fail(exchange, store, config, "No credentials found for given 'iss'", "Bearer")
    if not _signed_by(token, credential):
        return _fail(exchange, store, config, "Invalid signature", "Bearer")
    if "exp" in (config["claims_to_verify"] or []) and claims[1].get("exp", 0) * 1000 <= exchange.time_ms:
        return _fail(exchange, store, config, "token expired", "Bearer")
    _succeed(exchange, store, credential, "jwt")
    return None
