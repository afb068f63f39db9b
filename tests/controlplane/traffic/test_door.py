"""The door: one answer per call whatever stands beside it, nothing shared between tenants, hostile calls cost little."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.base.calls import CALL_SCHEMA, CallBatch, calls_table
from connectors.base.detect import detect
from connectors.base.formats import CallFormat
from connectors.file.read import read_calls
from controlplane.traffic import services
from controlplane.traffic.door import DoorKeys, prepare
from controlplane.traffic.store import segments
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tests.samples import START_MS
from tests.security.planting import Planter
from tests.security.searching import Haystack
from tests.security.traffic import log_files

MEGABYTE = 1 << 20


def keys(secret: bytes = b"one tenant's key") -> DoorKeys:
    def hashed(purpose: str, value: str) -> str:
        return hmac.digest(secret, f"{purpose}:{value}".encode(), hashlib.sha256).hex()[:32]

    return DoorKeys(hashed, secret)


def call(number: int = 0, **fields: Any) -> dict[str, Any]:
    return {"call_id": f"c{number}", "ts": number, "method": "GET", "path": "/", **fields}


ODD = (
    {"path": "/users/ann@example.com/cards/4111111111111111"},
    {"path": "/a;token=abc123def456/b", "query": "password=hunter2hunter2&page=2"},
    {"path": "/search", "query": "q=1%27%20UNION%20SELECT%20password%20FROM%20users--"},
    {"path": "/search", "query": "q=1%27%20UNION%20SELECT%20password%20FROM%20users--", "method": "post"},
    {"path": "/search", "query": "q=<script>alert(1)</script>&ok=true&n=1.5&m=-3&e"},
    {"path": "/..%2f..%2fetc/passwd", "user_agent": "sqlmap/1.7", "host": "API.Example.test"},
    {"path": "/\x00\n\r/ü\u2028", "query": "ſ=K&\x00=\n", "user_agent": "-"},
    {"path": "/reset", "query": "cat"},
    {"path": "/x", "user_agent": "Agent ghp_" + "a1B2" * 9, "principal": "ann", "session": "s-1"},
    {"path": "/x", "body": json.dumps({"user": {"email": "ann@example.com", "n": 1}, "q": "' OR 1=1--"})},
    {"path": "/x", "body": "not json", "response_body": json.dumps([{"iban": "DE89370400440532013000"}])},
    {"path": "/x", "body": "", "response_body": "{", "query": ""},
    {"path": "/ordinary/17", "query": "page=2&sort=-name", "user_agent": "ShopApp/3.1"},
)


def test_a_call_is_stored_alike_alone_first_last_and_among_equal_ones() -> None:
    rows = [call(n, **fields) for n, fields in enumerate((*ODD, *reversed(ODD), *ODD))]
    together = prepare(calls_table(rows), "con_1", 5, keys())
    assert together.schema.equals(CALL_SCHEMA, check_metadata=True)
    for number, row in enumerate(rows):
        alone = prepare(calls_table([row]), "con_1", 5, keys())
        assert together.slice(number, 1).to_pylist() == alone.to_pylist()
    stored = together.to_pylist()
    assert stored[2]["signature_score"] > 50
    assert stored[0]["data_classes"] == ["path::email", "path::payment_card"]


@pytest.mark.asvs("14.2.4")
def test_equal_values_of_two_tenants_have_tokens_and_hashes_of_each_ones_own() -> None:
    table = calls_table([call(n, **fields) for n, fields in enumerate(ODD)])
    first = prepare(table, "con_1", 5, keys()).to_pylist()
    other = prepare(table, "con_1", 5, keys(b"another tenant's key")).to_pylist()
    again = prepare(table, "con_1", 5, keys()).to_pylist()
    assert first == again
    for number, name in (
        (0, "path"),
        (1, "path"),
        (1, "query"),
        (8, "user_agent"),
        (8, "principal"),
        (8, "session"),
    ):
        assert first[number][name] != other[number][name]
        assert first[number]["data_classes"] == other[number]["data_classes"]
    assert first[12] == other[12]


def more_memory(act: Callable[[], object]) -> int:
    """Bytes of resident memory the process needed for it at most, beyond what it had."""

    def size(name: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))

    Path("/proc/self/clear_refs").write_text("5")
    before = size("VmRSS")
    act()
    return size("VmHWM") - before


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


OTHERS = (
    "host", "gateway", "stage", "declared_route", "protocol", "upstream", "client_ip", "consumer", "ja3", "ja4", "country",
    "request_content_type", "response_content_type", "principal", "session",
)  # fmt: skip
HOSTILE: dict[str, dict[str, Any]] = {
    "a header of 100 MB": {"user_agent": "A" * (100 * MEGABYTE)},
    "a path of 100 MB": {"path": "/" + "a/" * (50 * MEGABYTE)},
    "a query of 100 MB": {"query": "a=1&" * (25 * MEGABYTE)},
    "every other text of 10 MB": dict.fromkeys(OTHERS, "ab" * (5 * MEGABYTE)),
    "a body of a million keys": {"body": json.dumps(dict.fromkeys(map(str, range(1_000_000)), 1))},
    "a body as deep as 100,000": {"body": nested(100_000), "response_body": nested(100_000)},
    "a body as deep as may be kept": {"body": nested(8_000), "response_body": '{"a":' * 3_000 + "1" + "}" * 3_000},
    "as many short fields as may be kept": {"query": "a=1&" * 2_048, "body": json.dumps({f"k{n}": n for n in range(1_500)})},
    "nothing but NUL": {"path": "\x00" * 4096, "query": "\x00" * 8192, "body": "\x00" * 16_384, "user_agent": "\x00" * 512},
    "lone surrogates, escaped": {"body": json.dumps({"\ud800": ["\udfff"] * 900}), "query": "%ED%A0%80=%uD800&" * 400},
    "escapes of escapes": {"query": "q=" + "%25" * 2_700, "path": "/" + "%2525" * 800},
    "quotes": {"query": "q=" + "%27" * 2_700, "body": json.dumps({"q": "'" * 16_000})},
    "statements": {"query": "q=" + "' or 1=1 union select(" * 370},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.asvs("1.3.12", "15.2.2")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_call_costs_at_most_50_ms_and_64_mb(name: str) -> None:
    prepare(calls_table([call(0, query="q='", body="{}", response_body="{}")]), "con_1", 5, keys())
    table = calls_table([call(1, **HOSTILE[name])])
    extra = more_memory(lambda: prepare(table, "con_1", 5, keys()))
    seconds = []
    for _ in range(3):
        began = time.process_time()
        stored = prepare(table, "con_1", 5, keys())
        seconds.append(time.process_time() - began)
    print(
        f"{name}: {min(seconds) * 1000:.1f} ms, {extra / MEGABYTE:.1f} MB more, {stored.nbytes:,} bytes kept"
    )
    assert min(seconds) <= 0.05
    assert extra <= 64 * MEGABYTE
    assert stored.nbytes <= 64 * 1024


@pytest.mark.asvs("14.2.4")
@pytest.mark.parametrize(
    ("times", "at_least"), [(1, 50), pytest.param(9, 500, marks=pytest.mark.slow, id="hundreds")]
)
def test_no_planted_secret_reaches_a_segment_file(acme: OrgInfo, times: int, at_least: int) -> None:
    planter, haystack = Planter(times), Haystack()
    marker = planter.marker("path")
    with tenant_context(acme.schema_name):
        for number, (name, content) in enumerate(log_files(planter)):
            offered = detect(content, name)
            assert isinstance(offered, CallFormat)
            for batch in read_calls(io.BytesIO(content), offered):
                services.accept(f"con_{number}", batch, START_MS / 1000)
        plain = CallBatch("test", calls_table([call(9, ts=START_MS * 1000, path=f"/{marker}")]))
        services.accept("con_9", plain, START_MS / 1000)
        haystack.files(segments.folder(), "segments")
    assert len({secret.text for secret in planter.planted}) >= at_least
    found = haystack.find(planter.planted)
    assert not found, "\n".join(sorted(f"{secret.form} in {secret.channel}" for secret, _ in found))
    assert {one for one, _ in haystack.find(planter.markers)} == set(planter.markers)
