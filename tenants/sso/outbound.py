"""Every fetch of single sign-on: through the egress guard, https only, small answers, short waits."""

from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings

from connectors.egress import ConnectorError, Egress, EgressPolicy, EgressResponse
from tenants.isolation.context import require_tenant

LARGEST = 1024 * 1024


class Unreachable(Exception):
    """The provider gave no usable answer; the message is a sentence for the administrator."""


def check_address(url: str) -> str:
    """Return the address when it may be used: https, or http to a host and port the operator opened.

    Raises ValueError with the reason.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("Enter an address that starts with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("The address may hold neither a user name nor a fragment.")
    if parts.scheme == "http" and not _policy().allows_private(parts.hostname, parts.port or 80):
        raise ValueError("The address must start with https://.")
    return url


def fetch(
    url: str, *, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None
) -> EgressResponse:
    """Exchange one request with a provider; raises Unreachable. Redirects are not followed."""
    try:
        check_address(url)
    except ValueError as error:
        raise Unreachable(f"{url} is not used. {error}") from None
    egress = Egress(_policy(), account=f"{require_tenant().schema_name}:sso")
    try:
        return egress.request(method, url, headers=headers, content=body, raise_transient=False)
    except ConnectorError as error:
        raise Unreachable(error.sentence()) from error
    finally:
        egress.close()


def fetch_ok(url: str) -> EgressResponse:
    """Read an address that has to answer 200; raises Unreachable."""
    answer = fetch(url)
    if answer.status != 200:
        raise Unreachable(f"{url} answered with status {answer.status}.")
    return answer


def _policy() -> EgressPolicy:
    opened = EgressPolicy.from_text(getattr(settings, "EGRESS_ALLOW", ""), require_tenant().slug)
    return replace(
        opened,
        max_response_bytes=LARGEST,
        read_timeout=8.0,
        connect_timeout=4.0,
        total_timeout=15.0,
        max_attempts=2,
    )
