"""The demo leaves nothing running behind it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import urllib3

from connectors.testkit.running import free_port
from controlplane.demo.customer import Customer
from controlplane.demo.estate import Estate
from controlplane.demo.processes import Processes
from controlplane.demo.product import Product
from controlplane.demo.run import show
from controlplane.demo.tour import Tour


def test_an_http_time_out_in_the_tour_stops_the_product_as_well(tmp_path: Path) -> None:
    processes = Processes(tmp_path / "logs", {})
    processes.start("web", "-c", "import time; time.sleep(600)")
    pid = processes.pid("web")
    nobody = free_port()
    estate = Estate({}, {}, {}, {}, {})  # the first step fails before anything of it is asked for
    tour = Tour(Customer(nobody, "acme"), estate, (), nobody, nobody)
    try:
        with pytest.raises(urllib3.exceptions.HTTPError):
            show(Product(nobody, processes), tour, tmp_path, threading.Event(), once=True)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    finally:
        processes.stop()
