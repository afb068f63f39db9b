"""Federation app: no tables."""

from django.apps import AppConfig


class FederationConfig(AppConfig):
    """Issuer, signing keys, and the identity of connections."""

    name = "controlplane.federation"
    label = "federation"
