"""One service and one endpoint of each tenant."""

from controlplane.inventory.models import Endpoint, Service


def build() -> dict[str, str]:
    """Create them in the entered tenant."""
    service = Service.objects.create(connection="con_x", ref="CANARY", name="CANARY service")
    endpoint = Endpoint.objects.create(
        host="canary.example.com", method="GET", template="/CANARY/{id}", shape="/CANARY/{}", service=service
    )
    return {"service": service.id, "endpoint": endpoint.id}
