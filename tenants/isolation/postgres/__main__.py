"""Command line of the embedded server."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from tenants.isolation.postgres.cluster import Cluster, ServerFailed


def data_directory() -> Path:
    """Return the product's data directory: PORTCULLIS_DATA, else `.data` in the repository."""
    return Path(os.environ.get("PORTCULLIS_DATA") or Path(__file__).resolve().parents[3] / ".data").absolute()


def embedded(port: int | None = None) -> Cluster:
    """Return the product's own server."""
    return Cluster(data_directory() / "postgres", port=port)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status (status: 0 running, 3 stopped)."""
    parser = argparse.ArgumentParser(prog="python -m tenants.isolation.postgres", description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "status", "run"])
    parser.add_argument("--port", type=int, help="port on 127.0.0.1 and of the socket (default: a free one)")
    options = parser.parse_args(arguments)
    cluster = embedded(options.port)
    try:
        return COMMANDS[options.command](cluster)
    except ServerFailed as error:
        print(error, file=sys.stderr)
        return 1


def _start(cluster: Cluster) -> int:
    address = cluster.start()
    print(f"PostgreSQL answers on {address.folder} port {address.port}; its files are in {cluster.root}.")
    return 0


def _stop(cluster: Cluster) -> int:
    print("PostgreSQL stopped." if cluster.stop() else "PostgreSQL was not running.")
    return 0


def _status(cluster: Cluster) -> int:
    pid = cluster.running_pid()
    print(f"PostgreSQL is running (pid {pid})." if pid else "PostgreSQL is not running.")
    return 0 if pid else 3


def _run(cluster: Cluster) -> int:
    _start(cluster)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    return _stop(cluster)


COMMANDS = {"start": _start, "stop": _stop, "status": _status, "run": _run}

if __name__ == "__main__":
    sys.exit(main())
