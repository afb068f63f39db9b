"""Every vendor that offers a double is connected through the dashboard's form, what only sends logs, and a Kong behind
a runner.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from connectors.base.manifest import Manifest
from connectors.base.registry import manifests
from connectors.testkit.doubles.offers import Offer, found
from tests.e2e.browser import PASSWORD, Person
from tests.e2e.stack import Stack
from tests.e2e.vendor import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]
RUNNER = str(Path(sys.executable).parent / "portcullis-runner")
ASKED = 60_000
LINE = {
    "remote_addr": "198.18.3.1", "host": "books.example.com", "request_method": "GET", "request_uri": "/library/books/7",
    "server_protocol": "HTTP/1.1", "status": "200", "request_time": "0.020", "http_user_agent": "reader/1",
}  # fmt: skip


def stored(someone: Person, connection: str) -> dict[str, Any]:
    """The connection as the page's own session is told."""
    answer: dict[str, Any] = someone.page.evaluate(
        "async (id) => (await fetch(`/api/v1/connections/${id}`)).json()", connection
    )
    return answer


def begin(someone: Person, address: str, manifest: Manifest, name: str) -> str:
    """Choose the connector and name the connection; its id."""
    someone.go(f"{address}/connections/new")
    someone.press(f"Connect {manifest.title}")
    someone.fill("Name", name)
    someone.press("Continue")
    someone.page.get_by_role("button", name=re.compile("^Save and (check|continue)$")).wait_for()
    [connection] = re.findall(r"connection=(con_\w+)", someone.page.url)
    if someone.page.get_by_role("button", name=re.compile("^Advanced settings")).count():
        someone.press("Advanced settings")
    return str(connection)


def refused(someone: Person) -> str:
    """The sentence beside the form, or beside the checks."""
    alert = someone.page.get_by_role("main").get_by_role("alert").first
    alert.wait_for(timeout=ASKED)
    return alert.inner_text()


def read(someone: Person, address: str, connection: str) -> dict[str, Any]:
    """Read the configuration for the first time; the connection as it is then stored."""
    someone.page.get_by_role("button", name="Read the configuration").click()
    someone.page.get_by_role("link", name="See the endpoints").and_(
        someone.page.locator(":not([data-disabled])")
    ).click(timeout=ASKED)
    return until(
        "endpoints of the connection",
        lambda: (seen := stored(someone, connection))["counts"]["endpoints"] and seen,
        60,
        lambda: stored(someone, connection),
    )


def check_sections(someone: Person, seen: dict[str, Any]) -> None:
    """The page shows how much of each section was read; what is not complete has its reason beside it."""
    table = someone.page.get_by_role("table", name="Sections of the configuration")
    table.get_by_role("row").nth(len(seen["sections"])).wait_for()
    rows = [row.inner_text().split("\t") for row in table.get_by_role("row").all()[1:]]
    shown = {tuple(text.strip() for text in row[1:]) for row in rows}
    assert shown == {(entry["completeness"].capitalize(), entry["reason"]) for entry in seen["sections"]}
    for entry in seen["sections"]:
        assert entry["completeness"] == "complete" or (entry["completeness"] == "partial" and entry["reason"])


@pytest.mark.parametrize("offer", found(), ids=lambda offer: offer.name)
def test_a_vendor_is_connected_with_what_its_double_says_to_enter(
    stack: Stack, newcomer: Person, offer: Offer
) -> None:
    address = f"http://newcomer.localhost:{stack.product.port}"
    manifest = manifests()[offer.connector]
    [vendor] = [vendor for vendor in stack.vendors if vendor.offer == offer]
    connection = begin(newcomer, address, manifest, offer.name)
    fields = manifest.settings.model_json_schema()["properties"]
    labels = {fields[name]["title"]: value for name, value in vendor.settings.items()}
    secrets = {fields[name]["title"] for name in vendor.settings if "password" in str(fields[name])}

    for label, value in labels.items():
        newcomer.enter(label, "not-what-the-vendor-gave" if label in secrets else value)
    assert newcomer.show_both(f"connect-{offer.name}-form") == []
    if secrets:
        newcomer.press("Save and check")
        sentence = refused(newcomer)
        assert newcomer.show_both(f"connect-{offer.name}-refused") == []
        assert re.search(r"[a-z]{2}\. ?", sentence), sentence
        left = stored(newcomer, connection)
        assert left["counts"] == {"services": None, "endpoints": None}, "what could not be read is not known"
        assert {section["completeness"] for section in left["sections"]} <= {"unknown"}
        assert left["status"] in ("draft", "failed", "degraded"), left
        back = newcomer.page.get_by_role("button", name="Back to the settings")
        if back.count():
            back.click()
        for label in secrets:
            newcomer.enter(label, labels[label])

    newcomer.press("Save and check")
    newcomer.page.get_by_role("button", name="Read the configuration").and_(
        newcomer.page.locator(":enabled")
    ).wait_for(timeout=ASKED)
    shown = newcomer.page.get_by_role("main").inner_text()
    tested = {entry["action"] for entry in stored(newcomer, connection)["permissions"]}
    assert tested, "which are asked for may depend on the settings"
    assert [action for action in tested if action not in shown] == []
    assert shown.count("Granted") == len(tested - set(offer.untold)), shown
    assert newcomer.show_both(f"connect-{offer.name}-checked") == []

    seen = read(newcomer, address, connection)
    for tab in ("permissions", "configuration", "settings"):
        newcomer.go(f"{address}/connections/{connection}?tab={tab}")
        newcomer.page.wait_for_timeout(1000)
        assert newcomer.show_both(f"connection-{offer.name}-{tab}") == []
        if tab == "configuration":
            check_sections(newcomer, seen)
        assert [label for label in secrets if str(labels[label]) in newcomer.page.content()] == []
    assert newcomer.problems == []


