"""The detectors' contract and what comes of them.

A detector is a pure function from calls to evidence. Calls are an Arrow table of ``DETECTOR_COLUMNS``: the stored
call columns plus ``template`` (the endpoint's path template, null when the call belongs to no endpoint).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pyarrow as pa

#: Columns every detector may read.
DETECTOR_COLUMNS: Final = [
    "call_id", "ts", "connection", "host", "method", "path", "query", "declared_route", "client_ip",
    "principal", "session", "consumer", "user_agent", "ja4", "country", "status", "latency_ms",
    "request_bytes", "response_bytes", "auth_present", "waf_action", "waf_rules", "signatures",
    "signature_score", "data_classes", "query_fields", "body_fields", "response_fields",
]  # fmt: skip


class ActorKind(StrEnum):
    """Who acts: a signed-in principal, a consumer, an address, or several addresses acting as one."""

    PRINCIPAL = "principal"
    CONSUMER = "consumer"
    IP = "ip"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing an actor did in one window, with the calls that show it.

    ``bucket`` (µs) is the start of the detector's window: with actor, detector and attack class it identifies the
    evidence, so that looking at the same window again replaces it. ``points`` (0–100) are before decay. ``call_ids`` are the
    calls that show it, all of them up to 5,000, in order of time. ``succeeded`` counts those that got through.
    """

    detector: str
    attack_class: str
    actor_kind: ActorKind
    actor_key: str
    addresses: tuple[str, ...]
    bucket: int
    first_ts: int
    last_ts: int
    points: int
    confidence: float
    requests: int
    succeeded: int
    endpoints: tuple[str, ...]
    sentence: str
    call_ids: tuple[str, ...]
    succeeded_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detector:
    """One detector: what it looks for, over which window, and the function.

    ``window_seconds`` is the length of its tumbling buckets, aligned to the epoch; the table it gets starts at
    a bucket boundary. ``history_seconds`` of calls before it come along so that it can tell what is usual; evidence
    on them is dropped. ``spoofable`` says that its actor key can be forged by a client.
    ``needs`` names columns without which it cannot tell (then it says nothing, and the product says why).
    """

    id: str
    title: str
    attack_class: str
    owasp: str
    window_seconds: int
    detect: Callable[[pa.Table], list[Evidence]]
    why: str
    spoofable: bool = False
    history_seconds: int = 0
    needs: tuple[str, ...] = ()
