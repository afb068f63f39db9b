"""The real web server in its own process: where a message ends is read in one way, and nothing is told about the server."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.telemetry.serving import served
from tests.database import TestDatabases

pytestmark = pytest.mark.slow
HOST = "Host: acme.localhost\r\n"
#: A second request for whoever reads the first one to another end.
HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: acme.localhost\r\n\r\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture
def port(committed_db: TestDatabases, data: Path) -> Iterator[int]:
    """Where the product serves."""
    with served(committed_db.environment(data), _answers) as (number, _):
        yield number


def _answers(port: int) -> bool:
    try:
        return b" 200 " in said(
            port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
    except OSError:
        return False


def said(port: int, sent: bytes) -> bytes:
    """Everything the server answers until it closes, or says no more for two seconds; it has to do either."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as session:
        session.sendall(sent)
        heard = b""
        try:
            while chunk := session.recv(65536):
                heard += chunk
                session.settimeout(2)
        except ConnectionResetError:
            pass  # closed with bytes of ours unread
        except TimeoutError:
            assert heard, sent
    return heard


def statuses(heard: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3})", heard)]


def post(headers: str, body: bytes) -> bytes:
    return (
        f"POST /api/v1/session HTTP/1.1\r\n{HOST}Content-Type: application/json\r\n{headers}\r\n".encode()
        + body
    )


REFUSED = {
    "two lengths": post("Content-Length: 2\r\nContent-Length: 40\r\n", b"{}" + HIDDEN),
    "two lengths in one": post("Content-Length: 2, 40\r\n", b"{}" + HIDDEN),
    "a signed length": post("Content-Length: +2\r\n", b"{}" + HIDDEN),
    "a negative length": post("Content-Length: -2\r\n", b"{}" + HIDDEN),
    "a length in hexadecimal": post("Content-Length: 0x2\r\n", b"{}" + HIDDEN),
    "a space before the colon": post("Content-Length : 2\r\n", b"{}" + HIDDEN),
    "an unknown coding": post("Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + HIDDEN),
    "a coding that is not the last": post("Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n" + HIDDEN),
    "a folded header": post("Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + HIDDEN),
    "a NUL in a header": post("X-A: a\0b\r\n", HIDDEN),
    "a bare CR in a header": post("X-A: a\rContent-Length: 2\r\n", b"{}" + HIDDEN),
    "no version": b"GET /healthz\r\n\r\n",
}


@pytest.mark.asvs("4.2.1")
def test_a_message_whose_end_can_be_read_in_two_ways_is_refused(port: int) -> None:
    answers = {name: statuses(said(port, sent)) for name, sent in REFUSED.items()}
    assert {name: found for name, found in answers.items() if found not in ([400], [])} == {}


@pytest.mark.asvs("4.2.1")
def test_with_both_a_length_and_chunks_the_chunks_count(port: int) -> None:
    inside = f"{len(HIDDEN):x}\r\n".encode() + HIDDEN + b"\r\n0\r\n\r\n"
    for headers in (
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\nConnection: keep-alive\r\n",
    ):
        assert len(statuses(said(port, post(headers, inside)))) == 1, headers


@pytest.mark.asvs("13.4.4", "13.4.6")
def test_the_server_echoes_nothing_and_names_no_version(port: int) -> None:
    for method in ("TRACE", "GET", "POST", "OPTIONS"):
        for path in ("/", "/api/v1/session", "/healthz", "/nothing.txt", "*"):
            request = (
                f"{method} {path} HTTP/1.1\r\n{HOST}X-Probe: probe-of-trace\r\nConnection: close\r\n\r\n"
            )
            heard = said(port, request.encode())
            head = heard.partition(b"\r\n\r\n")[0]
            assert b"probe-of-trace" not in heard, (method, path)
            assert not re.search(rb"(?im)^(server|x-powered-by|via):.*\d", head), head
            if method == "TRACE" and path != "/healthz":
                assert statuses(heard)[0] >= 400, path
