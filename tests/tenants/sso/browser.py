"""A browser without a screen: it keeps cookies per host, follows redirects to the provider and back."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
import urllib3

from connectors.testkit.running import RunningDouble
from tests.clients import TenantClient

CLIENT_ID = "portcullis"
CLIENT_SECRET = "client-secret-of-the-double"


@dataclass
class Idp:
    """The provider's double, seen from a test."""

    double: RunningDouble

    @property
    def issuer(self) -> str:
        return self.double.control_url

    def order(self, **orders: Any) -> None:
        """Replace the double's orders (see ``connectors.testkit.doubles.idp.provider``)."""
        answer = urllib3.request(
            "POST", f"{self.issuer}/_double/orders", body=orjson.dumps(orders), timeout=5
        )
        assert answer.status == 200

    def seen(self) -> list[dict[str, Any]]:
        """What was asked of it."""
        found: list[dict[str, Any]] = urllib3.request("GET", f"{self.issuer}/_double/seen", timeout=5).json()
        return found

    def authorize(self, url: str) -> str:
        """Open the provider's page; return where it sends the browser back to (path and query)."""
        answer = urllib3.request("GET", url, redirect=False, timeout=5)
        assert answer.status == 302, answer.data
        parts = urlsplit(answer.headers["Location"])
        return f"{parts.path}?{parts.query}"


def began(client: TenantClient, provider_id: str, **query: str) -> str:
    """Press the button; return the provider's address the browser is sent to."""
    answer = client.get(f"/sso/{provider_id}/start", query)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def sign_in(client: TenantClient, idp: Idp, provider_id: str, **query: str) -> Any:
    """The whole way: button, provider, callback; return the product's last answer."""
    return client.get(idp.authorize(began(client, provider_id, **query)))


def problem_of(answer: Any) -> str:
    """The code the sign-in page is opened with; empty when somebody was signed in."""
    assert answer.status_code == 303, answer.content
    return dict(parse_qsl(urlsplit(answer["Location"]).query)).get("sign-in-problem", "")


def replaced(address: str, **changes: str | None) -> str:
    """The address with some parameters replaced (None: left out)."""
    path, _, query = address.partition("?")
    given = {**dict(parse_qsl(query)), **changes}
    return f"{path}?{urlencode({name: value for name, value in given.items() if value is not None})}"


def signed_in_as(client: TenantClient) -> str:
    """E-mail of whoever is signed in, else empty."""
    answer = client.get("/api/v1/session")
    return str(answer.json()["user"]["email"]) if answer.status_code == 200 else ""
