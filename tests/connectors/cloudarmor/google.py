"""Google's signing keys for tests: a small server that publishes them and signs tokens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

ACCOUNT = "push@acme.iam.gserviceaccount.com"


@cache
def _first() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})


class Google:
    """Publishes public keys at ``url`` and signs with the private ones; ``asked`` counts the readers."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = False
        self.keys = [_first()]
        google = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                google.asked += 1
                body = json.dumps({"keys": [key.as_dict(private=False) for key in google.keys]}).encode()
                self.send_response(503 if google.down else 200)
                self.send_header("Cache-Control", "public, max-age=3600")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/oauth2/v3/certs"

    def rotate(self, name: str) -> None:
        """A new signing key beside the old ones."""
        self.keys.insert(0, RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"}))

    def token(self, audience: str, now: float, key: Any = None, header: Any = None, **claims: Any) -> str:
        """A token as Pub/Sub sends it."""
        key = key or self.keys[0]
        said = {
            "iss": "https://accounts.google.com",
            "aud": audience,
            "azp": "113774264463038321964",
            "sub": "113774264463038321964",
            "email": ACCOUNT,
            "email_verified": True,
            "iat": int(now),
            "exp": int(now) + 3600,
        } | claims
        head = {"alg": "RS256", "typ": "JWT", "kid": key.kid} | (header or {})
        return jwt.encode(head, said, key)


@contextmanager
def running_google() -> Iterator[Google]:
    """A ``Google`` that answers."""
    google = Google()
    thread = threading.Thread(target=google.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield google
    finally:
        google.server.shutdown()
        google.server.server_close()
        thread.join()
