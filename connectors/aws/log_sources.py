"""Which logs a snapshot says there are: access-log groups of stages, and WAF logs in CloudWatch or S3."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from connectors.base.model import ConfigSnapshot, WafPolicy

_LOG_GROUP: Final = re.compile(r"^arn:aws[\w-]*:logs:([\w-]+):(\d+):log-group:(.+?)(?::\*)?$")
_BUCKET: Final = re.compile(r"^arn:aws[\w-]*:s3:::([^/]+)(?:/(.*))?$")
_ACL: Final = re.compile(r"^arn:aws[\w-]*:wafv2:([\w-]+):(\d+):(regional|global)/webacl/([^/]+)/")


@dataclass(frozen=True, slots=True)
class StageFormat:
    """One stage that writes to a group, and in which format. ``waf``: "", "logs" or "s3", where its WAF logs go."""

    api_id: str
    stage: str
    format: str
    waf: str = ""


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A CloudWatch log group: access lines of ``stages``, or WAF records when ``stages`` is empty."""

    region: str
    name: str
    stages: tuple[StageFormat, ...] = ()

    @property
    def key(self) -> str:
        """Its name in a cursor."""
        return f"logs:{self.region}:{self.name}"


@dataclass(frozen=True, slots=True)
class WafFolder:
    """WAF log files of one web ACL: ``<prefix>YYYY/MM/dd/HH/mm/*.log.gz`` in a bucket."""

    region: str
    bucket: str
    prefix: str

    @property
    def key(self) -> str:
        """Its name in a cursor."""
        return f"s3:{self.bucket}:{self.prefix}"


@dataclass(frozen=True, slots=True)
class LogSources:
    """Everything that can be pulled, and what cannot, in words."""

    access: tuple[LogGroup, ...] = ()
    waf_groups: tuple[LogGroup, ...] = ()
    waf_folders: tuple[WafFolder, ...] = ()
    not_pulled: tuple[str, ...] = ()
    stages: frozenset[tuple[str, str]] = field(
        default_factory=frozenset
    )  # those whose access lines are pulled

    def names(self) -> list[str]:
        """Every source's name in a cursor."""
        groups = [group.key for group in (*self.access, *self.waf_groups)]
        return groups + [folder.key for folder in self.waf_folders]


def log_sources(snapshot: ConfigSnapshot) -> LogSources:
    """The sources a snapshot declares."""
    destinations = {policy.ref: _destination(policy) for policy in snapshot.waf_policies}
    groups: dict[tuple[str, str], list[StageFormat]] = {}
    not_pulled: list[str] = []
    for stage in snapshot.stages:
        found = _LOG_GROUP.match(stage.access_log or "")
        if found is None or not stage.access_log_format:
            if stage.access_log:
                not_pulled.append(
                    f"{stage.ref}: its access log goes to {stage.access_log}, which cannot be pulled."
                )
            continue
        waf = destinations.get(stage.waf_ref or "", "")
        groups.setdefault((found.group(1), found.group(3)), []).append(
            StageFormat(stage.service_ref, stage.name, stage.access_log_format, waf)
        )
    waf_groups, folders = _waf(snapshot.waf_policies, not_pulled)
    access = tuple(LogGroup(region, name, tuple(stages)) for (region, name), stages in sorted(groups.items()))
    return LogSources(
        access,
        waf_groups,
        folders,
        tuple(not_pulled),
        frozenset((entry.api_id, entry.stage) for group in access for entry in group.stages),
    )


def _destination(policy: WafPolicy) -> str:
    for arn in policy.log_destinations:
        if _LOG_GROUP.match(arn):
            return "logs"
        if _BUCKET.match(arn):
            return "s3"
    return ""


def _waf(
    policies: Iterable[WafPolicy], not_pulled: list[str]
) -> tuple[tuple[LogGroup, ...], tuple[WafFolder, ...]]:
    groups: dict[str, LogGroup] = {}
    folders: dict[str, WafFolder] = {}
    for policy in policies:
        acl = _ACL.match(policy.ref)
        for arn in policy.log_destinations:
            log, bucket = _LOG_GROUP.match(arn), _BUCKET.match(arn)
            if log is not None:
                group = LogGroup(log.group(1), log.group(3))
                groups[group.key] = group
            elif bucket is not None and acl is not None:
                place = "cloudfront" if acl.group(3) == "global" else acl.group(1)
                head = f"{bucket.group(2).strip('/')}/" if bucket.group(2) else ""
                prefix = f"{head}AWSLogs/{acl.group(2)}/WAFLogs/{place}/{acl.group(4)}/"
                folder = WafFolder(acl.group(1), bucket.group(1), prefix)
                folders[folder.key] = folder
            else:
                not_pulled.append(f"{policy.name}: its WAF log goes to {arn}, which cannot be pulled.")
    return tuple(groups.values()), tuple(folders.values())
