"""The provider: discovery, authorize, token, userinfo, keys, and the orders a test may give under ``/_double/``."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import Any
from urllib.parse import unquote_plus, urlencode

import orjson
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.idp.signing import SigningKey, encode, signed
from connectors.testkit.doubles.serving import Answer, json_response

LIFETIME = 300  # seconds of an ID token


class Provider:
    """One client is registered, with exact redirect addresses; whoever asks is the person set last."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer = issuer
        self.client_id, self.client_secret = client_id, client_secret
        self.redirects: list[str] = []
        self.person: dict[str, Any] = {"sub": "person-1", "email": "ann@acme.test", "name": "Ann"}
        self.orders: dict[str, Any] = {}
        self.keys = [SigningKey("key-1")]
        self.stranger = SigningKey("key-of-a-stranger")
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.seen: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        routes: dict[str, Answer] = {
            "/.well-known/openid-configuration": self._configuration,
            "/authorize": self._authorize,
            "/token": self._token,
            "/userinfo": self._userinfo,
            "/keys": self._published,
            "/_double/health": lambda _: json_response({}),
            "/_double/orders": self._order,
            "/_double/seen": lambda _: json_response(self.seen),
        }
        route = routes.get(request.path)
        if route is None:
            return json_response({"error": "not_found"}, 404)
        if not request.path.startswith("/_double/"):
            self.seen.append({"path": request.path, "args": dict(request.args), "form": dict(request.form)})
        return route(request)

    def _configuration(self, _: Request) -> Response:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
        }
        return json_response(found | self.orders.get("configuration", {}))

    def _published(self, _: Request) -> Response:
        return json_response({"keys": [key.public_jwk() for key in self.keys]})

    def _authorize(self, request: Request) -> Response:
        """Sign the person in without asking and redirect, as a provider with a live session does."""
        given = request.args
        if given.get("client_id") != self.client_id or given.get("redirect_uri") not in self.redirects:
            return json_response({"error": "invalid_request"}, 400)
        wanted = {"response_type": "code", "code_challenge_method": "S256"}
        if any(given.get(name) != value for name, value in wanted.items()) or not given.get("code_challenge"):
            return json_response({"error": "invalid_request"}, 400)
        answer = {"state": given.get("state", ""), "iss": self.orders.get("iss", self.issuer)}
        if self.orders.get("refuse"):
            return _redirect(given["redirect_uri"], answer | {"error": self.orders["refuse"]})
        code = secrets.token_urlsafe(16)
        self.codes[code] = {name: given.get(name, "") for name in ("redirect_uri", "code_challenge", "nonce")}
        return _redirect(given["redirect_uri"], answer | {"code": code})

    def _token(self, request: Request) -> Response:
        form = request.form
        if not self._client_is_ours(request.headers.get("Authorization", "")):
            return json_response({"error": "invalid_client"}, 401)
        granted = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        challenge = encode(hashlib.sha256(verifier.encode()).digest())
        if (
            granted is None
            or form.get("grant_type") != "authorization_code"
            or granted["redirect_uri"] != form.get("redirect_uri")
            or granted["code_challenge"] != challenge
        ):
            return json_response({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + LIFETIME, "nonce": granted["nonce"],
        }  # fmt: skip
        claims |= {
            name: value for name, value in self.person.items() if name not in self.orders.get("withhold", [])
        }
        claims |= self.orders.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        access_token = secrets.token_urlsafe(16)
        self.tokens[access_token] = dict(self.person) | self.orders.get("userinfo", {})
        id_token = signed(claims, self.keys[0], self.stranger, self.orders.get("sign", "good"))
        return json_response({"access_token": access_token, "token_type": "Bearer", "id_token": id_token})

    def _client_is_ours(self, header: str) -> bool:
        kind, _, text = header.partition(" ")
        if kind.lower() != "basic":
            return False
        name, _, secret = base64.b64decode(text).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (self.client_id, self.client_secret)

    def _userinfo(self, request: Request) -> Response:
        found = self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return json_response(found) if found is not None else json_response({"error": "invalid_token"}, 401)

    def _order(self, request: Request) -> Response:
        """Take orders: ``person``, ``redirects``, ``rotate`` (new keys), and whatever else is a way to misbehave."""
        orders = orjson.loads(request.get_data())
        self.person = orders.pop("person", self.person)
        self.redirects = orders.pop("redirects", self.redirects)
        if orders.pop("rotate", False):
            self.keys = [SigningKey(f"key-{secrets.token_hex(4)}")]
        self.orders = orders
        return json_response({})


def _redirect(to: str, answer: dict[str, str]) -> Response:
    return Response(status=302, headers={"Location": f"{to}?{urlencode(answer)}"})
