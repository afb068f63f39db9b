"""Alerts by mail: readable, safe against injection, honest about failure."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from connectors.base.capabilities import Message
from connectors.base.errors import RefusedError, SettingsError, TransientError
from connectors.egress import Egress, EgressPolicy
from connectors.egress.smtp import Security, SmtpServer, send
from connectors.email.manifest import EmailSettings
from connectors.email.notify import Notify, mail_of
from connectors.testkit.running import free_port, local_egress

ALERT = Message(
    "dlv_1",
    "Attack on <orders>",
    "First part.\n\nSecond <b>part</b>.",
    "https://acme.example/t/1",
    "high",
    {},
)
AT = dt.datetime(2026, 9, 28, 12, 0, tzinfo=dt.UTC)


class Inbox:
    """Keeps accepted mails; answers what a test wants to a recipient or to the message."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.recipient_answers: dict[str, str] = {}
        self.message_answer = "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.recipient_answers.get(address)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope.content)
        return self.message_answer


class Server(Controller):
    """aiosmtpd on a free port, with or without STARTTLS."""

    def factory(self):
        return SMTP(self.handler, tls_context=self.SMTP_kwargs.get("tls_context"), hostname="mail.test")


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox) -> Iterator[int]:
    server = Server(inbox, hostname="127.0.0.1", port=free_port())
    server.start()
    yield server.port
    server.stop()


def settings(port: int, **changes) -> EmailSettings:
    given = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "alerts@acme.example",
        "to": ["a@x.example"],
    }
    return EmailSettings(**{**given, **changes})


def test_a_mail_has_a_plain_and_an_html_part_with_the_link(inbox, port):
    delivery = Notify(settings(port), local_egress(port), clock=lambda: AT).send(ALERT)
    assert delivery.accepted
    mail = message_from_bytes(inbox.mails[0], policy=policy.default)
    assert mail["Subject"] == "[high] Attack on <orders>"
    assert mail["Message-ID"] == "<dlv_1@acme.example>" == delivery.remote_id
    plain, html = (_part(mail, kind) for kind in ("plain", "html"))
    assert "Second <b>part</b>." in plain
    assert "https://acme.example/t/1" in plain
    assert "&lt;b&gt;" in html
    assert '<a href="https://acme.example/t/1">' in html


@pytest.mark.asvs("1.2.1", "1.2.2", "1.3.11")
def test_nothing_in_an_alert_can_add_headers_or_markup():
    evil = Message(
        "x\r\nBcc: a@b",
        "Hi\r\nBcc: thief@evil.example\r\n\r\nbody",
        "\ud800",
        "javascript:alert(1)",
        "high",
        {},
    )
    mail = message_from_bytes(mail_of(evil, settings(25), AT).as_bytes(), policy=policy.default)
    assert mail["Bcc"] is None
    assert "thief" in mail["Subject"]
    assert "javascript" not in _part(mail, "html")


def test_refused_recipients_are_named_when_others_got_it(inbox, port):
    inbox.recipient_answers = {"gone@x.example": "550 no such user"}
    delivery = Notify(settings(port, to=["a@x.example", "gone@x.example"]), local_egress(port)).send(ALERT)
    assert delivery.accepted
    assert "gone@x.example" in delivery.detail


@pytest.mark.parametrize(
    ("answer", "error"), [("550 no such user", SettingsError), ("451 later", TransientError)]
)
def test_a_refusal_of_every_recipient_is_final_or_worth_another_try(inbox, port, answer, error):
    inbox.recipient_answers = {"a@x.example": answer}
    with pytest.raises(error):
        Notify(settings(port), local_egress(port)).send(ALERT)


@pytest.mark.parametrize(("answer", "error"), [("554 spam", SettingsError), ("452 full", TransientError)])
def test_a_refused_message_is_final_or_worth_another_try(inbox, port, answer, error):
    inbox.message_answer = answer
    with pytest.raises(error):
        Notify(settings(port), local_egress(port)).send(ALERT)


def test_a_server_that_is_away_is_transient():
    port = free_port()
    with pytest.raises(TransientError):
        Notify(settings(port), local_egress(port)).send(ALERT)


@pytest.mark.asvs("1.3.6")
def test_private_mail_servers_are_refused_unless_the_operator_allows_them(port):
    egress = Egress(EgressPolicy(), account="mail-private")
    with pytest.raises(RefusedError):
        Notify(settings(port), egress).send(ALERT)


@pytest.mark.asvs("12.3.1")
def test_starttls_that_is_not_offered_is_a_settings_error(port):
    with pytest.raises(SettingsError):
        Notify(settings(port, security="starttls"), local_egress(port)).send(ALERT)


@pytest.mark.parametrize(
    "changes",
    [
        {"sender": "a@b\r\nBcc: x@y"},
        {"to": ["Ann <a@b.example>"]},
        {"to": []},
        {"password": "s3cret"},
        {"host": "mail.example\r\n"},
    ],
)
@pytest.mark.asvs("1.3.3", "1.3.11")
def test_settings_that_cannot_work_are_refused_in_the_form(changes):
    with pytest.raises(ValidationError):
        settings(25, **{**changes, **({"host": "mail.example\r\nx"} if "host" in changes else {})})


@pytest.fixture
def certificate(tmp_path):
    """A certificate for ``localhost``; gives (server context, client context)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "cert.pem"
    form = serialization.Encoding.PEM
    secret = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(form) + secret)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(path)
    trusting = ssl.create_default_context(cadata=made.public_bytes(form).decode())
    return served, trusting


@pytest.fixture
def tls_port(inbox, certificate) -> Iterator[int]:
    server = Server(inbox, hostname="127.0.0.1", port=free_port(), tls_context=certificate[0])
    server.start()
    yield server.port
    server.stop()


def _policy(port: int) -> EgressPolicy:
    return EgressPolicy(allow=frozenset({f"localhost:{port}", f"127.0.0.1:{port}"}))


def test_starttls_encrypts_the_session(inbox, tls_port, certificate):
    mail = mail_of(ALERT, settings(tls_port), AT)
    assert send(mail, SmtpServer("localhost", tls_port), _policy(tls_port), certificate[1]) == {}
    assert len(inbox.mails) == 1


@pytest.mark.asvs("12.3.2")
def test_a_certificate_for_another_name_is_a_settings_error(inbox, tls_port, certificate):
    mail = mail_of(ALERT, settings(tls_port), AT)
    with pytest.raises(SettingsError, match="certificate"):
        send(mail, SmtpServer("127.0.0.1", tls_port), _policy(tls_port), certificate[1])
    assert inbox.mails == []


@pytest.mark.asvs("12.3.1")
def test_a_password_never_travels_in_clear(port):
    server = SmtpServer("127.0.0.1", port, Security.NONE, "ann", "s3cret")
    with pytest.raises(SettingsError, match="unencrypted"):
        send(mail_of(ALERT, settings(port), AT), server, _policy(port))


def _part(mail, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return found.get_content()
