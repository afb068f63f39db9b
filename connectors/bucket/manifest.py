"""The card of object storage: where the log files are, how they are read, what they cannot tell."""

from __future__ import annotations

import re
from typing import Final, Literal
from urllib.parse import parse_qs

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base.addresses import web_address
from connectors.base.capabilities import Capability
from connectors.base.formats import CallFormat, file_formats
from connectors.base.manifest import ConnectorKind, ConnectorSettings, Manifest, PermissionNeed, SourceField
from connectors.bucket.prefixes import wrong_places

#: One bucket may hold the logs of many load balancers; more belong into a connection of their own.
MAX_PREFIXES: Final = 20
_REGION: Final = r"^[a-z0-9-]{0,40}$"
_BUCKET: Final = re.compile(r"^[A-Za-z0-9$][A-Za-z0-9._-]{1,220}$")


class BucketSettings(ConnectorSettings):
    """One bucket or container, and what to read of it."""

    provider: Literal["s3", "gcs", "azure"] = Field(
        title="Store",
        description="s3 for AWS and everything that speaks like it (R2, MinIO), gcs for Google Cloud Storage, azure for "
        "Blob Storage.",
    )
    bucket: str = Field(title="Bucket or container", description="Its name, such as example-alb-logs.")
    endpoint: str = Field(
        default="",
        title="Endpoint",
        description="Address of the store. Empty for AWS and Google; https://<account>.r2.cloudflarestorage.com for R2; "
        "https://<account>.blob.core.windows.net for Azure.",
    )
    region: str = Field(
        default="",
        title="Region",
        description="The bucket's region at AWS, such as eu-west-1.",
        pattern=_REGION,
    )
    access_key_id: str = Field(
        default="",
        title="Access key id",
        description="For s3, and for gcs the id of an HMAC key of a service account. Empty for azure.",
        max_length=200,
    )
    secret_access_key: SecretStr | None = Field(
        default=None,
        title="Secret access key",
        description="The key's secret. Stored encrypted, never shown again. Empty for azure.",
    )
    sas_token: SecretStr | None = Field(
        default=None,
        title="Shared access signature",
        description="For azure: a token of the container with read and list. Stored encrypted, never shown again.",
    )
    prefixes: list[str] = Field(
        default=[""],
        title="Prefixes",
        description="What keys begin with. {yyyy}, {mm}, {dd} and {hh} stand for the date (UTC), so that only recent days "
        "are listed: alb/AWSLogs/111122223333/elasticloadbalancing/eu-west-1/{yyyy}/{mm}/{dd}/. Empty is everything.",
        min_length=1,
        max_length=MAX_PREFIXES,
    )
    pattern: str = Field(
        default="*",
        title="File names",
        description="Only objects whose name fits, such as *.log.gz (* and ? allowed; with a slash, the whole key).",
        min_length=1,
        max_length=300,
    )
    format: str = Field(
        default="",
        title="Format",
        description="The name of one log format, such as aws.waf. Empty: recognised object by object from its content.",
    )
    default_host: str = Field(
        default="",
        title="Host name",
        description="Used for calls that name no host, such as api.example.com.",
        pattern=r"^[A-Za-z0-9.-]{0,253}$",
    )
    backfill_days: int = Field(
        default=7,
        ge=0,
        le=400,
        title="Days to go back",
        description="How old objects may be that the first pull reads.",
        json_schema_extra={"advanced": True},
    )
    overlap_minutes: int = Field(
        default=60,
        ge=15,
        le=1440,
        title="Overlap",
        description="Objects that appear this long after the time the store gives them are still found.",
        json_schema_extra={"advanced": True},
    )
    late_hours: int = Field(
        default=6,
        ge=0,
        le=72,
        title="Late folders",
        description="For prefixes with a date: how long after the end of a day (or hour) its folder is still listed.",
        json_schema_extra={"advanced": True},
    )
    poll_seconds: int = Field(
        default=60,
        ge=0,
        le=3600,
        title="Pause",
        description="Seconds between two looks at the bucket. Each look is one request per 1,000 objects listed.",
        json_schema_extra={"advanced": True},
    )

    @field_validator("bucket")
    @classmethod
    def _named(cls, value: str) -> str:
        if not _BUCKET.match(value):
            raise ValueError("must be the name alone, without s3:// or slashes")
        return value

    @field_validator("endpoint")
    @classmethod
    def _web_address(cls, value: str) -> str:
        return web_address(value)

    @field_validator("prefixes")
    @classmethod
    def _dated(cls, value: list[str]) -> list[str]:
        for prefix in value:
            if wrong := wrong_places(prefix):
                raise ValueError(f"{{{wrong[0]}}} is none of {{yyyy}}, {{mm}}, {{dd}}, {{hh}}")
            if prefix.startswith("/") or len(prefix) > 900 or not prefix.isprintable():
                raise ValueError("must not start with a slash, and have at most 900 readable characters")
        return list(dict.fromkeys(value))

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        if value and not isinstance(file_formats().get(value), CallFormat):
            known = [name for name, offered in file_formats().items() if isinstance(offered, CallFormat)]
            raise ValueError(f"must be empty or one of {', '.join(known)}")
        return value

    @field_validator("sas_token")
    @classmethod
    def _signed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        token = value.get_secret_value().strip().lstrip("?")
        if "://" in token or not {"sig", "sv"} <= parse_qs(token).keys() or not token.isascii():
            raise ValueError("must be the token alone (sv=…&sig=…), without the address")
        return SecretStr(token)

    @model_validator(mode="after")
    def _credentials(self) -> BucketSettings:
        if self.provider == "azure":
            if not self.endpoint:
                raise ValueError("endpoint: Azure needs https://<account>.blob.core.windows.net")
            if self.sas_token is None:
                raise ValueError("sas_token: Azure needs a shared access signature")
        elif not self.access_key_id or self.secret_access_key is None:
            raise ValueError("access_key_id and secret_access_key: both are needed")
        elif self.provider == "s3" and not self.region and not self.endpoint:
            raise ValueError("region: AWS needs the bucket's region")
        return self


LIST: Final = "list"
READ: Final = "read"

MANIFEST: Final = Manifest(
    key="bucket",
    title="Log files in object storage",
    vendor="Object storage",
    kind=ConnectorKind.STORAGE,
    capabilities=frozenset({Capability.ACCESS, Capability.PULL_CALLS}),
    settings=BucketSettings,
    permissions=(
        PermissionNeed(LIST, "See which log files there are under the prefixes."),
        PermissionNeed(READ, "Read the log files."),
    ),
    summary="Reads log files from S3, R2, MinIO, Google Cloud Storage and Azure Blob Storage, in every known log format.",
    field_matrix=(
        SourceField(
            source="bucket",
            known=("what the format of the file knows",),
            unknown=("whatever the format does not name",),
            note="Each object is read in its own format: load balancer, WAF, CDN, Azure and Google logs, combined logs.",
        ),
    ),
    cannot=(
        "Nothing is written to the bucket, so nothing is marked as read there and nothing is deleted.",
        "Objects that appear later than the overlap after the time the store gives them are not found.",
        "A compressed object that grows is read again from its beginning; calls that are known are dropped.",
        "Lines of formats without ids are told apart by key and line number: a copied file counts twice.",
        "Archived storage classes cannot be read; such an object is set aside with its name.",
        "S3 event notifications and Event Grid are not used: the bucket is listed.",
        "The configuration of the store is not read, and nothing can be blocked there.",
    ),
)
