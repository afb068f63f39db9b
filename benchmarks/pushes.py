"""Calls pushed over HTTP into the running product: how fast they are acknowledged, and how soon they are calls.

``python -m benchmarks.pushes [--seconds 60] [--senders 4] [--batch 1000]`` starts the product (embedded PostgreSQL, web,
workers) in a temporary folder; sender threads push Kong records, each the next as soon as the last is acknowledged.
Senders, server and workers share this machine's cores. Every acknowledged call is looked for afterwards.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from benchmarks.imports import running
from controlplane.demo.customer import Customer

_PATIENCE_SECONDS = 900.0


def record(sender: int, number: int, now_ms: int) -> dict[str, Any]:
    """One request as Kong logs it, about 700 bytes; every fiftieth carries an attack."""
    target = f"/v1/orders/{number % 9973}?page={number % 7}"
    if number % 50 == 0:
        target = "/v1/search?q=1%20UNION%20SELECT%20password%20FROM%20users--"
    return {
        "request": {
            "id": f"{sender:04x}{number:028x}", "method": "GET", "uri": target, "size": 182,
            "url": f"https://shop.example{target}", "querystring": {},
            "headers": {
                "host": "shop.example", "user-agent": "shop-app/7.1 (Android 15)", "accept": "application/json",
                "authorization": "REDACTED", "x-forwarded-for": f"203.0.113.{number % 250}",
            },
        },
        "response": {"status": 200, "size": 1843, "headers": {"content-type": "application/json"}},
        "latencies": {"request": 23, "proxy": 20, "kong": 3},
        "client_ip": f"203.0.113.{number % 250}", "started_at": now_ms, "upstream_status": "200",
        "consumer": {"id": f"c{number % 400}", "username": f"app-{number % 400}"},
        "service": {"id": "s1", "name": "orders"}, "route": {"id": "r1", "name": "orders"},
    }  # fmt: skip


@dataclass
class Sender:
    """One gateway: what it sent and how long each acknowledgement took, in seconds."""

    number: int
    address: str
    headers: dict[str, str]
    batch: int
    acknowledged: int = 0
    refused: int = 0
    took: list[float] = field(default_factory=list)

    def run(self, until: float) -> None:
        """Push until the time (monotonic) is over."""
        pool, sent = urllib3.PoolManager(), 0
        while time.monotonic() < until:
            now = int(time.time() * 1000)
            body = json.dumps([record(self.number, sent + n, now) for n in range(self.batch)]).encode()
            packed = gzip.compress(body, 1)
            sent += self.batch
            begun = time.monotonic()
            answer = pool.request(
                "POST", self.address, body=packed, headers=self.headers, timeout=60, retries=False
            )
            self.took.append(time.monotonic() - begun)
            if answer.status == 202:
                self.acknowledged += self.batch
            else:
                self.refused += 1
                time.sleep(1)


def main() -> None:
    """Push, wait until everything is stored, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--batch", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as port:
        customer = Customer(port, "pushes")
        customer.sign_up("Pushes", "owner@pushes.example", "correct-horse-battery-staple")
        draft = {"connector": "kong", "name": "Gateway", "settings": {"admin_url": "http://127.0.0.1:1"}}
        connection = customer.call("POST", "/api/v1/connections", draft)["id"]
        token = customer.call("POST", f"/api/v1/connections/{connection}/rotate-token")["ingest_token"]
        headers = {
            "host": f"pushes.localhost:{port}", "authorization": f"Bearer {token}",
            "content-type": "application/json", "content-encoding": "gzip",
        }  # fmt: skip
        address = f"http://127.0.0.1:{port}/api/v1/ingest/{connection}"
        senders = [Sender(n, address, headers, options.batch) for n in range(options.senders)]
        begun = time.monotonic()
        threads = [threading.Thread(target=sender.run, args=(begun + options.seconds,)) for sender in senders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pushed = time.monotonic() - begun
        acknowledged = sum(sender.acknowledged for sender in senders)
        stored = _stored(customer, connection, acknowledged)
        took = sorted(value for sender in senders for value in sender.took)
        _print(
            acknowledged,
            sum(sender.refused for sender in senders),
            pushed,
            took,
            stored,
            time.monotonic() - begun,
        )


def _stored(customer: Customer, connection: str, wanted: int) -> int:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    calls = 0
    while calls < wanted and time.monotonic() < deadline:
        time.sleep(0.5)
        page = customer.call("GET", f"/api/v1/connections/{connection}/traffic")
        calls = sum(source["calls"] for source in page["sources"])
    return calls


def _print(
    acknowledged: int, refused: int, pushed: float, took: list[float], stored: int, whole: float
) -> None:
    def at(share: float) -> float:
        return took[min(len(took) - 1, int(len(took) * share))] * 1000

    print(
        f"acknowledged   {acknowledged} calls in {pushed:.1f} s: {acknowledged / pushed:,.0f} calls/s, {refused} refused"
    )
    print(
        f"acknowledgement p50 {at(0.5):.0f} ms  p95 {at(0.95):.0f} ms  p99 {at(0.99):.0f} ms  ({len(took)} pushes)"
    )
    print(f"stored         {stored} calls after {whole:.1f} s: {stored / whole:,.0f} calls/s")
    if stored != acknowledged:
        raise SystemExit(f"{acknowledged - stored} acknowledged calls are missing")


if __name__ == "__main__":
    main()
