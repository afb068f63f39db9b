"""Access logs of Application Load Balancers: one line of blank-separated fields per request, in files in S3.

Source: Elastic Load Balancing User Guide, "Access log entries". Fields were only ever added at the end. Lines have no
id: the trace id is the client's when it sent one, so a call's id is a hash of the line (times have microseconds).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import CallBatch, RawBatch
from connectors.base.mapping import Columns, From, Rows, Words, convert, fill_target, given, split_request
from connectors.base.mapping import Mapping as FormatMapping
from connectors.base.mapping import normalise as run
from connectors.base.mapping.kernels import coalesced

SOURCE: Final = "aws.alb"

NAMES: Final = (
    "type", "time", "elb", "client", "target", "request_processing_time", "target_processing_time",
    "response_processing_time", "elb_status_code", "target_status_code", "received_bytes", "sent_bytes", "request",
    "user_agent", "ssl_cipher", "ssl_protocol", "target_group_arn", "trace_id", "domain_name", "chosen_cert_arn",
    "matched_rule_priority", "request_creation_time", "actions_executed", "redirect_url", "error_reason",
    "target_list", "target_status_code_list", "classification", "classification_reason", "conn_trace_id",
    "transformed_host", "transformed_uri", "request_transform_status",
)  # fmt: skip
_TYPES: Final = (b"http ", b"https ", b"h2 ", b"grpcs ", b"ws ", b"wss ")
_PHASES: Final = ("request_processing_time", "target_processing_time", "response_processing_time")


def _finish(rows: Rows, columns: Columns, context: Mapping[str, str]) -> None:
    """What the request line, the three phases and the executed actions say."""
    request = convert("raw", given(rows, "request"))
    named = columns.pop("host", None)
    columns["method"], target, columns["protocol"] = split_request(request)
    fill_target(columns, target)
    columns["host"] = coalesced(columns.get("host"), named)
    took: pa.Array | None = None
    for phase in _PHASES:  # -1 where the phase did not happen: then nobody can tell how long it all took
        part = convert("seconds", given(rows, phase))
        took = part if took is None else pc.add(took, part)
    columns["latency_ms"] = took
    actions = rows.cells("actions_executed")
    if actions is not None:
        columns["waf_action"] = _waf(convert("raw", actions))


def _waf(actions: pa.Array) -> pa.Array:
    """``waf`` as the last action is a rejection by AWS WAF, before others it let the request pass."""
    unknown = pa.scalar(None, pa.string())
    passed = pc.if_else(pc.match_substring_regex(actions, "(^|,)waf,"), "ALLOW", unknown)
    return pc.if_else(pc.match_substring_regex(actions, "(^|,)waf$"), "BLOCK", passed)


MAPPING: Final = FormatMapping(
    Words(NAMES, least=16),
    {
        "ts": From("request_creation_time", "time", kind="time"),
        "gateway": From("elb"),
        "host": From("domain_name", kind="host"),
        "upstream": From("target"),
        "client_ip": From("client", kind="peer"),
        "user_agent": From("user_agent"),
        "status": From("elb_status_code", kind="status"),
        "upstream_status": From("target_status_code", kind="status"),
        "upstream_latency_ms": From("target_processing_time", kind="seconds"),
        "request_bytes": From("received_bytes", kind="whole"),
        "response_bytes": From("sent_bytes", kind="whole"),
    },
    trust="peer",
    finish=_finish,
    reasons={
        "method": "the request line is not METHOD URL PROTOCOL (the client sent no readable request)",
        "path": "the request line is not METHOD URL PROTOCOL (the client sent no readable request)",
    },
)


def looks_like_alb(head: bytes, filename: str) -> float:
    """The type in front, ``app/name/id`` as third field, and a request in quotes."""
    first = head.lstrip().split(b"\n", 1)[0]
    words = first.split(b" ", 4)
    if not first.startswith(_TYPES) or len(words) < 5 or b'"' not in words[4]:
        return 0.0
    return 0.97 if words[2].startswith(b"app/") else 0.5


def normalise(batch: RawBatch) -> CallBatch:
    """Neutral calls of load balancer lines; never raises."""
    return run(MAPPING, batch)
