"""Every test begins without signing keys, as a new deployment does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings


@pytest.fixture(autouse=True)
def no_keys() -> Iterator[None]:
    """No key before, and none after."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    data = Path(settings.DATA_DIR)
    shutil.rmtree(data / "federation", ignore_errors=True)
    for file in (data / "vault").glob("federation-*"):
        file.unlink()
