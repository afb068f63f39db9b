"""Small HTTP servers that misbehave in one way each, and an egress that may reach them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from connectors.egress import Egress, EgressPolicy

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer every request by ``answer`` on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Callers hang up on purpose here."""

    running = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        running.socket = tls.wrap_socket(running.socket, server_side=True)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield running.server_address[1]
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


@contextmanager
def raw_server(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """Hand every accepted socket to ``speak`` on a free port of 127.0.0.1."""
    waiting = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                caller, _ = waiting.accept()
            except OSError:
                return
            with caller:
                try:
                    speak(caller)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield waiting.getsockname()[1]
    finally:
        waiting.shutdown(socket.SHUT_RDWR)
        waiting.close()
        thread.join()


def allowed(
    port: int, *, verify: ssl.SSLContext | None = None, host: str = "127.0.0.1", **limits: Any
) -> Egress:
    """An egress whose operator allowed this port, with limits of its own."""
    policy = EgressPolicy(allow=frozenset({f"{host}:{port}"}), **limits)
    return Egress(policy, account=f"test-{port}", verify=verify)


def reply(status: int, body: bytes = b"{}", headers: dict[str, str] | None = None) -> Answer:
    """Answer with this status and body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer
