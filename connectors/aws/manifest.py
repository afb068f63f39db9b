"""The AWS connector's card: settings, permissions, what its logs can tell and what it cannot do."""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field, field_validator, model_validator

from connectors.aws.permissions import ORGANIZATION, READ, WRITE
from connectors.base.addresses import web_address
from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, ConnectorSettings, Manifest, SourceField

_ROLE = re.compile(r"^arn:aws(?:-[a-z-]+)?:iam::(\d{12}):role/[\w+=,.@/-]+$")
_REGION = re.compile(r"^[a-z]{2}(?:-[a-z]+)+-\d$")


class AwsSettings(ConnectorSettings):
    """What a customer gives for one AWS account. No secret is among it: access is by role and external id."""

    account_id: str = Field(
        title="Account id",
        description="The 12 digits of the AWS account.",
        pattern=r"^\d{12}$",
        examples=["111122223333"],
    )
    regions: list[str] = Field(
        title="Regions",
        description="Regions to read. CloudFront's web ACLs (us-east-1) are read in any case.",
        min_length=1,
        examples=[["eu-west-1"]],
    )
    role_arn: str = Field(
        title="Read role", description="ARN of the role made from the set-up page. It can read, never write."
    )
    blocking_role_arn: str = Field(
        default="",
        title="Blocking role",
        description="ARN of the second role, only if blocks may be pushed. Leave empty to stay read-only.",
    )
    external_id: str = Field(
        default="",
        title="External id",
        description="Made by us for this connection; your role accepts us only together with it.",
        json_schema_extra={"generated": True},
    )
    organization: bool = Field(
        default=False,
        title="Connect the whole organisation",
        description="The account is the organisation's management account or a delegated administrator: every other "
        "account becomes a connection of its own as soon as its read role works.",
    )
    access_log_groups: list[str] = Field(
        default=["/aws/apigateway/*", "/aws/http-api/*", "/aws/vendedlogs/apigateway/*"],
        title="Access-log groups",
        description="Names of the log groups your stages write access logs to (* allowed); used in the policy text.",
        json_schema_extra={"advanced": True},
    )
    settle_seconds: int = Field(
        default=60,
        ge=0,
        le=900,
        title="Settling time",
        description="Log events are read this long after AWS took them in, so that none is missed.",
        json_schema_extra={"advanced": True},
    )
    waf_file_delay_seconds: int = Field(
        default=420,
        ge=0,
        le=1800,
        title="WAF file delay",
        description="WAF log files in S3 arrive this long after the request; access-log lines of such stages wait for "
        "them, so that one request is one call.",
        json_schema_extra={"advanced": True},
    )
    changes_backfill_days: int = Field(
        default=7,
        ge=1,
        le=89,
        title="First read of changes",
        description="Days the first read of CloudTrail goes back. AWS keeps 90 days.",
        json_schema_extra={"advanced": True},
    )
    endpoint_url: str = Field(
        default="",
        title="Endpoint",
        description="One address for all AWS calls instead of AWS's public ones (a VPC endpoint or a test server).",
        json_schema_extra={"advanced": True},
    )

    @field_validator("regions")
    @classmethod
    def _known_regions(cls, value: list[str]) -> list[str]:
        wrong = [region for region in value if not _REGION.match(region)]
        if wrong:
            raise ValueError(f"not an AWS region: {', '.join(wrong)}")
        return list(dict.fromkeys(value))

    @field_validator("endpoint_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        return web_address(value)

    @model_validator(mode="after")
    def _roles_in_account(self) -> AwsSettings:
        for name in ("role_arn", "blocking_role_arn"):
            arn = getattr(self, name)
            if not arn:
                continue
            found = _ROLE.match(arn)
            if found is None:
                raise ValueError(f"{name}: not the ARN of an IAM role")
            if found.group(1) != self.account_id:
                raise ValueError(
                    f"{name}: the role belongs to account {found.group(1)}, not {self.account_id}"
                )
        return self


_FIELDS: Final = (
    SourceField(
        "aws.access",
        known=(
            "time",
            "method",
            "path",
            "route",
            "client address",
            "status",
            "latency",
            "sizes",
            "principal",
            "user agent",
        ),
        unknown=("query string", "request headers", "bodies", "country", "TLS fingerprint"),
        note="Only fields the stage's own log format names; every other is unknown, not empty.",
    ),
    SourceField(
        "aws.waf",
        known=(
            "time",
            "method",
            "path",
            "query string",
            "headers",
            "client address",
            "country",
            "WAF action and rules",
        ),
        unknown=("status of allowed requests", "latency", "principal", "route", "bodies", "response size"),
        note="TLS fingerprints and ASN when WAF computed them (CloudFront, load balancers). Redacted values are unknown. "
        "A logging filter may leave records out.",
    ),
    SourceField(
        "aws.request",
        known=("everything above, merged on the request id",),
        unknown=("bodies",),
        note="For REST stages with both logs; one request is one call.",
    ),
    SourceField(
        "aws.access_json",
        known=("common keys of an uploaded JSON access log",),
        unknown=("fields the file does not name",),
        note="For files without a known format.",
    ),
    SourceField(
        "aws.alb",
        known=(
            "time",
            "method",
            "path",
            "query string",
            "host",
            "client address",
            "user agent",
            "status",
            "latency",
            "sizes",
            "target",
            "WAF action",
        ),
        unknown=("request headers", "bodies", "principal", "country", "WAF rules"),
        note="Files of Application Load Balancers. Which WAF rule matched stands in the WAF log.",
    ),
    SourceField(
        "aws.cloudfront",
        known=(
            "time (to the second)",
            "method",
            "path",
            "query string",
            "host",
            "client address",
            "user agent",
            "status",
            "latency",
            "sizes",
        ),
        unknown=("request headers", "bodies", "principal", "WAF action and rules"),
        note="Files of standard logs (both versions, tab-separated) and real-time records with all fields in their order. "
        "Country and ASN when those fields are chosen.",
    ),
    SourceField(
        "aws.cloudfront_json",
        known=("as aws.cloudfront, for the fields that were chosen",),
        unknown=("fields that were not chosen",),
        note="Standard logging (v2) as JSON lines.",
    ),
)

MANIFEST: Final = Manifest(
    key="aws",
    title="AWS API Gateway and WAF",
    vendor="Amazon Web Services",
    kind=ConnectorKind.GATEWAY,
    capabilities=frozenset(
        {
            Capability.ACCESS,
            Capability.CONFIG,
            Capability.PULL_CALLS,
            Capability.RECEIVE_CALLS,
            Capability.CHANGES,
            Capability.ORGANIZATION,
            Capability.ENFORCE,
        }
    ),
    settings=AwsSettings,
    permissions=READ + ORGANIZATION + WRITE,
    field_matrix=_FIELDS,
    summary="Reads REST and HTTP APIs, load balancers, CloudFront, access logs, WAF logs and who changed what; pushes "
    "blocks into WAFv2 web ACLs.",
    cannot=(
        "WAFv2 cannot be attached to HTTP or WebSocket APIs: blocks are effective there only through CloudFront with a web "
        "ACL in front and the default endpoint disabled. Or deny in a Lambda authorizer.",
        "No log carries request or response bodies.",
        "Under which names a load balancer is called is known only from host conditions of its rules; domains of "
        "CloudFront's tenants are not read.",
        "Access logs carry neither query strings nor headers; those come from WAF logs only.",
        "API keys and their values are never read, so callers are not known by key name.",
        "Access logs delivered only to Firehose cannot be pulled: add our HTTP endpoint to the stream (set-up texts), and "
        "name the keys of the format as we suggest, for a pushed line does not tell which stage's format it has.",
        "Changes are known about 15 minutes late at worst: CloudTrail delivers them so. Changes to load balancers and to "
        "CloudFront distributions are not read.",
        "WAFv2 has no expiry of its own: blocks are removed by Portcullis when they are due.",
        "A block by principal or by consumer cannot be expressed in WAFv2; block by address or by header instead.",
    ),
)
