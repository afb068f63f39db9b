"""Upper bounds on what a single call may carry into the store, in characters and rows."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from controlplane.textcolumns import encode

#: Calls in one accepted batch; senders split larger ones.
MAX_BATCH_CALLS: Final = 200_000
#: Body of one pushed request, bytes after decompression.
MAX_PUSH_BYTES: Final = 16 * 1024 * 1024
#: Records of one pushed request, and the values in all of them: logs have some ten bytes a value, attacks have two.
MAX_PUSH_RECORDS: Final = 100_000
MAX_PUSH_VALUES: Final = 2_000_000

_LENGTHS: Final = {
    "path": 4096,
    "query": 8192,
    "user_agent": 512,
    "host": 255,
    "declared_route": 1024,
    "principal": 1024,
    "session": 1024,
    "consumer": 255,
    "body": 16_384,
    "response_body": 16_384,
    "gateway": 1024,
    "stage": 255,
    "protocol": 64,
    "upstream": 1024,
    "client_ip": 64,
    "client_ip_trust": 64,
    "principal_kind": 64,
    "ja3": 1024,
    "ja4": 128,
    "country": 64,
    "request_content_type": 255,
    "response_content_type": 255,
    "waf_action": 64,
}
_ABSENT: Final = ["", "-"]


def bound(table: pa.Table) -> pa.Table:
    """Cut over-long text, treat "" and "-" as absent, and upper-case methods, lower-case hosts."""
    for index, name in enumerate(table.column_names):
        column = table.column(name)
        if not pa.types.is_string(column.type) or (column.null_count == len(column) and name != "method"):
            continue
        # Bytes are never fewer than characters: columns in which nothing can be too long or absent stay as they are.
        sizes = pc.min_max(pc.binary_length(column)).as_py()
        shortest, longest = sizes["min"], sizes["max"]
        if longest is not None and longest > _LENGTHS.get(name, longest):
            column = pc.utf8_slice_codeunits(column, 0, _LENGTHS[name])
        if shortest is not None and shortest <= 1 and name not in ("call_id", "path", "query"):
            absent = pc.is_in(column, value_set=pa.array(_ABSENT))
            column = pc.if_else(pc.and_(absent, pc.is_valid(column)), pa.scalar(None, pa.string()), column)
        if name == "method":
            encoded = encode(column)
            column = pc.fill_null(pc.utf8_upper(encoded.dictionary).take(encoded.indices), "UNKNOWN")
        elif name == "host":
            encoded = encode(column)
            column = pc.utf8_lower(encoded.dictionary).take(encoded.indices)
        table = table.set_column(index, table.schema.field(name), column)
    return table
