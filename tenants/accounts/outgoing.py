"""Django's mail through the one door out: the operator's mail server (`PORTCULLIS_EMAIL_URL`), and no other."""

import email
from collections.abc import Sequence
from email.message import EmailMessage as Document
from email.policy import SMTP
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from connectors.egress import EgressPolicy
from connectors.egress.smtp import Security, SmtpServer, send

KINDS = {
    "smtp": (Security.NONE, 25),
    "smtp+starttls": (Security.STARTTLS, 587),
    "smtps": (Security.TLS, 465),
}


class EgressMail(BaseEmailBackend):
    """Hands mails to the mail server of `EMAIL_URL`, which may be on a private address: the operator named it."""

    def __init__(self, fail_silently: bool = False, **ignored: Any) -> None:
        super().__init__(fail_silently=fail_silently)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send each; raises what the egress raises, so that a job tries again."""
        server = server_of(settings.EMAIL_URL)
        policy = EgressPolicy.from_text(f"{server.host}:{server.port}")
        for message in email_messages:
            document = email.message_from_bytes(message.message().as_bytes(), _class=Document, policy=SMTP)
            send(document, server, policy)
        return len(email_messages)


def server_of(url: str) -> SmtpServer:
    """Read `smtp+starttls://user:password@host:port` (also `smtps://`, and `smtp://` without encryption)."""
    parts = urlsplit(url)
    if parts.scheme not in KINDS or not parts.hostname:
        raise ValueError("PORTCULLIS_EMAIL_URL must look like smtp+starttls://user:password@host:587")
    security, port = KINDS[parts.scheme]
    return SmtpServer(
        parts.hostname,
        parts.port or port,
        security,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
