"""Google Cloud's double, for hand use and the demo."""

from connectors.testkit.doubles.gcp.estate import PROJECT
from connectors.testkit.doubles.offers import Offer, service_account_key

OFFER = Offer(
    connector="cloudarmor",
    name="Google Cloud Armor",
    module="connectors.testkit.doubles.gcp",
    ports=("--api-port", "--proxy-port"),
    settings=lambda url: {
        "project_id": PROJECT,
        "service_account_key": service_account_key(url, "portcullis"),
        "api_url": url,
        "logs": "pull",
        "enterprise": True,
    },
)
