"""Discovery (OpenID Connect Discovery 1.0 §4) and key sets (RFC 7517): read, checked, cut to what is used."""

from typing import Any, Final

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tenants.sso.outbound import Unreachable, check_address, fetch_ok

#: Signatures by a provider's private key only: no `none`, and no secret both sides know.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
MOST_KEYS: Final = 50
SHORTEST_RSA: Final = 2048 // 8 * 4 // 3  # characters of base64: shorter keys can be found out
_PUBLIC: Final = ("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y")
_ADDRESSES: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def discover(issuer: str) -> dict[str, Any]:
    """Read a provider's configuration and keys; raises Unreachable with the reason.

    Returns `{metadata, keys}`: metadata with the fields below, keys as a list of public JWKs.
    """
    found = _json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise Unreachable(
            f"The provider calls itself {str(found.get('issuer'))[:200]!r}, not {issuer!r}. Enter exactly its own issuer."
        )
    for name in _ADDRESSES:
        _checked(found.get(name), name)
    if found.get("userinfo_endpoint"):
        _checked(found["userinfo_endpoint"], "userinfo_endpoint")
    if "code" not in found.get("response_types_supported", ["code"]):
        raise Unreachable("The provider does not offer the authorization code flow.")
    if "S256" not in found.get("code_challenge_methods_supported", ["S256"]):
        raise Unreachable("The provider does not offer PKCE with S256.")
    offered = found.get("id_token_signing_alg_values_supported", ["RS256"])
    algorithms = [name for name in ALGORITHMS if name in offered]
    if not algorithms:
        raise Unreachable(f"The provider signs with none of {', '.join(ALGORITHMS)}.")
    metadata = {
        "issuer": issuer,
        "authorization_endpoint": found["authorization_endpoint"],
        "token_endpoint": found["token_endpoint"],
        "userinfo_endpoint": found.get("userinfo_endpoint", ""),
        "jwks_uri": found["jwks_uri"],
        "algorithms": algorithms,
        "basic": "client_secret_basic"
        in found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]),
        "sends_iss": found.get("authorization_response_iss_parameter_supported") is True,
    }
    return {"metadata": metadata, "keys": fetch_keys(metadata["jwks_uri"])}


def fetch_keys(jwks_uri: str) -> list[dict[str, Any]]:
    """Read a key set: the public halves of its signing keys; raises Unreachable when there is none."""
    keys = _json(jwks_uri).get("keys")
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise Unreachable(f"{jwks_uri} is not a key set.")
    usable = [
        {name: key[name] for name in _PUBLIC if name in key}
        for key in keys
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"
    ]
    readable = [key for key in usable if _strong(key) and _imports(key)]
    if not readable:
        raise Unreachable(f"{jwks_uri} holds no signing key that can be read.")
    return readable


def _strong(key: dict[str, Any]) -> bool:
    return key["kty"] != "RSA" or len(str(key.get("n", ""))) >= SHORTEST_RSA


def _imports(key: dict[str, Any]) -> bool:
    try:
        KeySet.import_key_set({"keys": [key]})
    except (JoseError, ValueError, TypeError):
        return False
    return True


def _json(url: str) -> dict[str, Any]:
    try:
        found = orjson.loads(fetch_ok(url).content)
    except orjson.JSONDecodeError:
        raise Unreachable(f"{url} did not answer with JSON.") from None
    if not isinstance(found, dict):
        raise Unreachable(f"{url} did not answer with a JSON object.")
    return found


def _checked(url: object, name: str) -> None:
    try:
        check_address(str(url))
    except ValueError as error:
        raise Unreachable(f"The provider's {name} is not used: {error}") from None
