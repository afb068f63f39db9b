"""Readers of alerts."""

from __future__ import annotations

from django.db.models import QuerySet

from controlplane.alerts.models import Delivery, Destination


def destinations() -> QuerySet[Destination]:
    """Destinations, newest first."""
    return Destination.objects.order_by("-id")


def deliveries() -> QuerySet[Delivery]:
    """The delivery log, newest first."""
    return Delivery.objects.select_related("destination").order_by("-id")
