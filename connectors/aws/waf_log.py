"""WAFv2 log records as columns.

Record fields: AWS WAF Developer Guide, "Log fields for web ACL traffic". ``REDACTED`` (redacted fields, data
protection) is unknown, never a value. ``args`` may be null; headers are a list in the client's case and order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.aws.columns import Columns, epoch_ms, integers, texts

_REDACTED: Final = "REDACTED"
#: Headers that carry a credential; a cookie may be one or not, so it decides nothing.
_CREDENTIALS: Final = frozenset({"authorization", "x-api-key", "x-amz-security-token", "proxy-authorization"})
#: Headers that have a column of their own.
_OWN_COLUMN: Final = {"host": 0, "user-agent": 1, "content-type": 2}
#: Status AWS sends when the rule sets none ("Customizing web requests and responses").
_STATUS: Final = {"BLOCK": 403, "CAPTCHA": 405, "CHALLENGE": 202}


class _Header(msgspec.Struct, gc=False):
    name: str = ""
    value: str = ""


class _Request(msgspec.Struct, gc=False):
    clientIp: str | None = None  # noqa: N815 - names as AWS writes them
    country: str | None = None
    headers: list[_Header] | None = None
    uri: str | None = None
    args: str | None = None
    httpVersion: str | None = None  # noqa: N815
    httpMethod: str | None = None  # noqa: N815
    requestId: str | None = None  # noqa: N815
    host: str | None = None


class _Matched(msgspec.Struct, gc=False):
    ruleId: str = ""  # noqa: N815


class _Group(msgspec.Struct, gc=False):
    terminatingRule: _Matched | None = None  # noqa: N815
    nonTerminatingMatchingRules: list[_Matched] | None = None  # noqa: N815
    excludedRules: list[_Matched] | None = None  # noqa: N815


class _Label(msgspec.Struct, gc=False):
    name: str = ""


class WafRecord(msgspec.Struct, gc=False):
    """The members of a WAF log record that we read."""

    timestamp: int
    httpRequest: _Request  # noqa: N815
    action: str | None = None
    webaclId: str | None = None  # noqa: N815
    terminatingRuleId: str | None = None  # noqa: N815
    httpSourceName: str | None = None  # noqa: N815
    httpSourceId: str | None = None  # noqa: N815
    responseCodeSent: int | None = None  # noqa: N815
    ruleGroupList: list[_Group] | None = None  # noqa: N815
    nonTerminatingMatchingRules: list[_Matched] | None = None  # noqa: N815
    labels: list[_Label] | None = None
    ja3Fingerprint: str | None = None  # noqa: N815
    ja4Fingerprint: str | None = None  # noqa: N815
    clientAsn: Any = None  # noqa: N815
    requestBodySize: int | None = None  # noqa: N815

    def stage(self) -> tuple[str, str] | None:
        """(API id, stage) the record is about, None when it is not about API Gateway."""
        return _api_stage(self.httpSourceId or "") if self.httpSourceName == "APIGW" else None


@lru_cache(maxsize=4096)
def _api_stage(source_id: str) -> tuple[str, str] | None:
    """``<account>:<api id>:<stage>`` as (API id, stage)."""
    parts = source_id.split(":")
    return (parts[1], parts[2]) if len(parts) == 3 else None


#: Records read together: few enough to stay in the processor's cache.
PIECE: Final = 1024
_BAD: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_one = msgspec.json.Decoder(WafRecord)
_many = msgspec.json.Decoder(list[WafRecord])


def decode_records(lines: Sequence[bytes]) -> tuple[list[WafRecord | None], dict[int, str]]:
    """Each line as a record, None with a reason by row where it is none."""
    made: list[WafRecord | None] = []
    reasons: dict[int, str] = {}
    for start in range(0, len(lines), PIECE):
        piece = lines[start : start + PIECE]
        try:
            decoded = _many.decode(b"[" + b",".join(piece) + b"]")
        except _BAD:
            decoded = []
        if len(decoded) == len(piece):
            made += decoded
            continue
        for row, line in enumerate(piece, start):
            try:
                made.append(_one.decode(line))
            except _BAD as error:
                made.append(None)
                reasons[row] = f"not a WAF log record ({type(error).__name__})"
    return made, reasons


def waf_columns(lines: Sequence[bytes]) -> tuple[Columns, dict[int, str]]:
    """Columns of ``lines`` and, for unreadable lines, the reason by row. Made piece by piece, in the cache."""
    reasons: dict[int, str] = {}
    pieces: list[Columns] = []
    for start in range(0, len(lines), PIECE):
        decoded, bad = decode_records(lines[start : start + PIECE])
        reasons |= {start + row: reason for row, reason in bad.items()}
        pieces.append(_columns([entry if entry is not None else _NOTHING for entry in decoded]))
    names = pieces[0] if pieces else ()
    made: Columns = {name: pa.concat_arrays([piece[name] for piece in pieces]) for name in names}
    if made:
        made["auth_present"] = _auth_present(made.pop("acl"), made["auth_present"])
    return made, reasons


def _columns(records: Sequence[WafRecord]) -> Columns:
    requests = [record.httpRequest for record in records]
    stages = [record.stage() for record in records]
    headers = _Headers(requests)
    texts_of = {
        "call_id": [request.requestId for request in requests],
        "gateway": [stage[0] if stage else r.httpSourceId for stage, r in zip(stages, records, strict=True)],
        "stage": [stage[1] if stage else None for stage in stages],
        "host": [request.host or named for request, named in zip(requests, headers.hosts, strict=True)],
        "method": [_known(request.httpMethod) for request in requests],
        "path": [_known(request.uri) for request in requests],
        "protocol": [request.httpVersion for request in requests],
        "client_ip": [request.clientIp for request in requests],
        "client_ip_trust": ["peer" if request.clientIp else None for request in requests],
        "user_agent": headers.user_agents,
        "request_content_type": headers.content_types,
        "ja3": [record.ja3Fingerprint for record in records],
        "ja4": [record.ja4Fingerprint for record in records],
        "country": [request.country for request in requests],
        "waf_action": [record.action for record in records],
    }
    made: Columns = {name: texts(values) for name, values in texts_of.items()}
    made["ts"] = epoch_ms([record.timestamp or None for record in records])
    made["query"] = pa.array([_known(request.args, empty=True) for request in requests], type=pa.string())
    made["asn"] = integers([record.clientAsn for record in records])
    made["status"] = integers([_status(record) for record in records], pa.int16())
    made["request_bytes"] = integers([record.requestBodySize for record in records])
    made["waf_rules"] = pa.array([_rules(record) for record in records], type=pa.list_(pa.string()))
    made["auth_present"] = pa.array(headers.credentials, pa.bool_())
    made["acl"] = pa.array([record.webaclId for record in records], pa.string())
    made["headers"] = headers.column()
    return made


_NOTHING = WafRecord(timestamp=0, httpRequest=_Request())


def _known(value: str | None, *, empty: bool = False) -> str | None:
    """The value unless it is redacted or absent; an empty query is "none was sent", so it may stay."""
    if value is None or value == _REDACTED:
        return None
    return value if value or empty else None


class _Headers:
    """Every record's headers as one map column, and the few that have columns of their own."""

    def __init__(self, requests: Sequence[_Request]) -> None:
        self.hosts: list[str | None] = []
        self.user_agents: list[str | None] = []
        self.content_types: list[str | None] = []
        self.credentials: list[bool] = []
        self._names: list[str] = []
        self._values: list[str] = []
        self._offsets: list[int | None] = []
        lowered: dict[str, str] = {}
        names, values = self._names, self._values
        for request in requests:
            self._offsets.append(None if request.headers is None else len(names))
            own: list[str | None] = [None, None, None]
            sent = False
            for header in request.headers or ():
                name = lowered.get(header.name) or lowered.setdefault(header.name, header.name.lower())
                names.append(name)
                values.append(header.value)
                place = _OWN_COLUMN.get(name)
                if place is not None and own[place] is None:
                    own[place] = header.value
                elif name in _CREDENTIALS:
                    sent = True
            self.hosts.append(_known(own[0]))
            self.user_agents.append(_known(own[1]))
            self.content_types.append(_known(own[2]))
            self.credentials.append(sent)
        self._offsets.append(len(self._names))

    def column(self) -> pa.Array:
        """Lower-case names to values, in the client's order, duplicates included."""
        return pa.MapArray.from_arrays(
            pa.array(self._offsets, type=pa.int32()),
            pa.array(self._names, type=pa.string()),
            pa.array(self._values, type=pa.string()),
        )


