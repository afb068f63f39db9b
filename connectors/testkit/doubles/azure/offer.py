"""Azure's double, for hand use and the demo."""

from connectors.testkit.doubles.azure.estate import CLIENT, SECRET, SUBSCRIPTION, TENANT, WORKSPACE
from connectors.testkit.doubles.offers import Offer

OFFER = Offer(
    connector="azure",
    name="Azure",
    module="connectors.testkit.doubles.azure",
    ports=("--port", "--proxy-port"),
    settings=lambda url: {
        "tenant_id": TENANT,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "subscriptions": [SUBSCRIPTION],
        "workspace_id": WORKSPACE,
        "login_url": url,
        "management_url": url,
        "logs_url": f"{url}/loganalytics",
    },
)
