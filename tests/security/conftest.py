"""Gathers what leaves the product while secrets are planted: log lines, requests to others, mails."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from structlog.stdlib import ProcessorFormatter


class Stranger(HTTPServer):
    """A server that answers every request with an error and all that was sent to it, as debugging proxies do."""

    status = 403
    seen: list[bytes]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Echo(BaseHTTPRequestHandler):
    server: Stranger

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        echoed = f"{self.requestline}\n{self.headers}\n".encode() + body
        # The token is sent to the gateway it is for, in its header and nowhere else.
        del self.headers["Kong-Admin-Token"]
        self.server.seen.append(f"{self.requestline}\n{self.headers}\n".encode() + body)
        self.send_response(self.server.status, "failed")
        self.send_header("Content-Length", str(len(echoed)))
        self.end_headers()
        self.wfile.write(echoed)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  # named by http.server

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def stranger(settings: Any) -> Iterator[Stranger]:
    """A server outside, which the egress may reach."""
    server = Stranger(("127.0.0.1", 0), _Echo)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    settings.EGRESS_ALLOW = server.url.removeprefix("http://")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _shipped() -> ProcessorFormatter:
    (formatter,) = [
        handler.formatter
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, ProcessorFormatter)
    ]
    return formatter


@pytest.fixture
def log_lines() -> Iterator[Callable[[], str]]:
    """What the product's own handler writes."""
    written, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(written)
    handler.setFormatter(_shipped())
    root.addHandler(handler)
    yield written.getvalue
    root.removeHandler(handler)
