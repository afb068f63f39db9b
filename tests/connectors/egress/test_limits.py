"""An exchange ends in time and in size, whatever the other side does; waits are as long as the vendor asks."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest

from connectors.base.errors import ConnectorError, SettingsError, TransientError, VendorAnswerError
from connectors.egress import Egress, EgressPolicy
from connectors.egress.deadline import ends_within, left
from connectors.egress.smtp import Security, SmtpServer, send
from tests.connectors.egress.servers import allowed, raw_server, reply, server

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


def get(egress: Egress, port: int, path: str = "/") -> bytes:
    return egress.request("GET", f"http://127.0.0.1:{port}{path}").content


def took(action: Callable[[], object]) -> float:
    """Seconds until the action fails as something worth trying again."""
    began = time.monotonic()
    with pytest.raises(TransientError):
        action()
    return time.monotonic() - began


def silent(caller: socket.socket) -> None:
    caller.recv(65536)
    caller.recv(1)


def drip(caller: socket.socket) -> None:
    caller.recv(65536)
    caller.sendall(HEAD)
    while True:
        caller.sendall(b"x")
        time.sleep(0.02)


@pytest.mark.asvs("13.2.6", "16.5.2")
def test_a_server_that_says_nothing_is_left_after_the_read_time() -> None:
    with raw_server(silent) as port:
        assert took(lambda: get(allowed(port, read_timeout=0.2, max_attempts=1), port)) < 5


@pytest.mark.asvs("13.2.6", "15.2.2")
def test_a_server_that_drips_is_left_after_the_total_time() -> None:
    with raw_server(drip) as port:
        egress = allowed(port, read_timeout=5, total_timeout=0.4)
        assert took(lambda: get(egress, port)) < 4
        assert took(lambda: egress.request("GET", f"http://127.0.0.1:{port}/", timeout=0.3)) < 4


def test_a_name_service_that_says_nothing_is_left() -> None:
    def slow(name: str, port: int, seconds: float) -> list[str]:
        assert 0 < seconds <= 0.3
        raise TransientError("not in time")

    with pytest.raises(TransientError, match="not in time"):
        Egress(EgressPolicy(connect_timeout=0.3), resolver=slow).request("GET", "https://slow.test/")


def test_an_inner_time_limit_never_outlives_the_outer_one() -> None:
    with ends_within(0.5), ends_within(60):
        assert left() is not None
        assert (left() or 99) <= 0.5


@pytest.mark.asvs("15.2.2")
def test_an_answer_larger_than_the_limit_is_refused() -> None:
    with (
        server(reply(200, b"x" * 5000)) as port,
        pytest.raises(VendorAnswerError, match="larger than 1000 bytes"),
    ):
        get(allowed(port, max_response_bytes=1000), port)


def bomb(levels: int) -> bytes:
    body = b"\0" * 50_000_000
    for _ in range(levels):
        body = gzip.compress(body)
    return body


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate"])
@pytest.mark.asvs("15.2.2")
def test_a_compressed_bomb_is_refused_before_it_fills_memory(encoding: str) -> None:
    plain = b"\0" * 50_000_000
    packed = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "raw deflate": zlib.compress(plain)[2:-4],
    }[encoding]
    answer = reply(
        200, packed, {"content-encoding": encoding.rpartition(" ")[2], "content-length": str(len(packed))}
    )
    with server(answer) as port:
        egress = allowed(port, max_response_bytes=1_000_000)
        tracemalloc.start()
        with pytest.raises(VendorAnswerError, match="larger than"):
            get(egress, port)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "x"])
def test_stacked_and_unasked_encodings_are_refused(encoding: str) -> None:
    packed = bomb(2)
    answer = reply(200, packed, {"content-encoding": encoding, "content-length": str(len(packed))})
    with server(answer) as port, pytest.raises(VendorAnswerError, match="not asked for"):
        get(allowed(port), port)


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(b"hello " * 1000), "gzip"),
        (gzip.compress(b"hello " * 500) + gzip.compress(b"hello " * 500), "x-gzip"),
        (zlib.compress(b"hello " * 1000), "deflate"),
        (zlib.compress(b"hello " * 1000)[2:-4], "deflate"),
        (b"hello " * 1000, "identity"),
    ],
    ids=["gzip", "two gzip members", "zlib", "raw deflate", "identity"],
)
def test_honest_compressed_answers_are_read(packed: bytes, encoding: str) -> None:
    answer = reply(200, packed, {"content-encoding": encoding, "content-length": str(len(packed))})
    with server(answer) as port:
        assert get(allowed(port), port) == b"hello " * 1000


@pytest.mark.parametrize(
    "packed", [gzip.compress(b"hello " * 1000)[:-12], b"no gzip at all"], ids=["cut short", "no gzip"]
)
def test_a_broken_compressed_answer_is_no_answer(packed: bytes) -> None:
    answer = reply(200, packed, {"content-encoding": "gzip", "content-length": str(len(packed))})
    with server(answer) as port, pytest.raises(VendorAnswerError, match="compressed"):
        get(allowed(port), port)


@pytest.mark.asvs("15.2.2")
def test_endless_headers_are_refused() -> None:
    def speak(caller: socket.socket) -> None:
        caller.recv(65536)
        caller.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            caller.sendall(f"x-{number}: {'y' * 100}\r\n".encode())

    with raw_server(speak) as port, pytest.raises(TransientError):
        get(allowed(port, max_attempts=1), port)


@pytest.mark.asvs("13.2.6")
def test_a_wait_the_vendor_asks_for_is_kept_before_the_next_attempt() -> None:
    at: list[float] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        at.append(time.monotonic())
        reply(429 if len(at) < 2 else 200, headers={"retry-after": "1"})(handler)

    with server(answer) as port:
        assert get(allowed(port), port) == b"{}"
    assert at[1] - at[0] >= 1.0


@pytest.mark.parametrize(("given", "seconds"), [("3600", 3600), ("99999999999", 86_400), ("a date", 7200)])
def test_a_longer_wait_than_sensible_is_passed_on_at_once_and_nobody_asks_again(
    given: str, seconds: float
) -> None:
    asked: list[str] = []
    if given == "a date":
        given = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        reply(503, headers={"retry-after": given})(handler)

    with server(answer) as port, pytest.raises(TransientError) as caught:
        get(allowed(port), port)
    assert len(asked) == 1
    assert caught.value.retry_after == pytest.approx(seconds, abs=5)


@pytest.mark.parametrize("given", ["inf", "nan", "-5", "soon", "Thu, 99 Foo 2020"])
def test_a_wait_that_is_none_is_ignored(given: str) -> None:
    with server(reply(429, headers={"retry-after": given})) as port, pytest.raises(TransientError) as caught:
        get(allowed(port, max_attempts=1), port)
    assert caught.value.retry_after is None


def test_attempts_are_spread_by_jitter() -> None:
    at: list[float] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        at.append(time.monotonic())
        reply(503)(handler)

    with server(answer) as port:
        for _ in range(3):
            with pytest.raises(TransientError):
                get(allowed(port, max_attempts=2), port)
    gaps = {round(at[index + 1] - at[index], 3) for index in (0, 2, 4)}
    assert len(gaps) == 3


@pytest.mark.asvs("2.4.1")
def test_an_account_keeps_to_its_rate_and_another_account_is_not_held_up() -> None:
    with server(reply(200)) as port:
        slow = allowed(port, requests_per_second=0.5, burst=2, total_timeout=0.3)
        other = Egress(EgressPolicy(allow=frozenset({f"127.0.0.1:{port}"})), account=f"other-{port}")
        get(slow, port)
        get(slow, port)
        with pytest.raises(TransientError, match="rate budget"):
            get(slow, port)
        assert get(other, port) == b"{}"


@pytest.mark.asvs("1.2.1", "14.2.4")
def test_a_token_that_http_cannot_carry_is_named_in_no_error() -> None:
    with server(reply(200)) as port, pytest.raises(SettingsError) as caught:
        allowed(port).request(
            "GET", f"http://127.0.0.1:{port}/", headers={"kong-admin-token": "s3cr3t\r\nx: y"}
        )
    assert "s3cr3t" not in str(caught.value) + caught.value.sentence()


def mail(port: int, **limits: float) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.test", "c@d.test", "x"
    policy = EgressPolicy(allow=frozenset({f"127.0.0.1:{port}"}), **limits)  # type: ignore[arg-type]
    send(message, SmtpServer("127.0.0.1", port, Security.NONE), policy)


def test_a_mail_server_that_drips_is_left_after_the_total_time() -> None:
    def speak(caller: socket.socket) -> None:
        while True:
            caller.sendall(b"220-hello\r\n")
            time.sleep(0.02)

    with raw_server(speak) as port:
        assert took(lambda: mail(port, read_timeout=5, total_timeout=0.4)) < 4


def test_a_mail_server_that_never_stops_talking_is_left() -> None:
    def speak(caller: socket.socket) -> None:
        while True:
            caller.sendall(b"220-" + b"x" * 4000 + b"\r\n")

    with raw_server(speak) as port, pytest.raises(ConnectorError, match="more than a mail server"):
        mail(port, read_timeout=30, total_timeout=60)


def test_a_part_of_a_compressed_file_is_given_as_it_is_stored() -> None:
    part = gzip.compress(b"x" * 1000)[5:20]
    with server(reply(206, part, {"content-encoding": "gzip"})) as port:
        answer = allowed(port).request("GET", f"http://127.0.0.1:{port}/", decoded=False)
        assert answer.content == part
        with pytest.raises(VendorAnswerError):
            get(allowed(port), port)
