"""What the tests of several connectors stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.issuer import Issuer, running_issuer


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """Our issuer as vendors find it, one for a module."""
    with running_issuer() as made:
        yield made
