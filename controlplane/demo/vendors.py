"""``make vendors``: every vendor's double on this machine, with what to enter to connect it; stays until Ctrl-C.

``python -m controlplane.demo.vendors [--data .data/vendors]``. Beside them runs the sample backend that all gateways send
requests on to. AWS and Kong have more to them (roles, pushed logs): ``python -m controlplane.demo.estate``.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import urllib3

from connectors.testkit.doubles.offers import Offer, found
from controlplane.demo.estate import EstateOptions, free_port, launch
from controlplane.demo.processes import Processes

_CAVEAT = "The product has to be allowed to reach them: PORTCULLIS_EGRESS_ALLOW="


@dataclass(frozen=True)
class Vendor:
    """A running double: its API's and data plane's addresses ("" without one), and the values for a connection's form."""

    offer: Offer
    api: str
    data: str
    settings: Mapping[str, Any]


def start(processes: Processes, backend: str) -> list[Vendor]:
    """Start every double that makes an offer and wait until each is seeded."""
    started: list[tuple[Offer, str, str]] = []
    for offer in found():
        ports = [free_port() for _ in offer.ports]
        options = [text for name, port in zip(offer.ports, ports, strict=True) for text in (name, str(port))]
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        data = urls[1] if urls[1:] else ""
        if data:
            options += ["--backend", backend]
        processes.start(offer.connector, "-m", offer.module, *options, *offer.arguments)
        started.append((offer, urls[0], data))
    vendors = []
    for offer, api_url, data_url in started:
        processes.wait(offer.connector, partial(_healthy, api_url))
        vendors.append(Vendor(offer, api_url, data_url, offer.settings(api_url)))
    return vendors


def _healthy(url: str) -> bool:
    try:
        return urllib3.request("GET", f"{url}/_double/health", timeout=2, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def main() -> None:
    """Start everything, say how to connect it, wait."""
    parser = argparse.ArgumentParser(prog="controlplane.demo.vendors", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".data/vendors"))
    options = parser.parse_args()
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    processes = Processes(options.data / "logs", {})
    estate = launch(EstateOptions(data=options.data / "estate", traffic=False))
    try:
        vendors = start(processes, estate.backend["url"])
        for vendor in vendors:
            print(
                f"\n{vendor.offer.name} ({vendor.offer.connector}); requests to it: {vendor.data or 'none'}"
            )
            print(json.dumps(dict(vendor.settings), indent=2))
        print(f"\nKong (kong); requests to it: {estate.kong['proxy_url']}")
        print(json.dumps({"admin_url": estate.kong["admin_url"]}, indent=2))
        print(f"\nAWS (aws); requests to it: {estate.aws['data_url']}")
        print(json.dumps(estate.aws, indent=2))
        urls = [*(vendor.api for vendor in vendors), estate.aws["endpoint_url"], estate.kong["admin_url"]]
        places = [url.partition("://")[2] for url in urls]
        print(f"\n{_CAVEAT}{','.join(places)}\nCtrl-C stops everything.", flush=True)
        ended.wait()
    finally:
        processes.stop()
        estate.stop()


if __name__ == "__main__":
    main()
