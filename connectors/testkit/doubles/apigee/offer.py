"""Apigee's double, for hand use and the demo."""

from connectors.testkit.doubles.apigee.estate import ORGANISATION
from connectors.testkit.doubles.offers import Offer, service_account_key

OFFER = Offer(
    connector="apigee",
    name="Apigee",
    module="connectors.testkit.doubles.apigee",
    ports=("--api-port", "--proxy-port"),
    settings=lambda url: {
        "organization": ORGANISATION,
        "service_account_key": service_account_key(url, "portcullis"),
        "api_url": url,
        "message_log": "apigee-portcullis",
    },
)
