"""Federation app: no tables."""

from django.apps import AppConfig


class FederationConfig(AppConfig):
    """Issuer, signing keys, and the identity of connections."""

    name = "controlplane.federation"
    label = "federation"

    def ready(self) -> None:
        """Register the start-up check of the issuer."""
        from controlplane.federation import checks  # noqa: F401
