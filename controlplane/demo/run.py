"""``make demo``: the product, a sample estate beside it, and the main job run through the public API.

``python -m controlplane.demo.run [--port 8000] [--data .data/demo] [--once]``. Stays until Ctrl-C; with
``--once`` it stops after the tour and fails when a step did.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from controlplane.demo import product
from controlplane.demo.customer import Customer, StepFailed
from controlplane.demo.estate import Estate, EstateOptions, free_port, launch
from controlplane.demo.processes import Processes
from controlplane.demo.tour import EMAIL, PASSWORD, Tour, console, step
from controlplane.demo.vendors import Vendor
from controlplane.demo.vendors import start as start_vendors


def _reachable(estate: Estate, others: Sequence[Vendor], smtp: int, webhook: int) -> list[str]:
    urls = (estate.aws["endpoint_url"], estate.kong["admin_url"], *(vendor.api for vendor in others))
    return [*(urlsplit(url).netloc for url in urls), f"127.0.0.1:{smtp}", f"127.0.0.1:{webhook}"]


def _goodbye(url: str, data: Path, failed: bool) -> None:
    if failed:
        console.print(f"\nThe tour stopped; the product goes on running. Logs: {data / 'logs'}")
    console.print(f"\n[bold]Open {url}[/]  and sign in as  [bold]{EMAIL}[/]  with  [bold]{PASSWORD}[/]")
    console.print("  Inventory, findings, threats and blocks fill while traffic goes on. API: /api/docs")
    console.print(f"  Mails and webhooks that went out are in {data / 'mailbox'}")
    console.print(
        "  Ctrl-C stops everything. Next: drop a log of your own under Connections → Import a file."
    )


def _tour(
    data: Path,
    port: int,
    estate: Estate,
    others: Sequence[Vendor],
    mail: tuple[int, int],
    stopping: threading.Event,
    once: bool,
) -> int:
    settings = product.environment(data, port, estate.aws, _reachable(estate, others, *mail), mail[0])
    with step("Start PostgreSQL, migrations, web, worker, scheduler"):
        running = product.start(port, settings, data / "logs")
    return show(running, Tour(Customer(port, "acme"), estate, others, *mail), data, stopping, once)


def show(running: product.Product, tour: Tour, data: Path, stopping: threading.Event, once: bool) -> int:
    """The tour at a running product, which stays until it is to stop, and is stopped whatever ends this.

    A failed step ends the tour only; gives the exit status.
    """
    failed = False
    try:
        try:
            for part in (tour.connect, tour.discover, tour.block):
                part()
        except StepFailed as error:
            failed = True
            console.print(f"  [red]✗[/] {error}")
        _goodbye(running.url("acme"), data, failed)
        while not once and not stopping.wait(1.0):
            ended = running.processes.ended()
            if ended:
                console.print(f"[red]{ended} ended by itself[/]; see {data / 'logs' / ended}.log")
                return 1
    finally:
        running.processes.stop()
    return int(failed)


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--data", type=Path, default=Path(".data/demo"))
    parser.add_argument("--once", action="store_true", help="stop after the tour")
    options = parser.parse_args()
    data = options.data.resolve()
    if not product.is_free(data):
        sys.exit(f"A demo already runs on {data}. Stop it first, or give another --data and --port.")
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    (data / "demo.pid").write_text(str(os.getpid()))
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    console.print("[bold]Portcullis demo[/]: a sample company on this machine; nothing leaves it.\n")
    smtp, webhook = free_port(), free_port()
    mailbox = Processes(data / "logs", {})
    mailbox.start(
        "mailbox", "-m", "controlplane.demo.mailbox",
        "--smtp-port", str(smtp), "--webhook-port", str(webhook), "--folder", str(data / "mailbox"),
    )  # fmt: skip
    with ExitStack() as leaving:
        leaving.callback((data / "demo.pid").unlink, missing_ok=True)
        leaving.callback(product.stop_database, data)
        leaving.callback(mailbox.stop)
        with step("Start the sample estate: accounts at every vendor, users and attackers"):
            estate = launch(EstateOptions(data=data / "estate", history_hours=2))
            leaving.callback(estate.stop)
            others = start_vendors(mailbox, estate.backend["url"])
        code = _tour(data, options.port, estate, others, (smtp, webhook), stopping, options.once)
    sys.exit(code)


if __name__ == "__main__":
    main()
