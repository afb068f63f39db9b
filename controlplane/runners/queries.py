"""Readers of runners."""

from __future__ import annotations

from django.db.models import QuerySet

from controlplane.runners.models import Runner
from tenants.errors import NotFound


def runners() -> QuerySet[Runner]:
    """Every runner by name."""
    return Runner.objects.order_by("name")


def runner(runner_id: str) -> Runner:
    """One runner; ``NotFound`` when there is none."""
    found = Runner.objects.filter(pk=runner_id).first()
    if found is None:
        raise NotFound("no-such-runner", "There is no runner with this id. Nothing was changed.")
    return found
