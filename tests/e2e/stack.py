"""The whole product and the sample company on free ports, started as ``make demo`` starts them, without the tour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from controlplane.demo import product
from controlplane.demo.estate import Estate, EstateOptions, free_port, launch
from controlplane.demo.processes import Processes
from controlplane.demo.product import Product
from controlplane.demo.vendors import Vendor
from controlplane.demo.vendors import start as start_vendors

MANAGE = str(Path(__file__).resolve().parents[2] / "manage.py")


@dataclass(frozen=True)
class Stack:
    """Everything that runs. ``smtp`` and ``webhook`` are the mailbox's ports, ``mails`` its folder.

    ``private_kong`` is the address of an Admin API that the product may not reach.
    """

    product: Product
    estate: Estate
    vendors: Sequence[Vendor]
    private_kong: str
    smtp: int
    webhook: int
    mails: Path

    @property
    def root(self) -> str:
        """The address of the public page."""
        return self.product.url()

    def kill(self, name: str) -> None:
        """End web, worker or scheduler as a crash would."""
        self.product.processes.kill(name)

    def restart(self, name: str) -> None:
        """Start web, worker or scheduler again."""
        arguments = {
            "web": ("serve", "--port", str(self.product.port)),
            "worker": ("worker",),
            "scheduler": ("scheduler",),
        }[name]
        self.product.processes.start(name, MANAGE, *arguments)


@contextmanager
def running(data: Path, options: EstateOptions) -> Iterator[Stack]:
    """Start all in ``data``; stop all afterwards, the database server too."""
    smtp, webhook, port = free_port(), free_port(), free_port()
    beside = Processes(data / "logs", {})
    estate: Estate | None = None
    started: Product | None = None
    try:
        beside.start(
            "mailbox", "-m", "controlplane.demo.mailbox",
            "--smtp-port", str(smtp), "--webhook-port", str(webhook), "--folder", str(data / "mailbox"),
        )  # fmt: skip
        estate = launch(options)
        vendors = start_vendors(beside, estate.backend["url"])
        private_kong = _start_kong(beside)
        apis = (estate.aws["endpoint_url"], estate.kong["admin_url"], *(vendor.api for vendor in vendors))
        reachable = [urlsplit(url).netloc for url in apis]
        reachable += [f"127.0.0.1:{smtp}", f"127.0.0.1:{webhook}"]
        settings = product.environment(data, port, estate.aws, reachable, smtp)
        started = product.start(port, settings, data / "logs")
        yield Stack(started, estate, vendors, private_kong, smtp, webhook, data / "mailbox")
    finally:
        if started is not None:
            started.processes.stop()
        if estate is not None:
            estate.stop()
        beside.stop()
        product.stop_database(data)


def _start_kong(processes: Processes) -> str:
    """A Kong of its own; its Admin API's address."""
    admin, proxy = free_port(), free_port()
    module, ports = (
        "connectors.testkit.doubles.kong",
        ("--admin-port", str(admin), "--proxy-port", str(proxy)),
    )
    processes.start("private-kong", "-m", module, *ports, "--seed")
    return f"http://127.0.0.1:{admin}"
