"""The running product and one browser for the whole journey."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.demo.customer import Customer
from controlplane.demo.estate import EstateOptions
from tests.e2e.browser import PASSWORD, Person, chromium, executable, person
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
def browser(stack: Stack) -> Iterator[Any]:
    """One browser for everybody."""
    with chromium() as running_browser:
        yield running_browser


@pytest.fixture(scope="session")
def owner(browser: Any) -> Iterator[Person]:
    """The person who signs up and does the main job."""
    with person(browser) as someone:
        yield someone


@pytest.fixture(scope="session")
def newcomer(stack: Stack, browser: Any) -> Iterator[Person]:
    """Somebody signed in to a workspace of their own, in which nothing is connected."""
    customer = Customer(stack.product.port, "newcomer")
    address = customer.sign_up("Newcomer", "admin@newcomer.example", PASSWORD)
    with person(browser) as someone:
        for name, value in customer.cookies.items():
            someone.page.context.add_cookies([{"name": name, "value": value, "url": address}])
        yield someone


@pytest.fixture
def night_owl(owner: Person, browser: Any) -> Iterator[Person]:
    """The same member at another browser, which prefers dark."""
    with person(browser, "dark") as someone:
        someone.page.context.add_cookies(owner.page.context.cookies())  # type: ignore[arg-type]
        yield someone
