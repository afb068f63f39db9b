"""Mails leave by the operator's mail server through the one door out, and nowhere else."""

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from django.test.utils import override_settings

from connectors.egress.smtp import Security
from connectors.testkit.running import free_port
from tenants.accounts.outgoing import server_of
from tenants.accounts.services import ask_reset, mail
from tenants.orgs.types import OrgInfo


class Inbox:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.mails.append(envelope.content)  # type: ignore[attr-defined]
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    kept, port = Inbox(), free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    yield kept, port
    controller.stop()


def test_a_mail_goes_through_the_egress_to_the_server_the_operator_named(
    acme: OrgInfo, inbox: tuple[Inbox, int], run_jobs: Callable[..., int]
) -> None:
    kept, port = inbox
    from tenants.isolation.context import tenant_context

    with override_settings(
        EMAIL_BACKEND="tenants.accounts.outgoing.EgressMail",
        EMAIL_URL=f"smtp://127.0.0.1:{port}",
        DEFAULT_FROM_EMAIL="Portcullis <no-reply@portcullis.example>",
    ):
        with tenant_context(acme.schema_name):
            ask_reset("viewer@acme.test", "203.0.113.1")
        run_jobs()
    [raw] = kept.mails
    document = message_from_bytes(raw, policy=policy.default)
    assert document["To"] == "viewer@acme.test"
    assert document["From"] == "Portcullis <no-reply@portcullis.example>"
    assert str(document["Message-ID"]).endswith("@portcullis.example>")
    assert f"http://acme.localhost{mail.RESET_PAGE}#" in document.get_content()


@pytest.mark.parametrize(
    ("url", "security", "port", "user"),
    [
        ("smtp+starttls://u%40x:p%2F@mail.example.com", Security.STARTTLS, 587, "u@x"),
        ("smtps://mail.example.com:4465", Security.TLS, 4465, ""),
        ("smtp://mail.example.com", Security.NONE, 25, ""),
    ],
)
def test_the_address_of_a_mail_server_is_read(url: str, security: Security, port: int, user: str) -> None:
    server = server_of(url)
    assert (server.security, server.port, server.username) == (security, port, user)


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail.example.com", "smtp://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="PORTCULLIS_EMAIL_URL"):
        server_of(url)
