"""A storage account of Azure and an account of AWS, each in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.egress import Egress
from connectors.testkit.running import RunningDouble, local_egress, running_double
from tests.connectors.bucket.world import NOON, Container, Door


@pytest.fixture(scope="session")
def blob_double() -> Iterator[RunningDouble]:
    """The double of a storage account; lists come in pages of three."""
    with running_double("connectors.testkit.doubles.azureblob", ["--page", "3"], ("--port",)) as double:
        yield double


@pytest.fixture
def egress(blob_double: RunningDouble) -> Iterator[Egress]:
    made = local_egress(*blob_double.ports)
    yield made
    made.close()


@pytest.fixture
def container(blob_double: RunningDouble) -> Iterator[Container]:
    """An empty container; it is noon there."""
    made = Container(blob_double)
    made.it_is(NOON)
    yield made
    blob_double.behave()
    made.put_all([{"wipe": True}])


@pytest.fixture
def door() -> Door:
    return Door()
