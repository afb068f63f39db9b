"""Konnect's double, for hand use and the demo."""

from connectors.testkit.doubles.konnect.__main__ import CONTROL_PLANE, TOKEN
from connectors.testkit.doubles.offers import Offer

OFFER = Offer(
    connector="kong",
    name="Konnect",
    module="connectors.testkit.doubles.konnect",
    ports=("--api-port", "--proxy-port"),
    settings=lambda url: {
        "reached_by": "konnect",
        "konnect_url": url,
        "admin_token": TOKEN,
        "control_plane": CONTROL_PLANE,
    },
    untold=("PUT, DELETE /core-entities/plugins", "PUT, DELETE /core-entities/routes"),
)
