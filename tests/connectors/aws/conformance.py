"""AWS's subject for the conformance suite: the strict double with the sample company's estate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import boto3

from connectors.aws.identity import AwsPlatformIdentity
from connectors.aws.manifest import AwsSettings
from connectors.aws.permissions import policy_document, trust_document
from connectors.aws.session import AwsSession
from connectors.base.errors import PermissionMissing, SettingsError, TransientError, VendorAnswerError
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match, RateLimitSpec
from connectors.base.registry import implementation
from connectors.testkit.conformance import FaultCase, Subject
from connectors.testkit.running import Fault, local_egress, running_double
from tests.connectors.aws.test_firehose import SOME, delivery, lines, subscription
from tests.samples import aws_waf

ACCOUNT, REGION = "123456789012", "us-east-1"
EXTERNAL_ID = "5b0f4b1c-7f5e-4a9e-9d7c-0d6a4f1c2b3a"
PRINCIPAL = "arn:aws:iam::999988887777:user/portcullis"
_EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)
_LIST = "GetRestApis"


def _refusal(status: int, code: str) -> Fault:
    return Fault(status, _LIST, "apigateway", body={"message": "no"}, headers={"x-amzn-ErrorType": code})


FAULTS = (
    FaultCase("unauthorised", _refusal(403, "UnrecognizedClientException"), "services", SettingsError),
    FaultCase("forbidden", _refusal(403, "AccessDeniedException"), "services", PermissionMissing),
    FaultCase("throttled", _refusal(429, "TooManyRequestsException"), "services", TransientError),
    FaultCase("failing", Fault(500, _LIST, "apigateway", body="boom"), "services", TransientError),
    FaultCase(
        "garbage", Fault(200, _LIST, "apigateway", body="<html>no</html>"), "services", VendorAnswerError
    ),
    FaultCase("wrong_shape", Fault(200, _LIST, "apigateway", body=[1, 2]), "services", VendorAnswerError),
    FaultCase(
        "partial_page",
        Fault(200, _LIST, "apigateway", body={"item": [], "position": "x"}),
        "services",
        VendorAnswerError,
    ),
    FaultCase("slow", Fault(200, _LIST, "apigateway", delay_ms=1500, times=1), "services", TransientError),
)


CHANGE_FAULTS = (
    Fault(400, "LookupEvents", "cloudtrail", body={"__type": "AccessDeniedException", "message": "no"}),
    Fault(400, "LookupEvents", "cloudtrail", body={"__type": "ThrottlingException", "message": "slow"}),
    Fault(500, "LookupEvents", "cloudtrail", body="boom"),
    Fault(200, "LookupEvents", "cloudtrail", body="<html>no</html>"),
    Fault(200, "LookupEvents", "cloudtrail", body={}),
    Fault(200, "LookupEvents", "cloudtrail", delay_ms=1500, times=4),
)


def _intent(number: int, match: Match, action: BlockAction = BlockAction.BLOCK) -> BlockIntent:
    rate = RateLimitSpec(100, 60) if action is BlockAction.RATE_LIMIT else None
    return BlockIntent(f"blk_{number}", match, action, _EXPIRES, "conformance", rate)


INTENTS = (
    _intent(1, Match(networks=(ip_network("198.51.100.7/32"), ip_network("2001:db8::/48")))),
    _intent(2, Match(networks=(ip_network("203.0.113.0/24"),))),
    _intent(3, Match(methods=("GET",), path_templates=("/payments/{id}",))),
    _intent(4, Match(countries=("KP",), asns=(64496,)), BlockAction.COUNT),
    _intent(5, Match(headers=(HeaderMatch("User-Agent", "evil", "contains"),))),
    _intent(6, Match(path_templates=("/catalog/search",)), BlockAction.RATE_LIMIT),
    _intent(7, Match(hosts=("api.acme.example",), networks=(ip_network("192.0.2.0/24"),))),
)


def _unpaced(_account: str, _region: str, _service: str, _operation: str) -> None:
    """The double's rates are off, so ours are too."""


def _administrator(service: str, url: str) -> Any:
    make: Any = boto3.client
    key = "AKIAACMEADMIN0000001"
    return make(
        service, region_name=REGION, endpoint_url=url, aws_access_key_id=key, aws_secret_access_key="x"
    )


def _grant(url: str) -> None:
    """What the customer does with our policy texts."""
    _administrator("organizations", url).create_organization(FeatureSet="ALL")
    iam = _administrator("iam", url)
    trust = json.dumps(trust_document(PRINCIPAL, EXTERNAL_ID))
    for access in ("read", "write"):
        iam.create_role(RoleName=f"portcullis-{access}", AssumeRolePolicyDocument=trust)
        policy = json.dumps(policy_document(access, ACCOUNT, ("*",), organization=True))
        iam.put_role_policy(RoleName=f"portcullis-{access}", PolicyName="portcullis", PolicyDocument=policy)


@contextmanager
def subject() -> Iterator[Subject]:
    """The double with the sample company's estate and both roles granted."""
    options = ["--seed", "--rate-scale", "0"]
    with running_double("connectors.testkit.doubles.aws", options, ("--port", "--data-port")) as double:
        _grant(double.control_url)
        settings = AwsSettings(
            account_id=ACCOUNT,
            regions=[REGION],
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/portcullis-read",
            blocking_role_arn=f"arn:aws:iam::{ACCOUNT}:role/portcullis-write",
            external_id=EXTERNAL_ID,
            organization=True,
            endpoint_url=double.control_url,
        )
        egress = local_egress(*double.ports, timeout=1.0)
        identity = AwsPlatformIdentity("AKIAPORTCULLIS000001", PRINCIPAL, "platform-secret")
        session = AwsSession(settings, egress, identity=identity, pace=_unpaced)
        yield Subject(
            key="aws",
            make=lambda capability: implementation("aws", capability)(settings, egress, session=session),
            order=double.order,
            behave=double.behave,
            provoke=lambda: session.items("apigateway", _LIST, REGION, "items"),
            faults=FAULTS,
            intents=INTENTS,
            change=lambda: _administrator("apigateway", double.control_url).create_rest_api(name="another"),
            change_faults=CHANGE_FAULTS,
            sources=("aws.access", "aws.access_json", "aws.request", "aws.waf"),
            pushes=(delivery(lines(aws_waf(SOME[0]))), delivery(subscription(aws_waf(SOME[0])))),
            context={
                "format": '{"id":"$context.requestId","t":"$context.requestTimeEpoch","p":"$context.path"}'
            },
        )
