"""Running doubles for these tests: an AWS double as a process, a Kong double and backends as threads."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import boto3
import pytest
import urllib3
from botocore.config import Config
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.aws.identity import Principals
from connectors.testkit.doubles.serving import listen, wsgi
from controlplane.demo.estate import free_port, wait_healthy

REGION = "us-east-1"


@dataclass(frozen=True)
class AwsDouble:
    """A seeded AWS double without API rates."""

    api_url: str
    data_url: str

    def client(
        self,
        service: str,
        access_key: str = Principals().admin_key,
        secret: str = "x",
        token: str | None = None,
    ) -> Any:
        """A boto3 client that does not retry."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.api_url,
            region_name=REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"max_attempts": 0}),
        )


@pytest.fixture(scope="session")
def aws_double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsDouble]:
    """One AWS double for all tests of this session; tests use names of their own."""
    port, data_port = free_port(), free_port()
    log = Path(tmp_path_factory.mktemp("aws")) / "double.log"
    command = [sys.executable, "-m", "connectors.testkit.doubles.aws", "--seed", "--rate-scale", "0"]
    command += ["--port", str(port), "--data-port", str(data_port), "--log-interval", "0.2"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    double = AwsDouble(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{data_port}")
    try:
        wait_healthy(f"{double.api_url}/_double/health", process, log)
        yield double
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Receiver:
    """A tiny HTTP server which keeps what it was sent; ``answers`` are used up, then 200."""

    url: str
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def wait_for(self, count: int, within_s: float = 10.0) -> list[tuple[dict[str, str], bytes]]:
        """The requests so far, once there are ``count``."""
        deadline = time.monotonic() + within_s
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.received) >= count, f"only {len(self.received)} of {count} requests arrived"
        return self.received


@pytest.fixture
def serve() -> Iterator[Callable[[WSGIApplication], str]]:
    """Serves WSGI applications on free ports until the test ends; gives each one's base URL."""
    servers = []

    def start(application: WSGIApplication) -> str:
        server = listen(application, 0)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return f"http://127.0.0.1:{server.port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver(serve: Callable[[WSGIApplication], str]) -> Receiver:
    """A receiver of pushes, or a stand-in upstream."""
    found = Receiver("")

    def answer(request: Request) -> Response:
        found.received.append((dict(request.headers), request.get_data()))
        status = found.answers.pop(0) if found.answers else 200
        return Response(
            b'{"path": "%s"}' % request.full_path.encode(), status, content_type="application/json"
        )

    found.url = serve(wsgi(answer))
    return found


@pytest.fixture(scope="session")
def http() -> urllib3.PoolManager:
    """A plain HTTP client."""
    return urllib3.PoolManager(retries=False, timeout=10)
