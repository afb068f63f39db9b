"""A certificate that is expired, of another host, self-signed or of an unknown authority ends the exchange."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import trustme

from connectors.base.errors import ConnectorError, SettingsError
from connectors.egress import Egress, EgressPolicy
from connectors.egress.smtp import Security, SmtpServer, send
from tests.connectors.egress.servers import allowed, raw_server, reply, server

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def get(port: int, verify: ssl.SSLContext | None) -> int:
    egress = allowed(port, verify=verify, host="localhost.localhost")
    return egress.request("GET", f"https://localhost.localhost:{port}/").status


def bad(kind: str, authority: trustme.CA) -> trustme.LeafCert:
    name = "localhost.localhost"
    long_ago: dict[str, Any] = {"not_before": NOW - timedelta(days=30), "not_after": NOW - timedelta(days=1)}
    return {
        "expired": lambda: authority.issue_cert(name, **long_ago),
        "of another host": lambda: authority.issue_cert("other.test"),
        "of the address only": lambda: authority.issue_cert("127.0.0.1"),
        "of an unknown authority": lambda: trustme.CA().issue_cert(name),
        "wildcard over two labels": lambda: authority.issue_cert("*.test"),
    }[kind]()


KINDS = [
    "expired",
    "of another host",
    "of the address only",
    "of an unknown authority",
    "wildcard over two labels",
]


def test_a_good_certificate_is_accepted(authority: trustme.CA) -> None:
    with server(reply(200), serving(authority.issue_cert("localhost.localhost"))) as port:
        assert get(port, trusting(authority)) == 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.asvs("12.3.1", "12.3.2")
def test_a_certificate_that_is_not_valid_is_refused_and_not_tried_again(
    kind: str, authority: trustme.CA
) -> None:
    asked: list[str] = []
    with (
        server(lambda handler: asked.append(handler.path), serving(bad(kind, authority))) as port,
        pytest.raises(SettingsError, match="certificate that is not valid"),
    ):
        get(port, trusting(authority))
    assert asked == []


def test_the_systems_authorities_are_the_default(authority: trustme.CA) -> None:
    good = serving(authority.issue_cert("localhost.localhost"))
    with server(reply(200), good) as port, pytest.raises(SettingsError, match="not valid"):
        get(port, None)


@pytest.mark.asvs("12.1.1")
def test_old_versions_of_tls_are_refused(authority: trustme.CA) -> None:
    context = serving(authority.issue_cert("localhost.localhost"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with server(reply(200), context) as port, pytest.raises(ConnectorError):
        get(port, trusting(authority))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.asvs("12.3.1", "12.3.2")
def test_a_mail_servers_certificate_is_checked_too(
    kind: str, security: Security, authority: trustme.CA
) -> None:
    context = serving(bad(kind, authority))
    heard: list[bytes] = []

    def speak(caller: Any) -> None:
        if security is Security.STARTTLS:
            caller.sendall(b"220 hello\r\n")
            caller.recv(1000)
            caller.sendall(b"250-hello\r\n250 STARTTLS\r\n")
            caller.recv(1000)
            caller.sendall(b"220 go\r\n")
        with context.wrap_socket(caller, server_side=True) as inner:
            heard.append(inner.recv(1000))

    message = EmailMessage()
    message["From"], message["To"] = "a@b.test", "c@d.test"
    host = "localhost.localhost"
    with raw_server(speak) as port:
        policy = EgressPolicy(allow=frozenset({f"{host}:{port}"}))
        with pytest.raises(SettingsError, match="certificate that is not valid"):
            send(message, SmtpServer(host, port, security, "user", "s3cr3t"), policy, trusting(authority))
    assert heard == []


def test_a_build_that_does_not_check_certificates_is_noticed(authority: trustme.CA) -> None:
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    with server(reply(200), serving(bad("expired", authority))) as port:
        assert get(port, careless) == 200


def test_a_request_carries_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(reply(200)) as port, raw_server(lambda caller: None) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        egress = Egress(EgressPolicy(allow=frozenset({f"127.0.0.1:{port}"})))
        assert egress.request("GET", f"http://127.0.0.1:{port}/").status == 200
