"""Cloudflare's double, for hand use and the demo."""

from connectors.testkit.doubles.cloudflare.__main__ import ACCOUNT
from connectors.testkit.doubles.offers import Offer

OFFER = Offer(
    connector="cloudflare",
    name="Cloudflare",
    module="connectors.testkit.doubles.cloudflare",
    ports=("--api-port", "--edge-port"),
    settings=lambda url: {
        "api_url": f"{url}/client/v4",
        "api_token": "acme-admin-token",
        "account_id": ACCOUNT,
        "pull_events": True,
    },
)
