"""Read log events of a time range: CloudWatch Logs groups and WAF files in S3, each event with its arrival time."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Final

from connectors.aws.log_sources import LogGroup, WafFolder
from connectors.aws.session import AwsSession
from connectors.base.errors import VendorAnswerError

#: WAF starts a new file every five minutes; the file's folder is named after the start of its period.
_PERIOD: Final = timedelta(minutes=5)
#: Bytes of one unpacked file that we are willing to hold.
_MAX_FILE: Final = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line: when it happened and when AWS took it in, both in ms since the epoch."""

    id: str
    at: int
    arrived: int
    line: bytes


def group_events(session: AwsSession, group: LogGroup, start: int, end: int) -> list[LogEvent]:
    """Events with ``start <= at < end`` (ms). Pages may be empty and still have a successor; ids are unique."""
    found: dict[str, LogEvent] = {}
    for page in session.pages(
        "logs", "FilterLogEvents", group.region, logGroupName=group.name, startTime=max(0, start), endTime=end
    ):
        if "events" not in page:
            raise VendorAnswerError(f"AWS answered for the log group {group.name} without events.")
        for event in page["events"]:
            at = int(event["timestamp"])
            if at < end:
                arrived = int(event.get("ingestionTime") or at)
                entry = LogEvent(str(event["eventId"]), at, arrived, str(event["message"]).encode())
                found[entry.id] = entry
    return list(found.values())


def folder_events(
    session: AwsSession, folder: WafFolder, arrived_since: int, start: int, end: int
) -> list[LogEvent]:
    """Lines of the files whose period touches ``[start, end)`` (ms) and that arrived from ``arrived_since`` (ms) on.

    A line's own time is not read here: ``at`` is the start of its file's period.
    """
    events: list[LogEvent] = []
    for key, at, arrived in _files(session, folder, start, end):
        if arrived < arrived_since:
            continue
        for number, line in enumerate(_lines(session.read_object(folder.region, folder.bucket, key), key)):
            events.append(LogEvent(f"{key}#{number}", at, arrived, line))
    return events


def _files(session: AwsSession, folder: WafFolder, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    first = _moment(start) - _PERIOD
    after = f"{folder.prefix}{first:%Y/%m/%d/%H/%M}"
    for page in session.pages(
        "s3", "ListObjectsV2", folder.region, Bucket=folder.bucket, Prefix=folder.prefix, StartAfter=after
    ):
        for item in page.get("Contents") or ():
            key = str(item["Key"])
            at = _period(key, folder.prefix)
            if at is None:
                continue
            if at >= end:
                return
            yield key, at, int(item["LastModified"].timestamp() * 1000)


def _period(key: str, prefix: str) -> int | None:
    """Start of a file's period (ms) from its folder, None when the key is not a WAF log's."""
    try:
        moment = datetime.strptime(key.removeprefix(prefix)[:16], "%Y/%m/%d/%H/%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp() * 1000)


def _lines(content: bytes, key: str) -> list[bytes]:
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=BytesIO(content)) as file:
                content = file.read(_MAX_FILE + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise VendorAnswerError(f"The WAF log file {key} is damaged: {error}.") from error
        if len(content) > _MAX_FILE:
            raise VendorAnswerError(
                f"The WAF log file {key} is larger than {_MAX_FILE >> 20} MiB when unpacked."
            )
    return [line for line in content.splitlines() if line.strip()]


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
