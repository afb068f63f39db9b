"""After the push: does a block hurt callers it was not meant for? Then it is undone without asking.

A victim is a caller with a name (consumer or principal) whose calls were good in the week before the block, who is
no suspect, whom the match does not name, and whose calls the block now refuses. Addresses are no names: an attacker's
address may have behaved well before.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import structlog

from connectors.base.intent import Match
from controlplane.blocking.drafts import parse_match
from controlplane.blocking.models import Block
from controlplane.blocking.services.asking import WEEK_SECONDS
from controlplane.blocking.services.ending import undo
from controlplane.blocking.services.hitting import met
from controlplane.blocking.simulate import COLUMNS, good_calls
from controlplane.blocking.types import BlockStatus
from controlplane.detection import queries as detection
from controlplane.traffic import engine
from controlplane.traffic.types import MICROSECONDS, CallFilter, Window

log = structlog.get_logger(__name__)

#: Refused requests of victims that are never put down to chance.
_LEAST: Final = 5
#: How far back the watch looks; it runs twice a minute.
_LOOK: Final = timedelta(minutes=15)
_REFUSED: Final = (403, 429)
_VICTIM_COLUMNS: Final = ("consumer", "principal", "client_ip", "status", "waf_action", "upstream_status")


def watch_effects(now: datetime) -> int:
    """Undo blocks that refuse known-good callers beyond what their preview said; returns how many."""
    suspects = detection.suspects()
    undone = 0
    for block in Block.objects.filter(status=BlockStatus.BLOCKING.value).order_by("id"):
        try:
            sentence = _harm(block, suspects, now)
        except Exception:
            log.exception("a block could not be watched", block=block.id)
            continue
        if sentence:
            undo(block.id, "", sentence)
            undone += 1
    return undone


def _harm(block: Block, suspects: frozenset[str], now: datetime) -> str:
    """What a block does to callers it was not meant for, as a sentence; "" when that is nothing unexpected."""
    since = max(block.created_at, now - _LOOK)
    match = parse_match(block.match)
    refused = _refused(met(match, _window(since, now), _VICTIM_COLUMNS))
    named = _named(refused, match, suspects)
    victims = {name: count for name, count in named.items() if name in _known_good(named, block, suspects)}
    total = sum(victims.values())
    if total < max(_LEAST, 2 * _expected(block, since, now)):
        return ""
    worst = max(victims, key=lambda name: victims[name])
    return (
        f"It refused {total} requests of {len(victims)} known-good callers (most of {worst[:24]}), more than the "
        "preview showed. Undone by itself."
    )


def _refused(hits: pa.Table) -> pa.Table:
    """Of the calls hit, those that the WAF or the gateway turned away before any upstream answered."""
    by_waf = pc.fill_null(pc.equal(hits.column("waf_action"), "BLOCK"), False)
    status = pc.fill_null(
        pc.is_in(hits.column("status"), value_set=pa.array(_REFUSED, hits.column("status").type)), False
    )
    by_gateway = pc.and_(status, pc.is_null(hits.column("upstream_status")))
    return hits.filter(pc.or_(by_waf, by_gateway))


def _named(refused: pa.Table, match: Match, suspects: frozenset[str]) -> Counter[str]:
    """Refused requests by consumer, else principal, of callers the block was not meant for."""
    meant = suspects | set(match.consumers) | set(match.principals)
    counted: Counter[str] = Counter()
    for row in refused.select(["consumer", "principal", "client_ip"]).to_pylist():
        name = row["consumer"] or row["principal"]
        if name and not {row["consumer"], row["principal"], row["client_ip"]} & meant:
            counted[name] += 1
    return counted


def _known_good(named: Counter[str], block: Block, suspects: frozenset[str]) -> frozenset[str]:
    """Which of the callers were good in the week before the block."""
    if not named:
        return frozenset()
    names = tuple(named)
    before = _window(block.created_at - timedelta(seconds=WEEK_SECONDS), block.created_at)
    either = CallFilter(either=(CallFilter(consumers=names), CallFilter(principals=names)))
    calls = engine.calls(before, either, COLUMNS)
    good = calls.filter(good_calls(calls, suspects))
    return frozenset(good.column("consumer").to_pylist()) | frozenset(good.column("principal").to_pylist())


def _expected(block: Block, since: datetime, now: datetime) -> float:
    """How many good requests the preview said the block would hit in this time."""
    history = block.preview.get("window", {}).get("history_seconds") or 0
    if not history:
        return 0.0
    good = block.preview.get("effect", {}).get("good_requests") or 0
    return float(good) * (now - since).total_seconds() / float(history)


def _window(start: datetime, end: datetime) -> Window:
    return Window(int(start.timestamp() * MICROSECONDS), int(end.timestamp() * MICROSECONDS))