def _status(record: WafRecord) -> int | None:
    """The status WAF answered itself; what the application answered to allowed requests is not in this log."""
    return record.responseCodeSent or _STATUS.get(record.action or "")


def _rules(record: WafRecord) -> list[str] | None:
    """Every rule that matched, terminating first, counting ones after it, then labels as ``label:<name>``."""
    if record.action is None:
        return None
    if record.terminatingRuleId == "Default_Action" and not (
        record.ruleGroupList or record.nonTerminatingMatchingRules or record.labels
    ):
        return []
    found: list[str] = []
    if record.terminatingRuleId and record.terminatingRuleId != "Default_Action":
        found.append(record.terminatingRuleId)
    for group in record.ruleGroupList or ():
        if group.terminatingRule is not None and group.terminatingRule.ruleId:
            found.append(group.terminatingRule.ruleId)
        found += [
            entry.ruleId
            for entry in (*(group.nonTerminatingMatchingRules or ()), *(group.excludedRules or ()))
        ]
    found += [entry.ruleId for entry in record.nonTerminatingMatchingRules or ()]
    found += [f"label:{label.name}" for label in record.labels or ()]
    return list(dict.fromkeys(entry for entry in found if entry))


def _auth_present(acl: pa.Array, sent: pa.Array) -> pa.Array:
    """True when a credential header was sent.

    Absent is False only where the same web ACL's records are seen to keep credential headers: some set-ups drop
    them before logging, and then nobody can tell.
    """
    telling = acl.filter(sent).unique()
    silent = pc.if_else(pc.is_in(acl, telling), pa.scalar(False), pa.scalar(None, pa.bool_()))
    return pc.if_else(sent, pa.scalar(True), silent)
