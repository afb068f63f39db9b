"""What Envoy's flags and details say beyond the status: refused here, or answered by the upstream."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from connectors.base.mapping import Columns, Rows, convert

#: Rate limited (RL), refused by the external authorisation service (UAEX).
_REFUSING_FLAG: Final = r"(^|,)(RL|UAEX)(,|$)"
_REFUSING_DETAIL: Final = (
    r"^(rbac_access_denied|ext_authz_denied|jwt_authn_access_denied|local_rate_limited|request_rate_limited)"
)
_POLICY: Final = r"matched_policy\[(?P<name>[^\]]*)\]"


def finish_outcome(rows: Rows, columns: Columns, flags_field: str, details_field: str) -> None:
    """``waf_action``, ``waf_rules`` and ``upstream_status`` from response flags and details, where they are logged."""
    flags, details = text_of(rows, flags_field), text_of(rows, details_field)
    if "status" in columns:
        answered = pc.equal(details, "via_upstream")
        columns["upstream_status"] = pc.if_else(answered, columns["status"], None)
    refused = pc.or_(
        pc.fill_null(pc.match_substring_regex(flags, _REFUSING_FLAG), False),
        pc.fill_null(pc.match_substring_regex(details, _REFUSING_DETAIL), False),
    )
    if not pc.any(refused).as_py():
        return
    columns["waf_action"] = pc.if_else(refused, "BLOCK", None)
    rule = pc.coalesce(pc.struct_field(pc.extract_regex(details, _POLICY), "name"), details, flags)
    lists = [
        [name] if blocked and name else None
        for name, blocked in zip(rule.to_pylist(), refused.to_pylist(), strict=True)
    ]
    columns["waf_rules"] = pa.array(lists, pa.list_(pa.string()))


def finish_client(columns: Columns, forwarded: pa.Array) -> None:
    """Who connected as Envoy sees it; else the first address of X-Forwarded-For, which the client may have written."""
    known = columns.get("client_ip")
    if known is None:
        columns["client_ip"] = forwarded
        columns["client_ip_trust"] = pc.if_else(pc.is_valid(forwarded), "header", None)
        return
    columns["client_ip"] = pc.coalesce(known, forwarded)
    trust = pc.if_else(pc.is_valid(known), "trusted_hop", "header")
    columns["client_ip_trust"] = pc.if_else(pc.is_valid(columns["client_ip"]), trust, None)


def text_of(rows: Rows, field: str) -> pa.Array:
    """A field as texts; nulls when no record has it."""
    cells = rows.cells(field)
    return pa.nulls(rows.count, pa.string()) if cells is None else convert("text", cells)


def forwarded_of(rows: Rows, field: str) -> pa.Array:
    """The first address of a field such as X-Forwarded-For."""
    cells = rows.cells(field)
    return pa.nulls(rows.count, pa.string()) if cells is None else convert("first_address", cells)
