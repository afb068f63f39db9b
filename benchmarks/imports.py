"""Seconds from dropping a file to its inventory and its findings or threats, through the product's own API.

``python -m benchmarks.imports FILE…`` starts the product (embedded PostgreSQL, web, worker) in a temporary folder and
drops each file into a workspace of its own. Inventory: the first answer of ``GET /endpoints`` that holds an endpoint.
Settled: the import is done and neither endpoints nor findings nor threats changed for twenty seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from controlplane.demo import product
from controlplane.demo.customer import Customer
from controlplane.demo.estate import free_port

_QUIET_SECONDS = 20.0
_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file: seconds after the upload began, and what stood there in the end."""

    uploaded: float
    inventory: float | None
    judged: float | None
    done: float | None
    settled: float
    row: dict[str, Any]
    endpoints: int
    findings: int
    threats: int

    def line(self, name: str) -> str:
        """The figures as one line."""
        times = (self.uploaded, self.inventory, self.judged, self.done, self.settled)
        shown = " ".join("     –" if value is None else f"{value:6.1f}" for value in times)
        counts = f"{self.row['calls']:7d} {self.row['quarantined']:5d} {self.endpoints:6d} {self.findings:6d}"
        return f"{name:24.24s} {shown} {counts} {self.threats:6d}  {self.row['state']} {self.row['failure']}"


@contextmanager
def running(data: Path) -> Iterator[int]:
    """The product in a folder of its own; gives its port and stops everything afterwards."""
    port = free_port()
    identity = dict.fromkeys(
        ("platform_access_key_id", "platform_secret_access_key", "platform_principal_arn"), ""
    )
    settings = product.environment(data, port, identity, [], free_port())  # nobody takes mail
    started = product.start(port, settings, data / "logs")
    try:
        yield port
    finally:
        started.processes.stop()
        product.stop_database(data)


def _upload(customer: Customer, file: Path) -> dict[str, Any]:
    name = f"{customer.slug}.localhost:{customer.port}"
    headers = {
        "host": name,
        "origin": f"http://{name}",
        "referer": f"http://{name}/",
        "x-csrftoken": customer.csrf,
        "cookie": "; ".join(f"{key}={value}" for key, value in customer.cookies.items()),
    }
    answer = urllib3.request(
        "POST",
        f"http://127.0.0.1:{customer.port}/api/v1/imports",
        headers=headers,
        fields={"file": (file.name, file.read_bytes())},
        timeout=120,
        retries=False,
    )
    if answer.status != 202:
        raise SystemExit(f"{file} was not taken: {answer.status} {answer.data.decode(errors='replace')}")
    made: dict[str, Any] = answer.json()
    return made


def measure(port: int, slug: str, file: Path) -> Outcome:
    """Drop one file into a new workspace and watch until nothing changes any more."""
    customer = Customer(port, slug)
    customer.sign_up(slug, f"owner@{slug}.example", "correct-horse-battery-staple")
    started = time.monotonic()
    row = _upload(customer, file)
    uploaded = time.monotonic() - started
    inventory = judged = done = None
    counts, changed = (0, 0, 0), uploaded
    while True:
        at = time.monotonic() - started
        row = customer.call("GET", f"/api/v1/imports/{row['id']}")
        totals = customer.call("GET", "/api/v1/overview")["counts"]
        now = (totals["endpoints"], totals["findings_open"], totals["threats_open"])
        if now != counts:
            counts, changed = now, at
        if counts[0] and inventory is None:
            inventory = at
        if (counts[1] or counts[2]) and judged is None:
            judged = at
        if row["state"] in ("done", "failed"):
            done = at if done is None else done
            if at - max(changed, done) > _QUIET_SECONDS:
                break
        if at > _PATIENCE_SECONDS:
            break
        time.sleep(0.25)
    return Outcome(uploaded, inventory, judged, done, max(changed, done or changed), row, *counts)


def main() -> None:
    """Measure every file and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args()
    print(f"{'file':24s} upload invent. judged   done settled   calls  bad endpts findgs threats")
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as port:
        for number, file in enumerate(options.files, start=1):
            print(measure(port, f"bench{number}", file).line(file.name), flush=True)


if __name__ == "__main__":
    main()
