"""Launch and stop the sample company: ``python -m controlplane.demo.estate up --data DIR``.

Starts the backend, the AWS double, the Kong double and (unless told not to) the traffic generator, waits
until each is healthy, writes ``DIR/estate.json`` and stops them all on SIGTERM, SIGINT or ``down``.
"""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import urllib3

from connectors.testkit.doubles.aws.identity import Principals
from connectors.testkit.doubles.aws.state import ACCOUNT
from controlplane.demo.customer_iam import create_role

START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class EstateOptions:
    """What to start. A port of 0 is chosen freely; ``rate_scale`` multiplies AWS' API rates."""

    data: Path
    backend_port: int = 0
    aws_port: int = 0
    aws_data_port: int = 0
    kong_admin_port: int = 0
    kong_proxy_port: int = 0
    region: str = "us-east-1"
    rate_scale: float = 1.0
    log_interval_s: float = 2.0
    traffic: bool = True
    traffic_rate: float = 8.0
    attacks: str = "all"
    history_hours: float = 0.0
    seed: int = 7


@dataclass
class Estate:
    """A running sample company: endpoints and credentials to give to the product, and the processes behind
    them.
    """

    aws: dict[str, str]
    kong: dict[str, str]
    backend: dict[str, str]
    traffic: dict[str, str]
    pids: dict[str, int]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list, repr=False)

    def describe(self) -> dict[str, Any]:
        """Everything but the process handles, as JSON-ready values."""
        return {name: dict(getattr(self, name)) for name in ("aws", "kong", "backend", "traffic", "pids")}

    def stop(self) -> None:
        """Ask every process to end, in reverse order of start, and make sure it did."""
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A TCP port on 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until ``url`` answers 200. Raises RuntimeError when the process ends or time is up."""
    pool = urllib3.PoolManager()
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"a process of the estate ended at start; see {log}")
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            if pool.request("GET", url, retries=False, timeout=2).status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{url} did not become healthy in {START_TIMEOUT_S:.0f} s; see {log}")


class Launcher:
    """Starts the processes one after the other; on failure stops what was started."""

    def __init__(self, options: EstateOptions) -> None:
        self._options = options
        self._ports = {
            name: getattr(options, f"{name}_port") or free_port()
            for name in ("backend", "aws", "aws_data", "kong_admin", "kong_proxy")
        }
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        options.data.mkdir(parents=True, exist_ok=True)

    def up(self) -> Estate:
        """Start everything and return the running estate."""
        try:
            return self._up()
        except BaseException:
            for process in self._started.values():
                process.kill()
            raise

    def _url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._ports[name]}"

    def _spawn(self, name: str, module: str, *arguments: str, health: str = "") -> None:
        log = self._options.data / f"{name}.log"
        with log.open("ab") as output:
            environment = {**os.environ, "AWS_EC2_METADATA_DISABLED": "true"}
            command = [sys.executable, "-m", module, *arguments]
            process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        self._started[name] = process
        if health:
            wait_healthy(health, process, log)

    def _up(self) -> Estate:
        options, ports = self._options, self._ports
        backend = self._url("backend")
        self._spawn(
            "backend",
            "controlplane.demo.backend",
            "--port",
            str(ports["backend"]),
            health=f"{backend}/health",
        )
        aws_arguments = [
            "--port",
            str(ports["aws"]),
            "--data-port",
            str(ports["aws_data"]),
            "--backend",
            backend,
        ]
        aws_arguments += ["--region", options.region, "--rate-scale", str(options.rate_scale)]
        aws_arguments += ["--log-interval", str(options.log_interval_s), "--seed"]
        health = f"{self._url('aws')}/_double/health"
        self._spawn("aws", "connectors.testkit.doubles.aws", *aws_arguments, health=health)
        kong_arguments = ["--admin-port", str(ports["kong_admin"]), "--proxy-port", str(ports["kong_proxy"])]
        kong_arguments += ["--backend", backend, "--seed"]
        health = f"{self._url('kong_admin')}/_double/health"
        self._spawn("kong", "connectors.testkit.doubles.kong", *kong_arguments, health=health)
        status = options.data / "traffic.json"
        if options.traffic:
            arguments = ["--aws-url", self._url("aws_data"), "--kong-url", self._url("kong_proxy")]
            arguments += ["--rate", str(options.traffic_rate), "--seed", str(options.seed)]
            arguments += ["--history", str(options.history_hours), "--status-file", str(status)]
            arguments += ["--attacks", options.attacks]
            self._spawn("traffic", "controlplane.demo.traffic", *arguments)
        return self._estate(status)

    def _estate(self, status: Path) -> Estate:
        principals = Principals()
        return Estate(
            aws={
                "endpoint_url": self._url("aws"),
                "data_url": self._url("aws_data"),
                "region": self._options.region,
                "account_id": ACCOUNT,
                "platform_access_key_id": principals.platform_key,
                "platform_secret_access_key": principals.platform_key[::-1],
                "platform_principal_arn": principals.platform_arn,
                "admin_access_key_id": principals.admin_key,
                "admin_secret_access_key": principals.admin_key[::-1],
            },
            kong={"admin_url": self._url("kong_admin"), "proxy_url": self._url("kong_proxy")},
            backend={"url": self._url("backend")},
            traffic={"status_file": str(status)},
            pids={name: process.pid for name, process in self._started.items()},
            processes=list(self._started.values()),
        )


def launch(options: EstateOptions) -> Estate:
    """Start the sample company; the caller must call ``stop()`` on the result."""
    estate = Launcher(options).up()
    (options.data / "estate.json").write_bytes(orjson.dumps(estate.describe(), option=orjson.OPT_INDENT_2))
    return estate


def _run(options: EstateOptions) -> None:
    ended = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    estate = launch(options)
    state = {**estate.describe(), "launcher_pid": os.getpid()}
    (options.data / "estate.json").write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2))
    sys.stdout.write(orjson.dumps(state, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()
    while not ended.wait(1.0):
        if any(process.poll() is not None for process in estate.processes):
            sys.stderr.write("a process of the estate ended; stopping the others\n")
            break
    estate.stop()
    (options.data / "estate.json").unlink(missing_ok=True)


def _down(data: Path) -> None:
    state = orjson.loads((data / "estate.json").read_bytes())
    os.kill(int(state["launcher_pid"]), signal.SIGTERM)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="controlplane.demo.estate", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything and stay until stopped")
    up.add_argument("--data", type=Path, required=True, help="directory of logs and of estate.json")
    for name in ("backend", "aws", "aws-data", "kong-admin", "kong-proxy"):
        up.add_argument(f"--{name}-port", type=int, default=0)
    up.add_argument("--rate-scale", type=float, default=1.0, help="multiply AWS' API rates")
    up.add_argument("--no-traffic", dest="traffic", action="store_false")
    up.add_argument("--traffic-rate", type=float, default=8.0, help="requests per second on average")
    up.add_argument("--attacks", default="all", help="all, none, or names with commas")
    up.add_argument("--history-hours", type=float, default=0.0, help="back-dated traffic at start")
    up.add_argument("--seed", type=int, default=7)
    down = commands.add_parser("down", help="stop a running estate")
    down.add_argument("--data", type=Path, required=True)
    role = commands.add_parser("create-role", help="what the customer's CloudFormation would do: an IAM role")
    role.add_argument("--data", type=Path, required=True)
    role.add_argument("--name", default="portcullis-read")
    role.add_argument("--external-id", required=True)
    role.add_argument("--principal", required=True, help="ARN the role trusts")
    role.add_argument("--policy-file", type=Path, required=True, help="JSON policy document")
    return parser


def main() -> None:
    """The command line."""
    options = vars(_parser().parse_args())
    command = options.pop("command")
    if command == "up":
        _run(EstateOptions(**options))
    elif command == "down":
        _down(options["data"])
    else:
        state = orjson.loads((options["data"] / "estate.json").read_bytes())
        policy = options["policy_file"].read_text()
        arn = create_role(state["aws"], options["name"], options["principal"], options["external_id"], policy)
        sys.stdout.write(f"{arn}\n")


if __name__ == "__main__":
    main()
