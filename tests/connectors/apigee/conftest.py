"""One Apigee double for the package's tests; every test leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.apigee.world import Gateway, running_gateway


@pytest.fixture(scope="package")
def started_gateway() -> Iterator[Gateway]:
    """The double with the sample company's estate."""
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def gateway(started_gateway: Gateway) -> Iterator[Gateway]:
    """The double, as it was before the test once it is over."""
    yield started_gateway
    started_gateway.double.behave()
    started_gateway.knob("POST", "addon", {"enabled": True})
    started_gateway.knob("POST", "deployments", {"outcome": "READY"})
    started_gateway.clear_flows()
    for environment in ("prod", "partners", "test"):
        started_gateway.owner(
            "PATCH", f"/environments/{environment}/securityActionsConfig", {"enabled": True}
        )
        for name in started_gateway.actions(environment):
            started_gateway.unact(name, environment)
