"""One mail out: the SMTP session opens its socket only to addresses the egress guard allows."""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from typing import Any, Final

from connectors.base.errors import ConnectorError, SettingsError, TransientError
from connectors.egress.deadline import ends_within, left
from connectors.egress.guard import Resolver, resolve_allowed
from connectors.egress.policy import EgressPolicy

_UNSENT = "The mail was not sent."
_MAX_ANSWERS: Final = 1024 * 1024


class Security(StrEnum):
    """How the session is encrypted. Credentials are never sent without encryption."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server and, when it wants one, the login."""

    host: str
    port: int
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = ""


def send(
    message: EmailMessage,
    server: SmtpServer,
    policy: EgressPolicy,
    context: ssl.SSLContext | None = None,
    resolver: Resolver | None = None,
) -> dict[str, str]:
    """Hand one message over; gives the refused recipients with the server's words when others were accepted.

    Raises ``TransientError`` (time-out, lost connection, 4xx), ``SettingsError`` (login, certificate, 5xx) and
    ``RefusedError`` (address not allowed).
    """
    if server.password and server.security is Security.NONE:
        raise SettingsError(
            "The mail server's password would be sent unencrypted.",
            unchanged=_UNSENT,
            action="Choose STARTTLS or TLS, or remove the login.",
        )
    try:
        with (
            ends_within(policy.total_timeout),
            _session(server, policy, context, resolver) as session,
        ):
            if server.username:
                session.login(server.username, server.password)
            refused = session.send_message(message)
    except ConnectorError:
        raise
    except (smtplib.SMTPException, OSError) as error:
        raise _mapped(error, server) from error
    return {address: _said(text) for address, (_, text) in refused.items()}


class _Bounded(socket.socket):
    """A socket whose reads end with the deadline and after ``_MAX_ANSWERS`` bytes in all.

    The library reads replies of any number of lines; each one restarts the socket's own time-out.
    """

    _heard = 0

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Read within what is left."""
        self.settimeout(left(self.gettimeout()))
        count = super().recv_into(*args, **kwargs)
        self._heard += count
        if self._heard > _MAX_ANSWERS:
            raise OSError("it sent more than a mail server has to say")
        return count


class _BoundedTls(ssl.SSLSocket):
    """The same inside TLS."""

    _heard = 0

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Read within what is left."""
        self.settimeout(left(self.gettimeout()))
        count = super().recv_into(*args, **kwargs)
        self._heard += count
        if self._heard > _MAX_ANSWERS:
            raise OSError("it sent more than a mail server has to say")
        return count


class _GuardedSmtp(smtplib.SMTP):
    """SMTP whose socket goes to a checked address; certificates are still checked against the host's name."""

    def __init__(self, server: SmtpServer, policy: EgressPolicy, resolver: Resolver | None) -> None:
        self._policy = policy
        self._resolver = resolver
        super().__init__(server.host, server.port, timeout=policy.read_timeout, local_hostname="portcullis")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _open(host, port, self._policy, self._resolver)


class _GuardedSmtps(smtplib.SMTP_SSL):
    """SMTP in TLS from the first byte."""

    def __init__(
        self, server: SmtpServer, policy: EgressPolicy, context: ssl.SSLContext, resolver: Resolver | None
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        super().__init__(
            server.host,
            server.port,
            timeout=policy.read_timeout,
            local_hostname="portcullis",
            context=context,
        )

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = _open(host, port, self._policy, self._resolver)
        try:
            return self.context.wrap_socket(plain, server_hostname=host)
        except (OSError, ValueError):
            plain.close()
            raise


def _session(
    server: SmtpServer, policy: EgressPolicy, context: ssl.SSLContext | None, resolver: Resolver | None
) -> smtplib.SMTP:
    if server.security is Security.NONE:
        return _GuardedSmtp(server, policy, resolver)
    context = context or ssl.create_default_context()
    context.sslsocket_class = _BoundedTls
    if server.security is Security.TLS:
        return _GuardedSmtps(server, policy, context, resolver)
    session = _GuardedSmtp(server, policy, resolver)
    try:
        session.starttls(context=context)
    except BaseException:
        session.close()
        raise
    return session


def _open(host: str, port: int, policy: EgressPolicy, resolver: Resolver | None) -> socket.socket:
    """A connection to the first allowed address that answers."""
    failure: OSError = OSError(f"no address of {host} answered")
    for address in resolve_allowed(host, port, policy, resolver, policy.connect_timeout):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        opened = _Bounded(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(left(policy.connect_timeout))
            opened.connect((address, port))
        except OSError as error:
            opened.close()
            failure = error
            continue
        opened.settimeout(policy.read_timeout)
        return opened
    raise failure


def _mapped(error: smtplib.SMTPException | OSError, server: SmtpServer) -> ConnectorError:
    where = f"The mail server {server.host}:{server.port}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return SettingsError(
            f"{where} refused the login.", unchanged=_UNSENT, action="Check user name and password."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return SettingsError(
            f"{where} showed a certificate that is not valid for its name.",
            unchanged=_UNSENT,
            action="Enter the name the certificate was made for.",
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return SettingsError(
            f"{where} does not offer what the settings ask for: {error}.",
            unchanged=_UNSENT,
            action="Check encryption and login in the settings.",
        )
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = {code for code, _ in error.recipients.values()}
        text = "; ".join(f"{address}: {_said(said)}" for address, (_, said) in error.recipients.items())
        return _by_code(min(codes, default=550), f"{where} refused every recipient: {text}")
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, f"{where} answered {error.smtp_code}: {_said(error.smtp_error)}")
    return TransientError(f"{where} could not be reached or hung up: {error}.", unchanged=_UNSENT)


def _by_code(code: int, what: str) -> ConnectorError:
    if 400 <= code < 500 or code < 0:
        return TransientError(what, unchanged=_UNSENT)
    return SettingsError(what, unchanged=_UNSENT, action="Check sender and recipients in the settings.")


def _said(text: bytes | str) -> str:
    return text.decode(errors="replace")[:200] if isinstance(text, bytes) else text[:200]
