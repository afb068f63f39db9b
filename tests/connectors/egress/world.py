"""Runs the corpus through every door in a network of its own where *every* address on earth answers.

Started by ``unshare --map-root-user --mount --net``: all IPv4 and IPv6 destinations are local to the new network,
so that a packet to 169.254.169.254 arrives at a counting server instead of being lost. The machine's own resolver
asks our DNS server. Prints one JSON document. ``--broken`` takes one safety out first, to prove that it is seen.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import httpx
from pydantic import ValidationError

from connectors.base.errors import ConnectorError, RefusedError, TransientError
from connectors.egress import client, guard, smtp, transport
from tests.connectors.egress.corpus import HONEST, Hostile, corpus, hosts
from tests.connectors.egress.doors import Door, host_doors, url_doors
from tests.connectors.egress.names import HostileZone, hostile_dns
from tests.connectors.egress.sinks import PORTS, Sinks, sinks

_SETUP = (
    "ip link set lo up",
    "ip route add local 0.0.0.0/0 dev lo",
    "ip -6 route add local ::/0 dev lo",
)


def make_world(folder: Path) -> None:
    """Make every address local and let the resolver ask 127.0.0.1."""
    for command in _SETUP:
        subprocess.run(command.split(), check=True)
    resolv = folder / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", str(resolv), "/etc/resolv.conf"], check=True)


def try_all(door: Door, addresses: Iterable[Hostile], zone: HostileZone, waiting: Sinks) -> dict[str, Any]:
    """Send each address through one door; tell how it ended and who was reached that may not be."""
    ends = {"refused": 0, "no answer": 0, "answered": 0}
    reached, surprises = [], []
    for entry in addresses:
        zone.restart()
        before = len(waiting.connects)
        try:
            door(entry.url)
            ends["answered"] += 1
        except TransientError:
            ends["no answer"] += 1
        except (ConnectorError, ValidationError):
            ends["refused"] += 1
        except Exception as error:
            surprises.append(f"{entry.url!r}: {type(error).__name__}: {error}")
        for host, port in waiting.connects[before:]:
            if host not in HONEST:
                reached.append(f"{entry.url!r} ({entry.why}) reached {host}:{port}")
    return {**ends, "tried": sum(ends.values()) + len(surprises), "reached": reached, "surprises": surprises}


def _by_name(
    backend: Any, host: str, port: int, timeout: Any = None, **options: Any
) -> httpcore.NetworkStream:
    guard.resolve_allowed(host, port, backend._policy)
    return httpcore.SyncBackend().connect_tcp(host.strip("[]"), port, timeout, **options)


def _first_only(host: str, port: int, policy: Any, resolver: Any = None, seconds: float = 5.0) -> list[str]:
    addresses = guard.system_resolver(host.strip("[]"), port, seconds)
    if not guard.is_public(ip_address(addresses[0])):
        raise RefusedError("not public")
    return addresses[::-1]


def _follows(*args: Any, **options: Any) -> httpx.Client:
    inner = httpx.HTTPTransport()
    return httpx.Client(**{**options, "follow_redirects": True, "mounts": {"http://169.254.169.254": inner}})


#: Broken builds: what is replaced by what.
BROKEN: dict[str, tuple[Any, str, Any]] = {
    "connects-by-name": (transport.GuardedBackend, "connect_tcp", _by_name),
    "checks-only-the-first-address": (transport, "resolve_allowed", _first_only),
    "trusts-the-standard-library": (guard, "is_public", lambda address: address.is_global),
    "mail-is-not-checked": (smtp, "resolve_allowed", lambda host, port, *_: [host]),
    "follows-redirects": (
        client,
        "httpx",
        type("Httpx", (), {**vars(httpx), "Client": staticmethod(_follows)}),
    ),
}


def main(arguments: list[str]) -> None:
    """Make the world, break what is asked for, run, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--broken", choices=sorted(BROKEN))
    parser.add_argument("--doors", default="")
    chosen = parser.parse_args(arguments)
    if chosen.broken:
        owner, name, replacement = BROKEN[chosen.broken]
        setattr(owner, name, replacement)
    with tempfile.TemporaryDirectory() as folder:
        make_world(Path(folder))
        with (
            hostile_dns(53) as (zone, _),
            sinks(*((host, port) for host in ("0.0.0.0", "::") for port in PORTS)) as waiting,
        ):
            everything: list[tuple[dict[str, Door], Callable[[], list[Hostile]]]] = [
                (url_doors(), corpus),
                (host_doors(), hosts),
            ]
            answer = {
                name: try_all(door, addresses(), zone, waiting)
                for doors, addresses in everything
                for name, door in doors.items()
                if not chosen.doors or name in chosen.doors.split(",")
            }
            honest = sum(host in HONEST for host, _ in waiting.connects)
    print(json.dumps({"doors": answer, "honest": honest}))


if __name__ == "__main__":
    main(sys.argv[1:])
