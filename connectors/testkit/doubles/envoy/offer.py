"""Envoy's double, for hand use and the demo."""

from connectors.testkit.doubles.offers import Offer

OFFER = Offer(
    connector="envoy",
    name="Envoy",
    module="connectors.testkit.doubles.envoy",
    ports=("--admin-port",),
    settings=lambda url: {"admin_url": url},
)
