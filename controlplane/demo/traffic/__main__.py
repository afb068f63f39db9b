"""``python -m controlplane.demo.traffic --aws-url … --kong-url …``: generate Acme's traffic until stopped."""

import argparse
import signal
import threading
import time
from pathlib import Path
from types import FrameType

from controlplane.demo.traffic.attacks import ATTACKS
from controlplane.demo.traffic.calls import AWS, KONG
from controlplane.demo.traffic.sender import Sender
from controlplane.demo.traffic.simulation import Simulation
from controlplane.demo.traffic.status import Status

PAST_PACE = 40.0
"""Attack gaps are this much longer in past traffic, which should look mostly normal."""


def chosen_attacks(text: str) -> frozenset[str]:
    """The attacks named on the command line. Raises ValueError for an unknown name."""
    if text in ("all", "none"):
        return frozenset(ATTACKS if text == "all" else ())
    names = frozenset(text.split(","))
    if unknown := names - set(ATTACKS):
        raise ValueError(f"unknown attacks: {', '.join(sorted(unknown))}")
    return names


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="controlplane.demo.traffic", description=__doc__)
    parser.add_argument("--aws-url", required=True, help="data plane of the AWS double")
    parser.add_argument("--kong-url", required=True, help="proxy of the Kong double")
    parser.add_argument("--rate", type=float, default=8.0, help="normal calls per second on average")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--history", type=float, default=0.0, metavar="HOURS", help="past traffic before going live"
    )
    parser.add_argument("--history-rate", type=float, default=1.5, help="calls per second of past traffic")
    parser.add_argument(
        "--attacks", type=chosen_attacks, default=frozenset(ATTACKS), help="all, none, or names with commas"
    )
    parser.add_argument("--status-file", type=Path, default=None)
    return parser.parse_args()


def _past(options: argparse.Namespace, status: Status, target: str, stopped: threading.Event) -> None:
    now = time.time()
    start = now - options.history * 3600
    sender = Sender(options.aws_url, options.kong_url, only=target)
    rate = min(options.history_rate, options.rate)
    Simulation(sender, status, rate, options.seed + 1, start, PAST_PACE, options.attacks).past(now, stopped)


def _past_of_kong(options: argparse.Namespace, status: Status, stopped: threading.Event) -> None:
    """Wait for an http-log plugin, then replay Kong's past once: before that nobody would receive the
    records.
    """
    sender = Sender(options.aws_url, options.kong_url)
    while not stopped.wait(3):
        if sender.get_json(KONG, "/_double/log-plugins").get("http-log"):
            _past(options, status, KONG, stopped)
            return


def main() -> None:
    """Past traffic where asked for, then live traffic until SIGTERM or SIGINT."""
    options = arguments()
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    status = Status(options.status_file)

    def report() -> None:
        while not stopped.wait(1):
            status.write(set(ATTACKS))

    threading.Thread(target=report, daemon=True).start()
    if options.history > 0:
        status.phase = "history"
        _past(options, status, AWS, stopped)
        threading.Thread(target=_past_of_kong, args=(options, status, stopped), daemon=True).start()
    status.phase = "live"
    sender = Sender(options.aws_url, options.kong_url)
    Simulation(sender, status, options.rate, options.seed, time.time(), attacks=options.attacks).live(stopped)
    status.phase = "stopped"
    status.write(set(ATTACKS))


if __name__ == "__main__":
    main()
