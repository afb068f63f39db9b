"""The whole product and the sample company on free ports, started as ``make demo`` starts them, without the tour."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from controlplane.demo import product
from controlplane.demo.estate import Estate, EstateOptions, free_port, launch
from controlplane.demo.processes import Processes
from controlplane.demo.product import Product

MANAGE = str(Path(__file__).resolve().parents[2] / "manage.py")


@dataclass(frozen=True)
class Stack:
    """Everything that runs. ``smtp`` and ``webhook`` are the mailbox's ports, ``mails`` its folder."""

    product: Product
    estate: Estate
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
    mailbox = Processes(data / "logs", {})
    estate: Estate | None = None
    started: Product | None = None
    try:
        mailbox.start(
            "mailbox", "-m", "controlplane.demo.mailbox",
            "--smtp-port", str(smtp), "--webhook-port", str(webhook), "--folder", str(data / "mailbox"),
        )  # fmt: skip
        estate = launch(options)
        reachable = [urlsplit(url).netloc for url in (estate.aws["endpoint_url"], estate.kong["admin_url"])]
        reachable += [f"127.0.0.1:{smtp}", f"127.0.0.1:{webhook}"]
        settings = product.environment(data, port, estate.aws, reachable, smtp)
        started = product.start(port, settings, data / "logs")
        yield Stack(started, estate, smtp, webhook, data / "mailbox")
    finally:
        if started is not None:
            started.processes.stop()
        if estate is not None:
            estate.stop()
        mailbox.stop()
        product.stop_database(data)
