"""``portcullis-runner``: enrol once, then run next to a gateway that we cannot reach from outside."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from connectors.base.errors import ConnectorError
from connectors.runner.identity import enrol, load
from connectors.runner.loop import Loop
from connectors.runner.reach import reach_from

_STATE = "PORTCULLIS_RUNNER_STATE"
_REACH = "PORTCULLIS_RUNNER_REACH"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it ended well, 1 with a sentence on standard error when not."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        if options.command == "enrol":
            identity = enrol(options.url, options.token, options.state)
            print(
                f"Enrolled as {identity.name} ({identity.runner_id}). Next: portcullis-runner run --reach host:port"
            )
            return 0
        addresses = options.reach or [part for part in os.environ.get(_REACH, "").split(",") if part]
        reach = reach_from(addresses, options.header, read_only=options.read_only, authorities=options.ca)
        loop = Loop(load(options.state), reach)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: loop.stop.set())
        loop.run()
    except ConnectorError as error:
        print(error.sentence(), file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="portcullis-runner", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    once = commands.add_parser("enrol", help="show the enrolment token, once")
    once.add_argument(
        "--url", required=True, help="address of the workspace, https://acme.portcullis.example"
    )
    once.add_argument("--token", required=True, help="enrolment token from Settings, Runners")
    run = commands.add_parser("run", help="fetch work and carry it out until stopped")
    run.add_argument(
        "--reach", action="append", default=[], metavar="HOST:PORT", help=f"may be called; or {_REACH}"
    )
    run.add_argument(
        "--header", action="append", default=[], metavar="HOST:PORT=NAME: VALUE",
        help="sent with every call there and known only here; @FILE for a value in a file",
    )  # fmt: skip
    run.add_argument("--read-only", action="store_true", help="refuse everything that writes")
    run.add_argument("--ca", type=Path, help="certificate authorities of this network (PEM)")
    for command in (once, run):
        command.add_argument(
            "--state", type=Path, default=Path(os.environ.get(_STATE, "/var/lib/portcullis-runner")),
            help=f"folder of the runner's key; or {_STATE}",
        )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
