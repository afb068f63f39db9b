"""One destination and one delivery of each tenant."""

from controlplane.alerts.models import Delivery, Destination


def build() -> dict[str, str]:
    """Create them in the entered tenant; nothing is sent."""
    destination = Destination.objects.create(
        connector="webhook", name="CANARY", settings={"url": "https://canary.example.com/"}, events=[]
    )
    delivery = Delivery.objects.create(
        destination=destination,
        event="test",
        subject_id="x",
        version="1",
        severity="info",
        subject="CANARY",
        text="CANARY",
    )
    return {"alert-destination": destination.id, "alert-delivery": delivery.id}
