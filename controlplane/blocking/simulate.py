"""What a match would have done to past calls. Pure: an Arrow table in, an ``Effect`` out.

*Known-good* callers are those whose calls mostly succeed, carry no attack signature and who are not suspects
of an open threat; a caller is its consumer, else its principal, else its address. A *partner* is a gateway
consumer that calls from at most five addresses: a server, not the users of an app.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.evaluate import matches, unevaluable
from connectors.base.intent import Match
from controlplane.blocking.types import Effect, Partner

#: Columns the simulation needs.
COLUMNS: Final = [
    "ts", "call_id", "method", "host", "path", "client_ip", "principal", "consumer", "user_agent",
    "ja4", "country", "asn", "status", "signature_score",
]  # fmt: skip
#: From how many addresses a consumer may call and still count as a server-to-server partner.
PARTNER_ADDRESSES: Final = 5
_GOOD_SUCCESS_SHARE: Final = 0.8
_SIGNATURE_SCORE: Final = 50  # the signature engine's own threshold of an attack
_BUCKETS: Final = 48


def simulate(
    match: Match,
    calls: pa.Table,
    suspects: frozenset[str],
    label: Callable[[str | None, str, str], str],
) -> Effect:
    """The effect of ``match`` on ``calls`` (``COLUMNS``).

    ``suspects`` are addresses and principals of open threats; ``label(host, method, path)`` names the endpoint.
    """
    hit = matches(match, calls)
    sure = pc.fill_null(hit, False)
    hits = calls.filter(sure)
    good = good_calls(calls, suspects)
    good_hits = pc.sum(pc.and_(good, sure)).as_py() or 0
    good_total = pc.sum(good).as_py() or 0
    total = calls.num_rows
    return Effect(
        calls=total,
        requests=hits.num_rows,
        unknown=hit.null_count,
        principals=pc.count_distinct(hits.column("principal"), mode="only_valid").as_py(),
        addresses=pc.count_distinct(hits.column("client_ip"), mode="only_valid").as_py(),
        share_of_traffic=hits.num_rows / total if total else None,
        good_requests=good_hits,
        good_total=good_total,
        share_of_good=good_hits / good_total if good_total else None,
        endpoints=_endpoints(hits, label),
        partners=_partners(calls, hits, suspects),
        examples=tuple(
            _example(row, label) for row in hits.slice(max(0, hits.num_rows - 10)).to_pylist()[::-1]
        ),
        series=_series(calls, sure),
        unevaluable=tuple((entry.field, entry.reason) for entry in unevaluable(match, calls)),
    )


def _caller(calls: pa.Table) -> pa.Array:
    return pc.coalesce(calls.column("consumer"), calls.column("principal"), calls.column("client_ip"))


def good_calls(calls: pa.Table, suspects: frozenset[str]) -> pa.Array:
    """A boolean array over ``calls`` (``COLUMNS``): true for calls of known-good callers."""
    frame = pa.table(
        {
            "caller": _caller(calls),
            "ok": pc.fill_null(pc.less(calls.column("status"), 400), False).cast(pa.int64()),
            "attack": pc.fill_null(
                pc.greater_equal(calls.column("signature_score"), _SIGNATURE_SCORE), False
            ).cast(pa.int64()),
        }
    )
    callers = frame.group_by("caller").aggregate([("ok", "mean"), ("attack", "sum")])
    good = callers.filter(
        pc.and_(
            pc.greater_equal(callers.column("ok_mean"), _GOOD_SUCCESS_SHARE),
            pc.equal(callers.column("attack_sum"), 0),
        )
    ).column("caller")
    known = pa.array(sorted(suspects), type=pa.string())
    suspect = pc.or_(
        pc.is_in(calls.column("client_ip"), value_set=known),
        pc.is_in(calls.column("principal"), value_set=known),
    )
    good = good.combine_chunks().drop_null() if isinstance(good, pa.ChunkedArray) else good.drop_null()
    return pc.and_(pc.is_in(frame.column("caller"), value_set=good), pc.invert(suspect))


def _partners(calls: pa.Table, hits: pa.Table, suspects: frozenset[str]) -> tuple[Partner, ...]:
    counted = Counter(name for name in hits.column("consumer").to_pylist() if name)
    if not counted:
        return ()
    spread = calls.group_by("consumer").aggregate([("client_ip", "count_distinct")])
    addresses = dict(
        zip(
            spread.column("consumer").to_pylist(),
            spread.column("client_ip_count_distinct").to_pylist(),
            strict=True,
        )
    )
    return tuple(
        Partner(name, requests)
        for name, requests in counted.most_common()
        if addresses.get(name, 0) <= PARTNER_ADDRESSES and name not in suspects
    )


def _endpoints(hits: pa.Table, label: Callable[[str | None, str, str], str]) -> tuple[tuple[str, int], ...]:
    counted: Counter[str] = Counter()
    if hits.num_rows:
        grouped = hits.group_by(["host", "method", "path"]).aggregate([([], "count_all")])
        for row in grouped.to_pylist():
            counted[label(row["host"], row["method"], row["path"])] += row["count_all"]
    return tuple(counted.most_common(20))


def _example(row: Mapping[str, Any], label: Callable[[str | None, str, str], str]) -> Mapping[str, Any]:
    shown = {
        name: row[name]
        for name in ("ts", "call_id", "method", "host", "path", "client_ip", "consumer", "status")
    }
    return {**shown, "endpoint": label(row["host"], row["method"], row["path"])}


def _series(calls: pa.Table, hit: pa.Array) -> tuple[tuple[int, int, int], ...]:
    if not calls.num_rows:
        return ()
    bounds = pc.min_max(calls.column("ts")).as_py()
    width = max(1, (bounds["max"] - bounds["min"]) // _BUCKETS + 1)
    bucket = pc.add(
        pc.multiply(pc.divide(pc.subtract(calls.column("ts"), bounds["min"]), width), width), bounds["min"]
    )
    grouped = (
        pa.table({"at": bucket, "hit": hit.cast(pa.int64())})
        .group_by("at")
        .aggregate([("hit", "count"), ("hit", "sum")])
    )
    rows = zip(*(grouped.column(name).to_pylist() for name in ("at", "hit_count", "hit_sum")), strict=True)
    return tuple(sorted(rows))
