"""AWS's subject for the conformance suite: the sample company's account behind the strict double."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import boto3

from connectors.aws.enforce import Enforce
from connectors.aws.identity import AwsPlatformIdentity
from connectors.aws.manifest import AwsSettings
from connectors.aws.permissions import policy_document, trust_document
from connectors.aws.session import AwsSession
from connectors.base.capabilities import Capability
from connectors.base.errors import PermissionMissing, TransientError, VendorAnswerError
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match, RateLimitSpec
from connectors.base.registry import implementation
from connectors.testkit.conformance import FaultCase, Subject
from connectors.testkit.running import Fault, local_egress, running_double

ACCOUNT, REGION = "123456789012", "eu-west-1"
EXTERNAL_ID = "5b0f4b1c-7f5e-4a9e-9d7c-0d6a4f1c2b3a"
PLATFORM_KEY, PRINCIPAL = "AKIAPORTCULLIS000001", "arn:aws:iam::999988887777:user/portcullis"
ROLES = {"read": "portcullis-read", "write": "portcullis-block"}
_DENIED = {"__type": "AccessDeniedException", "message": "not authorized to perform: wafv2:ListWebACLs"}


def _waf(name: str, status: int, raises: type, **fault: Any) -> FaultCase:
    return FaultCase(name, Fault(status, "ListWebACLs", "wafv2", **fault), "waf", raises)


FAULTS = (
    _waf("unauthorised", 401, PermissionMissing, body={"__type": "X", "message": "no"}),
    _waf("forbidden", 400, PermissionMissing, body=_DENIED),
    _waf("throttled", 400, TransientError, body={"__type": "ThrottlingException", "message": "slow down"}),
    _waf("failing", 500, TransientError),
    _waf("garbage", 200, VendorAnswerError, body="<html>"),
)

_UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
_LOGIN = Match(
    networks=(ip_network("203.0.113.0/24"),),
    methods=("POST",),
    path_templates=("/login",),
    headers=(HeaderMatch("User-Agent", "sqlmap", "contains"),),
)
INTENTS = (
    BlockIntent("blk_1", Match(networks=(ip_network("198.51.100.7/32"),)), BlockAction.BLOCK, _UNTIL, "conformance"),
    BlockIntent("blk_2", _LOGIN, BlockAction.COUNT, _UNTIL, "conformance"),
    BlockIntent("blk_3", Match(countries=("RU",), asns=(64496,)), BlockAction.BLOCK, _UNTIL, "conformance"),
    BlockIntent(
        "blk_4", Match(path_templates=("/search",)), BlockAction.RATE_LIMIT, _UNTIL, "conformance", RateLimitSpec(100, 60)
    ),
)


def _grant(url: str, settings: AwsSettings) -> None:
    """Make both roles with the texts the customer copies from us."""
    iam = boto3.client(
        "iam",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="AKIAACMEADMIN0000001",
        aws_secret_access_key="x",
    )
    for access, name in ROLES.items():
        trust = json.dumps(trust_document(PRINCIPAL, EXTERNAL_ID))
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        policy = json.dumps(policy_document(access, ACCOUNT, tuple(settings.access_log_groups)))
        iam.put_role_policy(RoleName=name, PolicyName="portcullis", PolicyDocument=policy)


@contextmanager
def subject() -> Iterator[Subject]:
    """The strict double with the seeded estate."""
    options = ["--region", REGION, "--rate-scale", "0", "--log-interval", "0.2", "--seed"]
    with running_double("connectors.testkit.doubles.aws", options, ("--port", "--data-port")) as double:
        url = double.control_url
        settings = AwsSettings(
            account_id=ACCOUNT,
            regions=[REGION],
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/{ROLES['read']}",
            blocking_role_arn=f"arn:aws:iam::{ACCOUNT}:role/{ROLES['write']}",
            external_id=EXTERNAL_ID,
            endpoint_url=url,
            settle_seconds=0,
        )
        _grant(url, settings)
        egress = local_egress(*double.ports)
        identity = AwsPlatformIdentity(
            access_key_id=PLATFORM_KEY, principal_arn=PRINCIPAL, secret_access_key="platform-secret"
        )

        def session() -> AwsSession:
            return AwsSession(settings, egress, identity=identity, pace=lambda *_: None)

        def make(capability: Capability) -> object:
            if capability is Capability.ENFORCE:
                return Enforce(settings, egress, session=session(), sleep=lambda _: None)
            return implementation("aws", capability)(settings, egress, session=session())

        def provoke() -> object:
            return list(session().items(REGION, "wafv2", "list_web_acls", "WebACLs", Scope="REGIONAL"))

        yield Subject(
            key="aws",
            make=make,
            order=double.order,
            behave=double.behave,
            provoke=provoke,
            faults=FAULTS,
            intents=INTENTS,
            sources=("aws.access", "aws.waf", "aws.access_json", "aws.request"),
        )
