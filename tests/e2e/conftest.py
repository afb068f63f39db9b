"""The running product and one browser for the whole journey."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.demo.estate import EstateOptions
from tests.e2e.browser import Person, chromium, executable, person
from tests.e2e.stack import Stack, running


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Product, vendors, traffic and mailbox on free ports."""
    if executable() is None:
        message = (
            "No Chromium was found, so the browser journey was not run. Install one: apt-get install chromium"
        )
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    folder = Path(tempfile.mkdtemp(prefix="portcullis-e2e-"))
    folder.chmod(0o755)
    try:
        with running(folder, EstateOptions(data=folder / "estate", history_hours=0.5)) as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def owner(stack: Stack) -> Iterator[Person]:
    """The person who signs up and does the main job."""
    with chromium() as browser, person(browser) as someone:
        yield someone


@pytest.fixture
def night_owl(owner: Person) -> Iterator[Person]:
    """The same member at another browser, which prefers dark."""
    browser = owner.page.context.browser
    with person(browser, "dark") as someone:
        someone.page.context.add_cookies(owner.page.context.cookies())  # type: ignore[arg-type]
        yield someone