def test_what_only_sends_logs_has_nothing_to_check_and_shows_when_they_arrive(
    stack: Stack, newcomer: Person
) -> None:
    address = f"http://newcomer.localhost:{stack.product.port}"
    begin(newcomer, address, manifests()["nginx"], "nginx")
    path = urlsplit(newcomer.copies("ingest url")).path
    headers = {
        "host": f"newcomer.localhost:{stack.product.port}",
        "authorization": f"Bearer {newcomer.copies('ingest token')}",
    }
    newcomer.press("Save and continue")
    newcomer.sees("No calls have arrived yet")
    lines = "\n".join(
        json.dumps({**LINE, "msec": str(time.time()), "request_id": f"r{n}"}) for n in range(20)
    )
    url = f"http://127.0.0.1:{stack.product.port}{path}"
    assert urllib3.request("POST", url, headers=headers, body=lines.encode()).status < 300
    newcomer.sees("Calls received", 60)
    newcomer.sees("What this source can tell")
    assert newcomer.show_both("connect-nginx-calls") == []
    assert newcomer.problems == []


@contextmanager
def running(state: Path, reach: str) -> Iterator[None]:
    """The runner's own command, beside the gateway."""
    with (state / "log").open("wb") as log:
        process = subprocess.Popen([RUNNER, "run", "--state", str(state), "--reach", reach], stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_a_kong_that_is_not_reachable_is_connected_through_a_runner(
    stack: Stack, newcomer: Person, tmp_path: Path
) -> None:
    address = f"http://newcomer.localhost:{stack.product.port}"
    newcomer.go(f"{address}/settings/runners")
    assert newcomer.show_both("runners-none") == []
    newcomer.proves(PASSWORD)
    newcomer.press("Add a runner")
    dialog = newcomer.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Data centre")
    dialog.get_by_role("button", name="Add", exact=True).click()
    newcomer.sees("Enrol Data centre")
    command = shlex.split(dialog.locator("pre").first.inner_text())
    assert newcomer.show_both("runner-command") == []
    assert command[0] == Path(RUNNER).name
    done = subprocess.run(
        [RUNNER, *command[1:], "--state", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    newcomer.press("I have kept it")

    manifest = manifests()["kong"]
    connection = begin(newcomer, address, manifest, "Private Kong")
    newcomer.enter(str(manifest.settings.model_fields["admin_url"].title), stack.private_kong)
    newcomer.press("Save and check")
    sentence = refused(newcomer)
    assert urlsplit(stack.private_kong).netloc in sentence
    assert "Nothing was sent. Use https, a remote runner" in sentence
    assert newcomer.show_both("runner-needed") == []
    newcomer.press("Back to the settings")
    with running(tmp_path, urlsplit(stack.private_kong).netloc):
        newcomer.enter("Requests are sent", "by the runner Data centre")
        newcomer.press("Save and check")
        newcomer.page.get_by_role("button", name="Read the configuration").and_(
            newcomer.page.locator(":enabled")
        ).wait_for(timeout=ASKED)
        seen = read(newcomer, address, connection)
        newcomer.go(f"{address}/connections/{connection}?tab=configuration")
        check_sections(newcomer, seen)
        newcomer.go(f"{address}/settings/runners")
        newcomer.sees("Online")
        newcomer.sees(urlsplit(stack.private_kong).netloc)
        assert newcomer.show_both("runners") == []
    assert newcomer.problems == []
