"""Payload-attack signatures: rule packs as content, evaluated in linear time on one request or on a table.

`Engine.load().evaluate(RequestParts(...))` gives hits for one request, `Engine.evaluate_batch(table)` for an
Arrow table; `verdict` and `request_score` grade them. No network, no database, no Django.
"""

from .batch import HIT_SCHEMA, BatchHits, DistinctHits
from .engine import Engine
from .packs import PackError, Rule, load_packs, parse_pack
from .types import DEFAULT_THRESHOLD, Field, Hit, RequestParts, Severity, Verdict, request_score, verdict

__all__ = [
    "DEFAULT_THRESHOLD",
    "HIT_SCHEMA",
    "BatchHits",
    "DistinctHits",
    "Engine",
    "Field",
    "Hit",
    "PackError",
    "RequestParts",
    "Rule",
    "Severity",
    "Verdict",
    "load_packs",
    "parse_pack",
    "request_score",
    "verdict",
]
