"""Files AWS users have: logs of API Gateway stages, WAFv2, load balancers and CloudFront, one record per line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from connectors.aws import cloudfront, load_balancer
from connectors.aws.normalise import normalise
from connectors.base.calls import CallBatch, RawBatch
from connectors.base.columns import MAX_RECORD_BYTES, as_sent, quarantined
from connectors.base.formats import CallFormat, FileFormat

ACCESS: Final = "aws.access_json"
WAF: Final = "aws.waf"


def read_lines(batch: RawBatch) -> CallBatch:
    """Calls of lines of a file: blank lines are skipped, and quarantined ones keep their number in the file.

    AWS logs paths decoded; what no URI may hold is encoded again, as the client must have sent it.
    """
    first = int(batch.context.get("first_line", "0") or 0)
    kept, too_long = list[int](), list[int]()
    for row, record in enumerate(batch.records):
        if record and not record.isspace():
            (too_long if len(record) > MAX_RECORD_BYTES else kept).append(row)
    found = normalise(RawBatch(batch.source, tuple(batch.records[row] for row in kept), batch.context))
    bad = [
        replace(entry, line=first + kept[entry.line - 1] if first and entry.line else None)
        for entry in found.quarantined
    ]
    for row in too_long:
        reason = "the line is longer than 1 MiB"
        bad.append(quarantined(batch.records[row], reason, first + row if first else None))
    place = found.table.schema.get_field_index("path")
    table = found.table.set_column(place, found.table.schema.field(place), as_sent(found.table.column(place)))
    return CallBatch(batch.source, table, tuple(bad))


def _first_line_has(*marks: bytes) -> Callable[[bytes, str], float]:
    """A sniffer that counts marks in the first JSON line: all of them is certain."""

    def sniff(head: bytes, filename: str) -> float:
        first = head.lstrip().split(b"\n", 1)[0]
        if not first.startswith((b"{", b"[")):
            return 0.0
        return 0.98 * sum(mark in first for mark in marks) / len(marks)

    return sniff


FORMATS: Final[tuple[FileFormat, ...]] = (
    CallFormat(
        ACCESS,
        "API Gateway access log (JSON lines)",
        _first_line_has(b'"requestId"', b'"httpMethod"', b'"ip"', b'"status"'),
        read_lines,
    ),
    CallFormat(
        WAF,
        "AWS WAF log (JSON lines)",
        _first_line_has(b'"webaclId"', b'"httpRequest"', b'"action"'),
        read_lines,
    ),
    CallFormat(
        load_balancer.SOURCE,
        "AWS Application Load Balancer access log",
        load_balancer.looks_like_alb,
        load_balancer.normalise,
    ),
    CallFormat(
        cloudfront.LINES,
        "CloudFront log (standard or real-time, tab-separated)",
        cloudfront.looks_like_lines,
        cloudfront.normalise,
        heading=cloudfront.heading,
        comment=b"#",
    ),
    CallFormat(
        cloudfront.JSON,
        "CloudFront standard log (JSON lines)",
        cloudfront.looks_like_json,
        cloudfront.normalise_json,
    ),
)
