"""Only public addresses are connected to, and an exchange stays within its limits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.base.errors import RefusedError, TransientError, VendorAnswerError
from connectors.egress import Egress, EgressPolicy

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    try:
        yield running.server_address[1]
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def allowed(port: int, **limits: Any) -> Egress:
    return Egress(EgressPolicy(allow=frozenset({f"127.0.0.1:{port}"}), **limits), account=f"test-{port}")


def reply(status: int, body: bytes = b"{}", headers: dict[str, str] | None = None) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


PRIVATE = [
    "http://127.0.0.1/", "http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://017700000001/",
    "http://0/", "http://10.0.0.1/", "http://172.16.9.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/",
    "http://100.64.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a00:1]/", "http://[2002:7f00:1::]/", "http://[fd00::1]/", "http://[fe80::1]/", "http://[::]/",
    "http://[::127.0.0.1]/", "http://224.0.0.1/", "http://255.255.255.255/", "http://localhost/", "http://a.localhost/",
    "http://LOCALHOST:8001/", "http://user@127.0.0.1/", "http://127.0.0.1:22/",
]  # fmt: skip


@pytest.mark.parametrize("url", PRIVATE)
def test_no_connection_leads_to_a_private_address(url: str) -> None:
    with pytest.raises(RefusedError, match="not a public address"):
        Egress(EgressPolicy()).request("GET", url)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://x/", "unix:///run/x.sock", "ftp://example.com/", "//x/"]
)
def test_only_web_addresses_are_opened(url: str) -> None:
    with pytest.raises(RefusedError, match="Only http and https"):
        Egress(EgressPolicy()).request("GET", url)


def test_the_operator_opens_one_host_and_port_and_no_other() -> None:
    with server(reply(200)) as port:
        assert allowed(port).request("GET", f"http://127.0.0.1:{port}/").status == 200
        with pytest.raises(RefusedError):
            allowed(port + 1).request("GET", f"http://127.0.0.1:{port}/")


def test_redirects_are_not_followed() -> None:
    with server(reply(302, headers={"location": "http://169.254.169.254/"})) as port:
        assert allowed(port).request("GET", f"http://127.0.0.1:{port}/").status == 302


def test_an_answer_larger_than_the_limit_is_refused() -> None:
    with (
        server(reply(200, b"x" * 5000)) as port,
        pytest.raises(VendorAnswerError, match="larger than 1000 bytes"),
    ):
        allowed(port, max_response_bytes=1000).request("GET", f"http://127.0.0.1:{port}/")


def test_reads_are_tried_again_and_writes_are_not() -> None:
    seen: list[str] = []

    def flaky(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.command)
        reply(503 if len(seen) < 3 else 200)(handler)

    with server(flaky) as port:
        assert allowed(port).request("GET", f"http://127.0.0.1:{port}/").status == 200
        assert seen == ["GET"] * 3
        seen.clear()
        with pytest.raises(TransientError, match="answered 503"):
            allowed(port).request("POST", f"http://127.0.0.1:{port}/", content=b"{}")
        assert seen == ["POST"]


def test_the_vendors_wish_to_wait_is_passed_on() -> None:
    with server(reply(429, headers={"retry-after": "7"})) as port, pytest.raises(TransientError) as caught:
        allowed(port).request("POST", f"http://127.0.0.1:{port}/")
    assert caught.value.retry_after == 7.0


def test_an_answer_that_is_no_json_names_the_likely_cause() -> None:
    with server(reply(200, b"<html>")) as port, pytest.raises(VendorAnswerError, match="not JSON"):
        allowed(port).request("GET", f"http://127.0.0.1:{port}/").json()


def test_nobody_answering_is_temporary_and_says_what_to_check() -> None:
    with server(reply(200)) as port:
        pass
    with pytest.raises(TransientError) as caught:
        allowed(port, max_attempts=1).request("GET", f"http://127.0.0.1:{port}/")
    assert "Check the address" in caught.value.sentence()
