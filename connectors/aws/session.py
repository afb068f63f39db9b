"""Calls to AWS: role assumption with the external id, botocore over our egress, pages to the end, our errors.

botocore signs and parses; it opens no socket. A ``before-send`` handler hands the prepared request to egress
and returns what came back, so that the address guard, limits and budgets hold for AWS as for everything else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from io import BytesIO
from time import monotonic
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError

from connectors.aws.failures import check_json, check_xml, translate
from connectors.aws.identity import AwsPlatformIdentity
from connectors.aws.limits import budget
from connectors.aws.paging import entries, pages
from connectors.base.clock import server_time, wall_clock
from connectors.base.errors import SettingsError, TransientError, VendorAnswerError

if TYPE_CHECKING:
    from connectors.aws.manifest import AwsSettings
    from connectors.egress import Egress

_JSON_SERVICES = frozenset({"apigateway", "apigatewayv2", "wafv2", "logs", "cloudtrail", "organizations"})
_XML_SERVICES = frozenset({"sts", "elbv2", "cloudfront"})
_SESSION_SECONDS = 3600
#: The name our sessions have in the customer's audit trail.
SESSION_NAME = "portcullis"
_RENEW_BEFORE = timedelta(minutes=5)


class Role(StrEnum):
    """The two roles a customer grants; *nobody* is our own identity before any role is taken."""

    NOBODY = "nobody"
    READ = "read"
    BLOCK = "block"


class _Body(BytesIO):
    """A response body in the two ways botocore reads one."""

    def stream(self, amount: int = 65536) -> Iterator[bytes]:
        """Chunks until the end."""
        while chunk := self.read(amount):
            yield chunk


@cache
def _loader() -> Loader:
    return Loader(include_default_search_paths=True)


def _client_config(*, path_style: bool) -> BotoConfig:
    return BotoConfig(  # type: ignore[call-arg]  # the stubs lack ignore_configured_endpoint_urls
        retries={"mode": "standard", "total_max_attempts": 4},
        # AWS_ENDPOINT_URL of the host must not redirect customers' calls.
        ignore_configured_endpoint_urls=True,
        s3={"addressing_style": "path" if path_style else "virtual"},
    )


def iam_action(service: str, operation: str) -> str:
    """The IAM action of an operation (``wafv2``, ``UpdateIPSet``); API Gateway has one action per HTTP verb."""
    if service in ("apigateway", "apigatewayv2"):
        return "apigateway:GET"
    if service == "s3":
        return "s3:ListBucket" if operation.startswith("List") else f"s3:{operation}"
    if service == "elbv2":
        return f"elasticloadbalancing:{operation}"
    return f"{service}:{operation}"


class AwsSession:
    """Signed calls in one customer's account. Clients and role sessions are kept until they expire."""

    def __init__(
        self,
        settings: AwsSettings,
        egress: Egress,
        *,
        identity: AwsPlatformIdentity | None = None,
        clock: Callable[[], datetime] = wall_clock,
        pace: Callable[[str, str, str, str], None] = budget,
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._identity = identity
        self._clock = clock
        self._pace = pace
        self._ahead: float | None = None  # AWS's Unix time less our monotonic clock
        self._roles: dict[Role, tuple[dict[str, str], datetime]] = {}
        self._clients: dict[tuple[str, str, Role], tuple[Any, str]] = {}

    def now(self) -> datetime:
        """What time it is at AWS, by its last answer: events are dated by that clock, and ours may be wrong."""
        self._credentials(Role.READ)
        if self._ahead is None:
            return self._clock()
        return datetime.fromtimestamp(monotonic() + self._ahead, UTC)

    def call(
        self, service: str, operation: str, region: str, *, role: Role = Role.READ, **parameters: Any
    ) -> dict[str, Any]:
        """One operation (``GetRestApis``) with botocore's parameters. Raises only ``ConnectorError``."""
        client = self._client(service, region, role)
        method = client.meta.method_to_api_mapping
        python_name = next((name for name, api in method.items() if api == operation), None)
        if python_name is None:
            raise VendorAnswerError(f"This release of the AWS SDK does not know {service}:{operation}.")
        ours = self._identity.account if role is Role.NOBODY and self._identity else ""
        self._pace(ours or self._settings.account_id, region, service, operation)
        try:
            answer: dict[str, Any] = getattr(client, python_name)(**parameters)
        except (ClientError, BotoCoreError) as error:
            raise translate(error, iam_action(service, operation)) from error
        except ResponseParserError as error:
            raise VendorAnswerError(
                f"The answer to {service}:{operation} was not what AWS answers.",
                action="Check that the endpoint is AWS's and not a web page's.",
            ) from error
        return answer

    def pages(
        self, service: str, operation: str, region: str, *, role: Role = Role.READ, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """Every page of a list, to the end (``paging.pages``)."""
        ask = partial(self.call, service, operation, region, role=role)
        return pages(service, operation, ask, parameters)

    def items(
        self,
        service: str,
        operation: str,
        region: str,
        key: str,
        *,
        role: Role = Role.READ,
        **parameters: Any,
    ) -> list[dict[str, Any]]:
        """All entries under ``key`` of all pages."""
        found: list[dict[str, Any]] = []
        for page in self.pages(service, operation, region, role=role, **parameters):
            found.extend(entries(service, operation, page, key))
        return found

    def read_object(self, region: str, bucket: str, key: str) -> bytes:
        """The bytes of an S3 object."""
        return bytes(self.call("s3", "GetObject", region, Bucket=bucket, Key=key)["Body"].read())

    def assume(self, role_arn: str, external_id: str | None) -> dict[str, Any]:
        """``sts:AssumeRole`` with our own identity; without ``external_id`` only to prove that it is refused."""
        parameters: dict[str, Any] = {"ExternalId": external_id} if external_id else {}
        return self.call(
            "sts",
            "AssumeRole",
            self._settings.regions[0],
            role=Role.NOBODY,
            RoleArn=role_arn,
            RoleSessionName=SESSION_NAME,
            DurationSeconds=_SESSION_SECONDS if external_id else 900,
            **parameters,
        )

    def role_arn(self, role: Role) -> str:
        """The ARN the settings give for a role; raises ``SettingsError`` when there is none."""
        arn = self._settings.role_arn if role is Role.READ else self._settings.blocking_role_arn
        if not arn:
            raise SettingsError(
                "No blocking role was given, so nothing can be written in this account.",
                action="Create the blocking role from the connection's set-up page and enter its ARN.",
            )
        return arn

    def _credentials(self, role: Role) -> dict[str, str]:
        if role is Role.NOBODY:
            if self._identity is None:
                self._identity = AwsPlatformIdentity.from_environment()
            return {
                "aws_access_key_id": self._identity.access_key_id,
                "aws_secret_access_key": self._identity.secret_access_key,
                **(
                    {"aws_session_token": self._identity.session_token}
                    if self._identity.session_token
                    else {}
                ),
            }
        known = self._roles.get(role)
        if known is None or known[1] - _RENEW_BEFORE <= self._clock():
            answer = self.assume(self.role_arn(role), self._settings.external_id)["Credentials"]
            keys = {
                "aws_access_key_id": str(answer["AccessKeyId"]),
                "aws_secret_access_key": str(answer["SecretAccessKey"]),
                "aws_session_token": str(answer["SessionToken"]),
            }
            known = (keys, answer["Expiration"])
            self._roles[role] = known
        return known[0]

    def _client(self, service: str, region: str, role: Role) -> Any:
        credentials = self._credentials(role)
        key = (service, region, role)
        cached = self._clients.get(key)
        if cached is None or cached[1] != credentials["aws_access_key_id"]:
            cached = (self._make_client(service, region, credentials), credentials["aws_access_key_id"])
            self._clients[key] = cached
        return cached[0]

    def _make_client(self, service: str, region: str, credentials: dict[str, str]) -> Any:
        session = botocore.session.Session()
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        session.register_component("data_loader", _loader())
        create: Any = session.create_client
        try:
            client = create(
                service,
                region_name=region,
                endpoint_url=self._settings.endpoint_url or None,
                config=_client_config(path_style=bool(self._settings.endpoint_url)),
                **credentials,
            )
        except ValueError as error:
            raise SettingsError(
                "The endpoint is no address AWS can be reached at.",
                unchanged="Nothing was sent.",
                action="Correct the endpoint in the connection's settings or leave it empty.",
            ) from error
        client.meta.events.register("before-send", partial(self._send, service))
        return client

    def _send(self, service: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        body: Any = request.body
        if isinstance(body, str):
            body = body.encode()
        elif body is not None and not isinstance(body, bytes):
            body = bytes(body) if isinstance(body, bytearray) else body.read()
        headers = {
            name: value.decode("latin-1") if isinstance(value, bytes) else str(value)
            for name, value in request.headers.items()
            if name.lower() not in ("content-length", "expect")
        }
        try:
            answer = self._egress.request(
                str(request.method),
                str(request.url),
                headers=headers,
                content=body,
                attempts=1,
                raise_transient=False,
            )
        except TransientError as error:
            raise TransientError(
                f"AWS could not be reached. {error.what}",
                retry_after=error.retry_after,
                unchanged=error.unchanged,
            ) from error
        told = server_time(answer.headers)
        if told is not None:
            self._ahead = told - monotonic()
        if answer.status < 300 and service in _JSON_SERVICES:
            check_json(service, answer.content)
        elif answer.status < 300 and service in _XML_SERVICES:
            check_xml(service, answer.content)
        received: Any = {**answer.headers, "content-length": str(len(answer.content))}
        received.pop("content-encoding", None)
        received.pop("transfer-encoding", None)
        return AWSResponse(str(request.url), answer.status, received, _Body(answer.content))
