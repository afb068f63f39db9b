"""Only public addresses are connected to, and an exchange stays within its limits."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest

from connectors.base.errors import RefusedError, TransientError, VendorAnswerError
from connectors.egress import Egress, EgressPolicy
from tests.connectors.egress.servers import allowed, reply, server


@pytest.mark.asvs("12.3.1")
def test_without_tls_nothing_is_sent_unless_the_operator_allowed_the_pair() -> None:
    with pytest.raises(RefusedError, match="without encryption"):
        Egress(EgressPolicy()).request("GET", "http://93.184.215.14/")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://x/", "unix:///run/x.sock", "ftp://example.com/", "//x/"]
)
@pytest.mark.asvs("1.2.2", "1.3.6")
def test_only_web_addresses_are_opened(url: str) -> None:
    with pytest.raises(RefusedError, match="Only http and https"):
        Egress(EgressPolicy()).request("GET", url)


def test_an_allowed_pair_may_be_kept_to_one_workspace_or_one_connection() -> None:
    text = "10.0.0.1:80, acme/10.0.0.2:80,con_1/10.0.0.3:80, acme/[fd00::1]:8001, bad, x/"
    everyone, acme = EgressPolicy.from_text(text), EgressPolicy.from_text(text, "acme", "con_2")
    assert [everyone.allows_private(f"10.0.0.{last}", 80) for last in (1, 2, 3)] == [True, False, False]
    assert [acme.allows_private(f"10.0.0.{last}", 80) for last in (1, 2, 3)] == [True, True, False]
    assert EgressPolicy.from_text(text, "globex", "con_1").allows_private("10.0.0.3", 80)
    assert acme.allows_private("[FD00::1]", 8001)
    assert not everyone.allows_private("fd00::1", 8001)


@pytest.mark.asvs("13.2.4", "13.2.5")
def test_the_operator_opens_one_host_and_port_and_no_other() -> None:
    with server(reply(200)) as port:
        assert allowed(port).request("GET", f"http://127.0.0.1:{port}/").status == 200
        with pytest.raises(RefusedError):
            allowed(port + 1).request("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.asvs("15.3.2")
def test_redirects_are_not_followed() -> None:
    with server(reply(302, headers={"location": "http://169.254.169.254/"})) as port:
        assert allowed(port).request("GET", f"http://127.0.0.1:{port}/").status == 302


@pytest.mark.asvs("13.2.6")
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


def test_an_answer_that_is_no_json_names_the_likely_cause() -> None:
    with server(reply(200, b"<html>")) as port, pytest.raises(VendorAnswerError, match="not JSON"):
        allowed(port).request("GET", f"http://127.0.0.1:{port}/").json()


def test_nobody_answering_is_temporary_and_says_what_to_check() -> None:
    with server(reply(200)) as port:
        pass
    with pytest.raises(TransientError) as caught:
        allowed(port, max_attempts=1).request("GET", f"http://127.0.0.1:{port}/")
    assert "Check the address" in caught.value.sentence()
