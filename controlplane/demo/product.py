"""Start the product as an operator would: database, migrations, web, workers, scheduler."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import urllib3

from controlplane.demo.processes import Processes


@dataclass(frozen=True, slots=True)
class Product:
    """A running product; ``port`` is the web server's on 127.0.0.1."""

    port: int
    processes: Processes

    def url(self, slug: str = "") -> str:
        """A tenant's address, or the base address."""
        return f"http://{slug}.localhost:{self.port}" if slug else f"http://localhost:{self.port}"


def environment(
    data: Path, port: int, aws: Mapping[str, str], reachable: list[str], smtp: int
) -> dict[str, str]:
    """The operator's settings: where data lives, our AWS identity, which private addresses may be reached, and
    the port of the mail server for mails about accounts.
    """
    return {
        "PORTCULLIS_DATA": str(data),
        "PORTCULLIS_PUBLIC_URL": f"http://{{tenant}}.localhost:{port}",
        "PORTCULLIS_EGRESS_ALLOW": ",".join(reachable),
        "PORTCULLIS_EMAIL_URL": f"smtp://127.0.0.1:{smtp}",
        "PORTCULLIS_AWS_ACCESS_KEY_ID": aws["platform_access_key_id"],
        "PORTCULLIS_AWS_SECRET_ACCESS_KEY": aws["platform_secret_access_key"],
        "PORTCULLIS_AWS_PRINCIPAL_ARN": aws["platform_principal_arn"],
    }


def start(port: int, settings: Mapping[str, str], logs: Path) -> Product:
    """Migrate, then start web, worker and scheduler and wait until the web answers."""
    processes = Processes(logs, settings)
    manage = str(Path(__file__).resolve().parents[2] / "manage.py")
    try:
        processes.run("migrate", manage, "migrate_all")
        processes.start("web", manage, "serve", "--port", str(port))
        processes.start("worker", manage, "worker")
        processes.start("scheduler", manage, "scheduler")
        processes.wait("web", lambda: _answers(port))
    except BaseException:
        processes.stop()
        raise
    return Product(port, processes)


def _answers(port: int) -> bool:
    try:
        answer = urllib3.request(
            "GET",
            f"http://127.0.0.1:{port}/",
            headers={"host": f"localhost:{port}"},
            timeout=2,
            retries=False,
        )
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status < 500


def is_free(data: Path) -> bool:
    """Whether no demo runs on this data folder (its file names a living process)."""
    try:
        os.kill(int((data / "demo.pid").read_text()), 0)
    except (OSError, ValueError):
        return True
    return False


def stop_database(data: Path) -> None:
    """Stop the embedded PostgreSQL of this data folder."""
    command = [sys.executable, "-m", "tenants.isolation.postgres", "stop"]
    subprocess.run(
        command, env={**os.environ, "PORTCULLIS_DATA": str(data)}, check=False, stdout=subprocess.DEVNULL
    )
