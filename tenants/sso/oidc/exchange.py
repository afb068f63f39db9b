"""The authorization request, the exchange of the code, and the userinfo endpoint."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

import orjson
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tenants.sso.oidc.tokens import NotBelieved
from tenants.sso.outbound import Unreachable, fetch

SCOPES = "openid email profile"


def authorization_url(
    metadata: Mapping[str, Any],
    client_id: str,
    scopes: str,
    callback: str,
    state: str,
    nonce: str,
    verifier: str,
    *,
    anew: bool = False,
) -> str:
    """The address that asks the provider to authenticate somebody (code flow with PKCE).

    `anew` also who is signed in there, and to say when it did (`max_age` makes `auth_time` a duty, Core §3.1.2.1).
    """
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": callback,
        "scope": scopes,
        "state": state,
        "nonce": nonce,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
    } | ({"prompt": "login", "max_age": "0"} if anew else {})
    endpoint = str(metadata["authorization_endpoint"])
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def exchange(
    metadata: Mapping[str, Any], client_id: str, secret: str, callback: str, code: str, verifier: str
) -> tuple[str, str]:
    """Turn a code into (ID token, access token); raises NotBelieved when refused, Unreachable."""
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "code_verifier": verifier,
    }
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if metadata["basic"] and secret:
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"  # RFC 6749 §2.3.1
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        body |= {"client_id": client_id} | ({"client_secret": secret} if secret else {})
    answer = fetch(metadata["token_endpoint"], method="POST", headers=headers, body=urlencode(body).encode())
    if answer.status >= 500:
        raise Unreachable(f"The token endpoint answered with status {answer.status}.")
    found = _object(answer.content)
    if answer.status != 200:
        # The standard's short code (RFC 6749 §5.2) says what is wrong; nothing else of the answer is kept.
        code_text = "".join(mark for mark in str(found.get("error", "")) if mark.isalnum() or mark == "_")[
            :60
        ]
        raise NotBelieved(f"The token endpoint refused the code: {code_text or answer.status}.")
    if not isinstance(found.get("id_token"), str):
        raise NotBelieved("The token endpoint sent no ID token; is the scope openid allowed?")
    return found["id_token"], str(found.get("access_token") or "")


def userinfo(metadata: Mapping[str, Any], access_token: str, subject: str) -> dict[str, Any]:
    """Claims of the userinfo endpoint, empty when there is none; must be about the same subject (Core §5.3.2)."""
    if not metadata["userinfo_endpoint"] or not access_token:
        return {}
    answer = fetch(metadata["userinfo_endpoint"], headers={"authorization": f"Bearer {access_token}"})
    if answer.status != 200:
        return {}
    found = _object(answer.content)
    if found.get("sub") != subject:
        raise NotBelieved("The userinfo endpoint speaks of somebody else (sub).")
    return found


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
