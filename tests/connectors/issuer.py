"""An OpenID Connect issuer made by hand, which doubles fetch keys from over HTTP, and identities that sign dishonestly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.idp.signing import SigningKey, signed
from connectors.testkit.doubles.serving import json_response, listen, wsgi

SUBJECT = "workspace:t_0123456789abcdef:connection:con_01k8x0000000000000000000aa"
OTHER = "workspace:t_fedcba9876543210:connection:con_01k8x0000000000000000000bb"


@dataclass
class Issuer:
    """Signs with the first key; publishes all. ``down`` answers every question with 503."""

    url: str = ""
    keys: list[SigningKey] = field(default_factory=lambda: [SigningKey("first")])
    stranger: SigningKey = field(default_factory=lambda: SigningKey("unpublished"))
    down: bool = False

    def answer(self, request: Request) -> Response:
        """Discovery and keys."""
        if self.down:
            return json_response({}, 503)
        if request.path == "/.well-known/openid-configuration":
            return json_response(
                {
                    "issuer": self.url,
                    "jwks_uri": f"{self.url}/keys",
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )
        return json_response({"keys": [key.public_jwk() for key in self.keys]})


@dataclass
class Named:
    """An identity as the connectors take it; ``how`` and ``changes`` make its own tokens dishonest."""

    at: Issuer
    subject: str = SUBJECT
    how: str = "good"
    changes: dict[str, Any] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        """The issuer's address."""
        return self.at.url

    def token(self, audience: str) -> str:
        """A token of this identity, good for ten minutes unless it was changed."""
        return self._signed({"sub": self.subject, "aud": audience} | self.changes)

    def stranger_token(self, audience: str) -> str:
        """An honest token of another workspace."""
        return self._signed({"sub": OTHER, "aud": audience}, "good")

    def _signed(self, claims: dict[str, Any], how: str = "") -> str:
        now = int(time.time())
        moments = {"iat": now, "nbf": now, "exp": now + 600, "jti": str(uuid4()), "iss": self.issuer}
        made = signed(moments | claims, self.at.keys[0], self.at.stranger, how or self.how)
        self.tokens.append(made)
        return made


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """The issuer on a port of its own."""
    issuer = Issuer()
    server = listen(wsgi(issuer.answer), 0)
    issuer.url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
