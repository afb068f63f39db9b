"""A plain moto server in its own process, the connector pointed at it, and an administrator to seed it."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from connectors.aws.identity import AwsPlatformIdentity
from connectors.aws.manifest import AwsSettings
from connectors.aws.permissions import policy_document, trust_document
from connectors.aws.session import AwsSession
from connectors.egress import Egress, EgressPolicy, EgressResponse

ACCOUNT = "123456789012"
REGION = "eu-west-1"
EXTERNAL_ID = "5b0f4b1c-7f5e-4a9e-9d7c-0d6a4f1c2b3a"
PRINCIPAL = "arn:aws:iam::999988887777:user/portcullis"

_SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


@dataclass
class Sent:
    """One request as it left us."""

    method: str
    url: str
    headers: dict[str, str]
    content: bytes


@dataclass
class RecordingEgress(Egress):
    """The real egress, remembering what was sent."""

    policy: EgressPolicy
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.policy, account="tests")

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout: float | None = None,
        attempts: int | None = None,
        raise_transient: bool = True,
        decoded: bool = True,
    ) -> EgressResponse:
        """Send, and remember."""
        self.sent.append(Sent(method, url, dict(headers or {}), content or b""))
        return super().request(
            method,
            url,
            headers=headers,
            content=content,
            timeout=timeout,
            attempts=attempts,
            raise_transient=raise_transient,
            decoded=decoded,
        )


def unpaced(_account: str, _region: str, _service: str, _operation: str) -> None:
    """No rate budget: a test's vendor has no quotas unless the test is about them."""


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """The address of a moto server in its own process."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    port = process.stdout.readline().strip()
    yield f"http://127.0.0.1:{port}"
    process.stdin.close()
    process.wait(timeout=20)
    process.stdout.close()


@dataclass
class Estate:
    """A vendor under test: its address, and clients with the customer's administrator rights."""

    url: str
    egress: RecordingEgress
    admin_key: str = "AKIAACMEADMIN0000001"
    platform_key: str = "AKIAPORTCULLIS000001"

    def admin(self, service: str, region: str = REGION, **more: Any) -> Any:
        """A boto3 client of the customer's administrator."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=self.admin_key,
            aws_secret_access_key="x",
            **more,
        )

    def settings(self, **changes: Any) -> AwsSettings:
        """Settings of a connection to this estate."""
        values: dict[str, Any] = {
            "account_id": ACCOUNT,
            "regions": [REGION],
            "role_arn": f"arn:aws:iam::{ACCOUNT}:role/portcullis-read",
            "blocking_role_arn": f"arn:aws:iam::{ACCOUNT}:role/portcullis-block",
            "external_id": EXTERNAL_ID,
            "endpoint_url": self.url,
            "settle_seconds": 0,
        }
        return AwsSettings(**{**values, **changes})

    def session(self, settings: AwsSettings | None = None) -> AwsSession:
        """A session of ours, without our own rate budget."""
        identity = AwsPlatformIdentity(
            access_key_id=self.platform_key, principal_arn=PRINCIPAL, secret_access_key="platform-secret"
        )
        return AwsSession(settings or self.settings(), self.egress, identity=identity, pace=unpaced)


def recording_egress(url: str) -> RecordingEgress:
    """The egress to a vendor on this machine."""
    policy = EgressPolicy(
        allow=frozenset({url.removeprefix("http://")}), requests_per_second=10_000, burst=10_000
    )
    return RecordingEgress(policy)


@pytest.fixture
def moto(moto_url: str) -> Iterator[Estate]:
    """An empty AWS account served by plain moto."""
    reset = urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset, timeout=10).close()
    egress = recording_egress(moto_url)
    yield Estate(moto_url, egress)
    egress.close()


@pytest.fixture
def rest_api(moto: Estate) -> Callable[..., str]:
    """Make a REST API ``shop`` with ``GET /orders/{orderId}`` on stage ``prod``; answers its id."""

    def make(estate: Estate = moto, name: str = "shop") -> str:
        api = estate.admin("apigateway")
        api_id = str(api.create_rest_api(name=name, endpointConfiguration={"types": ["REGIONAL"]})["id"])
        root = api.get_resources(restApiId=api_id)["items"][0]["id"]
        orders = api.create_resource(restApiId=api_id, parentId=root, pathPart="orders")["id"]
        order = api.create_resource(restApiId=api_id, parentId=orders, pathPart="{orderId}")["id"]
        for resource, method, authorization, key in (
            (order, "GET", "NONE", False),
            (orders, "POST", "AWS_IAM", True),
        ):
            api.put_method(
                restApiId=api_id,
                resourceId=resource,
                httpMethod=method,
                authorizationType=authorization,
                apiKeyRequired=key,
                requestParameters={"method.request.querystring.expand": True} if method == "GET" else {},
            )
            api.put_integration(
                restApiId=api_id,
                resourceId=resource,
                httpMethod=method,
                type="HTTP_PROXY",
                integrationHttpMethod=method,
                uri="http://backend.example.test/orders",
            )
        deployment = api.create_deployment(restApiId=api_id)["id"]
        api.create_stage(
            restApiId=api_id, stageName="prod", deploymentId=deployment, variables={"dbPassword": "hunter2"}
        )
        return api_id

    return make


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Double(Estate):
    """The strict AWS double: trust policies, IAM policies, WAFv2's own rules."""

    data_url: str = ""

    def grant(
        self,
        access: str = "read",
        *,
        policy: dict[str, Any] | None = None,
        trust: dict[str, Any] | None = None,
    ) -> None:
        """Make (or change) a role with the policy texts the customer would copy from us."""
        iam = self.admin("iam")
        name = "portcullis-read" if access == "read" else "portcullis-block"
        settings = self.settings()
        document = policy or policy_document(access, ACCOUNT, tuple(settings.access_log_groups))
        text = json.dumps(trust or trust_document(PRINCIPAL, EXTERNAL_ID))
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=text)
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=text)
        iam.put_role_policy(RoleName=name, PolicyName="portcullis", PolicyDocument=json.dumps(document))

    def fault(self, service: str, operation: str, **fault: Any) -> None:
        """Order one misbehaviour of the double."""
        body = json.dumps({"service": service, "operation": operation, **fault}).encode()
        urllib.request.urlopen(
            urllib.request.Request(f"{self.url}/_double/faults", data=body), timeout=10
        ).close()

    def behave(self) -> None:
        """Forget all ordered faults."""
        request = urllib.request.Request(f"{self.url}/_double/faults", method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture(scope="module")
def double_options() -> list[str]:
    """Further options of this module's double."""
    return []


@pytest.fixture(scope="module")
def double_ports(double_options: list[str]) -> Iterator[tuple[int, int]]:
    """The AWS double in its own process, empty; one per test module because it cannot be reset."""
    ports = (_free_port(), _free_port())
    command = [sys.executable, "-m", "connectors.testkit.doubles.aws", "--port", str(ports[0])]
    command += [
        "--data-port",
        str(ports[1]),
        "--region",
        REGION,
        "--rate-scale",
        "0",
        "--log-interval",
        "0.2",
    ]
    process = subprocess.Popen(
        [*command, *double_options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/_double/health", timeout=2).close()
            break
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.1)
    yield ports
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def double(double_ports: tuple[int, int]) -> Iterator[Double]:
    """The strict double with both roles granted by our own policy texts."""
    url = f"http://127.0.0.1:{double_ports[0]}"
    egress = recording_egress(url)
    estate = Double(url, egress, data_url=f"http://127.0.0.1:{double_ports[1]}")
    estate.grant("read")
    estate.grant("write")
    yield estate
    estate.behave()
    egress.close()
