"""One request, one call: what the firewall said goes into the access record with the same reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.calls import UNKNOWN_METHOD

#: Of several records of one request, the one that ended it counts.
_STRONGEST: Final = ("BLOCK", "CAPTCHA", "CHALLENGE", "ALLOW", "COUNT")
_CHANGED: Final = ("call_id", "waf_action", "waf_rules", "ja4")


def joined(calls: pa.Table) -> pa.Table:
    """``calls`` with one row per request.

    Firewall rows whose access row is in the same batch only add to it; the others become one row per request, its id
    marked so that the access row, when it comes later, is not taken for the same.
    """
    alone = pc.equal(calls.column("method"), UNKNOWN_METHOD)
    rows = pc.indices_nonzero(alone).to_pylist()
    if not rows:
        return calls
    columns: dict[str, list[Any]] = {name: calls.column(name).to_pylist() for name in _CHANGED}
    ids = columns["call_id"]
    groups: dict[str, list[int]] = {}
    for row in rows:
        groups.setdefault(ids[row], []).append(row)
    fired = set(rows)
    access = {name: row for row, name in enumerate(ids) if row not in fired and name in groups}
    dropped: set[int] = set()
    for name, members in groups.items():
        target = access.get(name, members[0])
        _merge(columns, members, target)
        if target not in fired:
            dropped.update(members)
        else:
            dropped.update(members[1:])
            ids[target] = f"{name}/waf"
    for name, values in columns.items():
        place = calls.schema.get_field_index(name)
        column = pa.array(values, type=calls.schema.field(place).type)
        calls = calls.set_column(place, calls.schema.field(place), column)
    return calls.filter(pa.array([row not in dropped for row in range(len(ids))], pa.bool_()))


def _merge(columns: dict[str, list[Any]], members: Sequence[int], target: int) -> None:
    said = {columns["waf_action"][row] for row in members}
    columns["waf_action"][target] = next((action for action in _STRONGEST if action in said), None)
    rules = [rule for row in members for rule in columns["waf_rules"][row] or ()]
    columns["waf_rules"][target] = list(dict.fromkeys(rules))
    if columns["ja4"][target] is None:
        columns["ja4"][target] = next((columns["ja4"][row] for row in members if columns["ja4"][row]), None)
