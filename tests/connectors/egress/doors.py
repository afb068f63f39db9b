"""The doors by which a tenant can give the product an address to open; each takes one and tries it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from connectors.aws.identity import AwsPlatformIdentity
from connectors.aws.manifest import AwsSettings
from connectors.aws.session import AwsSession, Role
from connectors.base.capabilities import Message
from connectors.egress import Egress, EgressPolicy
from connectors.egress.smtp import Security
from connectors.email.manifest import EmailSettings
from connectors.email.notify import Notify as Mail
from connectors.kong.client import AdminApi
from connectors.kong.form import KongSettings
from connectors.webhook.manifest import WebhookSettings
from connectors.webhook.notify import Notify as Webhook

Door = Callable[[str], object]
_MESSAGE = Message("msg_1", "subject", "text", "https://x.example", "high", {})


def policy() -> EgressPolicy:
    """A deployment that allows nothing private, without waits; without TLS too, so that the guard stands alone."""
    return EgressPolicy(
        connect_timeout=2,
        read_timeout=2,
        max_attempts=1,
        requests_per_second=1e6,
        burst=10**6,
        require_tls=False,
    )


def url_doors() -> dict[str, Door]:
    """Doors that take a URL."""
    egress = Egress(policy(), account="corpus")
    return {
        "egress": lambda url: egress.request("GET", url),
        "webhook": lambda url: Webhook(WebhookSettings(url=url, secret="whsec_eA=="), egress).send(_MESSAGE),
        "kong": lambda url: AdminApi(KongSettings(admin_url=url), egress).node(),
        "aws": lambda url: _aws(url, egress),
    }


def host_doors() -> dict[str, Door]:
    """Doors that take a host name."""
    egress = Egress(policy(), account="corpus")

    def mail(host: str, security: Security, port: int) -> object:
        settings = EmailSettings(host=host, port=port, security=security, sender="a@b.test", to=("c@d.test",))
        return Mail(settings, egress, lambda: datetime(2026, 1, 1, tzinfo=UTC)).send(_MESSAGE)

    return {
        "smtp": lambda host: mail(host, Security.NONE, 25),
        "smtp-starttls": lambda host: mail(host, Security.STARTTLS, 587),
        "smtp-tls": lambda host: mail(host, Security.TLS, 465),
    }


def _aws(url: str, egress: Egress) -> object:
    settings = AwsSettings(
        account_id="1" * 12,
        regions=["eu-west-1"],
        role_arn=f"arn:aws:iam::{'1' * 12}:role/x",
        endpoint_url=url,
    )
    identity = AwsPlatformIdentity("AKIAEXAMPLE", "arn:aws:iam::222222222222:user/x", "not a real key")
    session = AwsSession(settings, egress, identity=identity, pace=lambda *_: None)
    return session.call("sts", "GetCallerIdentity", "eu-west-1", role=Role.NOBODY)
