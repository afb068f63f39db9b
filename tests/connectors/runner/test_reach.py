"""What a runner does in its network, and what it refuses whoever asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.base.errors import SettingsError
from connectors.runner.reach import carried_out, reach_from
from connectors.runner.wire import FailureKind, Work


class Estate(BaseHTTPRequestHandler):
    """Says back what it was sent."""

    seen: list[tuple[str, str, dict[str, str], bytes]] = []

    def _answer(self) -> None:
        time.sleep(2.0 if self.path == "/slow" else 0)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        sent = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.command, self.path, sent, body))
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("set-cookie", "session=a")
        self.send_header("location", "http://169.254.169.254/latest/meta-data")
        self.end_headers()
        self.wfile.write(b"here")

    do_GET = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def place() -> Iterator[str]:
    Estate.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Estate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _work(url: str, method: str = "GET", **more: object) -> Work:
    return Work("rly_1", "rnr_1", 2e9, method, url, timeout=5.0, **more)  # type: ignore[arg-type]


def test_a_listed_address_is_called_and_its_answer_comes_back(place):
    reach = reach_from([place], [], read_only=False, authorities=None)
    work = _work(f"http://{place}/routes?size=5", "PUT", headers=(("x-a", "1"),), content=b"{}")
    answer = carried_out(work, reach, reach.opened(), 5.0)
    assert (answer.status, answer.content, answer.failure) == (200, b"here", None)
    ((method, path, sent, body),) = Estate.seen
    assert (method, path, sent["x-a"], body) == ("PUT", "/routes?size=5", "1", b"{}")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data", "https://example.com/", "file:///etc/passwd",
     "http://[::1", "http://{place}@evil.example/", "gopher://{place}/", ""],
)  # fmt: skip
@pytest.mark.asvs("1.3.6", "15.3.2")
def test_no_other_address_is_called_even_for_genuine_work(place, url):
    reach = reach_from([place], [], read_only=False, authorities=None)
    answer = carried_out(_work(url.replace("{place}", place)), reach, reach.opened(), 5.0)
    assert answer.failure is not None
    assert answer.failure.kind in ("refused", "settings")
    assert Estate.seen == []


def test_a_redirect_is_handed_back_and_not_followed(place):
    reach = reach_from([place], [], read_only=False, authorities=None)
    assert carried_out(_work(f"http://{place}/away"), reach, reach.opened(), 5.0).status == 302


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_runner_that_only_reads_writes_nothing(place, method):
    reach = reach_from([place], [], read_only=True, authorities=None)
    answer = carried_out(_work(f"http://{place}/x", method), reach, reach.opened(), 5.0)
    assert answer.failure is not None
    assert answer.failure.what.endswith(f"This runner only reads, and {method} writes.")
    assert Estate.seen == []


def test_headers_kept_at_the_runner_replace_those_of_the_work(place, tmp_path):
    (tmp_path / "token").write_text("kept-here\n")
    reach = reach_from(
        [place], [f"{place}=Kong-Admin-Token: @{tmp_path}/token"], read_only=False, authorities=None
    )
    work = _work(f"http://{place}/", headers=(("Kong-Admin-Token", "from-outside"),))
    assert carried_out(work, reach, reach.opened(), 5.0).status == 200
    assert Estate.seen[0][2]["kong-admin-token"] == "kept-here"


@pytest.mark.parametrize(
    ("addresses", "headers"),
    [
        ([], []),
        (["kong:8001"], ["kong:8001=A: ü"]),
        (["kong"], []),
        (["http://kong:8001"], []),
        (["kong:8001"], ["other:1=A: b"]),
        (["kong:8001"], ["kong:8001=nothing"]),
        (["kong:8001"], ["kong:8001=A: @/not/there"]),
    ],
)
def test_a_command_line_that_means_nothing_is_refused_with_a_sentence(addresses, headers):
    with pytest.raises(SettingsError) as refused:
        reach_from(addresses, headers, read_only=False, authorities=None)
    assert "was not started" in refused.value.sentence()


def test_a_file_without_authorities_is_named(place, tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    reach = reach_from([place], [], read_only=False, authorities=tmp_path / "ca.pem")
    with pytest.raises(SettingsError, match="holds no certificate authorities"):
        reach.opened()


def test_what_became_of_a_request_is_told_as_far_as_it_is_known(place):
    reach = reach_from([place, "127.0.0.1:1"], [], read_only=False, authorities=None)
    slow = carried_out(_work(f"http://{place}/slow", "PUT"), reach, reach.opened(), 0.5)
    assert slow.failure is not None
    assert slow.failure.kind is FailureKind.UNANSWERED
    closed = carried_out(_work("http://127.0.0.1:1/", "PUT"), reach, reach.opened(), 5.0)
    assert closed.failure is not None
    assert closed.failure.kind is FailureKind.UNSENT
    odd = carried_out(_work(f"http://{place}/", "PÜT"), reach, reach.opened(), 5.0)
    assert odd.failure is not None
    assert odd.failure.kind is FailureKind.SETTINGS


def test_a_reading_runner_sends_no_header_that_makes_a_write_of_a_read(place):
    reach = reach_from([place], [], read_only=True, authorities=None)
    work = _work(f"http://{place}/", headers=(("X-HTTP-Method-Override", "DELETE"), ("x-a", "1")))
    assert carried_out(work, reach, reach.opened(), 5.0).status == 200
    assert "x-http-method-override" not in Estate.seen[0][2]
    assert Estate.seen[0][2]["x-a"] == "1"


def test_a_cookie_of_one_connection_is_never_sent_with_another(place):
    reach = reach_from([place], [], read_only=False, authorities=None)
    door = reach.opened()
    for _ in range(2):
        assert carried_out(_work(f"http://{place}/cookie"), reach, door, 5.0).status == 200
    assert all("cookie" not in sent for _, _, sent, _ in Estate.seen)
