"""Deliver an alert as one mail with a plain and an HTML part."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from connectors.base.capabilities import Delivery, Message
from connectors.egress import Egress
from connectors.egress.smtp import SmtpServer, send
from connectors.email.manifest import EmailSettings

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")


class Notify:
    """The notify capability. ``clock`` gives an aware time."""

    def __init__(
        self,
        settings: EmailSettings,
        egress: Egress,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._policy = egress.policy
        self._clock = clock

    def send(self, message: Message) -> Delivery:
        """Hand the mail to the server; errors as ``connectors.egress.smtp.send`` gives them."""
        settings = self._settings
        server = SmtpServer(
            host=settings.host,
            port=settings.port,
            security=settings.security,
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else "",
        )
        mail = mail_of(message, settings, self._clock())
        refused = send(mail, server, self._policy)
        detail = f"{settings.host} accepted the mail for {len(settings.to) - len(refused)} recipients."
        if refused:
            detail += " Refused: " + "; ".join(
                f"{address} ({said})" for address, said in sorted(refused.items())
            )
        return Delivery(True, detail, str(mail["Message-ID"]))


def mail_of(message: Message, settings: EmailSettings, at: datetime) -> EmailMessage:
    """The mail; nothing an attacker put into an alert can add a header or markup."""
    mail = EmailMessage()
    domain = settings.sender.rpartition("@")[2]
    mail["Subject"] = _one_line(f"[{message.severity}] {message.subject}")[:200]
    mail["From"] = settings.sender
    mail["To"] = ", ".join(settings.to)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9_.-]', '', message.id) or 'alert'}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    text = message.text.encode(errors="replace").decode()
    mail.set_content(f"{text}\n\n{_one_line(message.url)}\n" if message.url else f"{text}\n")
    mail.add_alternative(_html(message, text), subtype="html")
    return mail


def _html(message: Message, text: str) -> str:
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n") if part.strip())
    link = ""
    if urlsplit(_one_line(message.url)).scheme in ("http", "https"):
        link = f'<p><a href="{html.escape(_one_line(message.url))}">Open in Portcullis</a></p>'
    title = html.escape(_one_line(message.subject))
    return f"<!doctype html><html><body><h3>{title}</h3>{paragraphs}{link}</body></html>\n"


def _one_line(value: str) -> str:
    return _CONTROL.sub(" ", value).strip()
