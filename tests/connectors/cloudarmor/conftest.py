"""One Google Cloud double for the package's tests; every test leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.cloudarmor.world import Cloud, running_cloud


@pytest.fixture(scope="package")
def started_cloud() -> Iterator[Cloud]:
    """The double with the sample company's estate."""
    with running_cloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(started_cloud: Cloud) -> Iterator[Cloud]:
    """The double; rules made during the test are removed afterwards, faults forgotten."""
    paths = (
        "global/securityPolicies/shop",
        "global/securityPolicies/partners",
        "regions/europe-west1/securityPolicies/reports",
    )
    before = {
        path: {rule["priority"] for rule in started_cloud.owner("GET", path)["rules"]} for path in paths
    }
    yield started_cloud
    started_cloud.double.behave()
    started_cloud.knob("POST", "unreachable", {"scopes": []})
    for path, known in before.items():
        for rule in started_cloud.owner("GET", path)["rules"]:
            if rule["priority"] not in known:
                started_cloud.owner("POST", f"{path}/removeRule?priority={rule['priority']}")
