"""How one object is read: packings, limits, growth, damage."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pytest

from connectors.bucket.blob import BlobStore
from connectors.bucket.calls import Calls
from connectors.bucket.reading import ObjectReader
from connectors.testkit.running import Fault
from tests.connectors.bucket.world import NOON, azure_line, clf_line, waf_file, waf_line


def test_gzip_of_several_members_zstd_and_plain_are_read_alike(container, egress, door):
    container.put("a.gz", gzip.compress(waf_file(0, 5)) + gzip.compress(waf_file(5, 5)), NOON - 60)
    container.put("b.zst", pa.compress(waf_file(10, 10), "zstd", asbytes=True), NOON - 60)
    container.put("c.log", waf_file(20, 10), NOON - 60)
    door.pull(container.settings(), egress, NOON)
    assert door.orders() == list(range(30))


def test_an_object_stored_as_content_encoding_gzip_is_read_in_parts(container, egress):
    container.put("a.log", gzip.compress(waf_file(0, 500)), NOON - 60, encoding="gzip")
    store = BlobStore(container.settings(), egress)
    ((found,),) = store.objects("")
    reads = container.reads
    batches = list(ObjectReader(store, found, None, range_bytes=1000).batches())
    assert [record for batch in batches for record in batch.records] == waf_file(0, 500).splitlines()
    assert container.reads - reads == -(-found.size // 1000)


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_a_damaged_object_gives_what_comes_before_and_its_reason(container, egress, door, packing):
    packed = pa.compress(waf_file(0, 20_000), packing, asbytes=True)
    container.put("a.gz", packed[: len(packed) // 2], NOON - 60)
    container.put("b.log", waf_file(50_000, 1), NOON - 60)
    door.pull(container.settings(), egress, NOON)
    assert door.orders()[-1] == 50_000
    if packing == "gzip":
        assert len(door.orders()) > 1000
    assert [entry.excerpt for entry in door.quarantined][-1] == "a.gz"
    assert packing in door.quarantined[-1].reason


@pytest.mark.asvs("5.2.3")
@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_an_object_that_unpacks_without_end_is_set_aside(container, egress, door, packing):
    container.put(
        "bomb", pa.compress(waf_line(0) + b"\n" + b"x" * (64 << 20), packing, asbytes=True), NOON - 60
    )
    container.put("c.log", waf_file(1, 1), NOON - 60)
    door.pull(container.settings(), egress, NOON)
    assert door.orders() == [0, 1]
    assert "times its size" in door.quarantined[-1].reason


def test_an_object_in_no_known_format_is_set_aside_by_name_once(container, egress, door):
    container.put("ELBAccessLogTestFile", b"Enable AccessLog for ELB", NOON - 60)
    container.put("openapi.json", b'{"openapi": "3.0.0", "paths": {}}', NOON - 60)
    container.put("z.log", waf_file(0, 1), NOON - 60)
    settings = container.settings()
    door.pull(settings, egress, NOON)
    door.pull(settings, egress, NOON + 60)
    assert [(entry.excerpt, entry.reason) for entry in door.quarantined] == [
        ("ELBAccessLogTestFile", "it is in no known log format"),
        ("openapi.json", "it is in no known log format"),
    ]
    assert door.orders() == [0]


def test_a_bad_line_is_set_aside_with_its_number_and_object(container, egress, door):
    container.put("a.log", waf_file(0, 4001) + b"{broken\n" + waf_file(5000, 1), NOON - 60)
    door.pull(container.settings(), egress, NOON)
    (entry,) = door.quarantined
    assert entry.line == 4002
    assert entry.excerpt.startswith("a.log: ")
    assert len(door.orders()) == 4002


def test_an_array_of_records_is_read_and_gone_on_with(container, egress, door):
    records = [json.loads(waf_line(number)) for number in range(9000)]
    container.put("a.json", json.dumps(records).encode(), NOON - 60)
    settings = container.settings()
    for _ in range(4):
        door.pull(settings, egress, NOON, stop_after=1)
    assert door.orders() == list(range(9000))
    assert door.duplicates == 0


def test_the_format_that_is_set_is_not_guessed(container, egress, door):
    container.put("a.log", clf_line(1) + b"\n", NOON - 60)
    door.pull(container.settings(format="aws.waf"), egress, NOON)
    assert not door.orders()
    assert door.quarantined


def test_calls_that_name_no_host_get_the_one_that_is_set(container, egress):
    container.put("a.log", clf_line(1) + b"\n", NOON - 60)
    calls = Calls(container.settings(default_host="API.acme.example"), egress, clock=lambda: NOON)
    tables = [calls.normalise(batch).table for batch, _ in calls.read_calls({}, None)]
    assert pa.concat_tables(tables).column("host").to_pylist() == ["api.acme.example"]


def test_an_append_blob_is_read_on_from_its_offset(container, egress, door):
    name = "resourceId=/GW/y=2026/m=10/d=02/h=11/m=00/PT1H.json"
    settings = container.settings()
    for minute in range(30):
        now = NOON + minute * 120
        container.it_is(now)
        lines = b"".join(azure_line(minute * 300 + number) + b"\r\n" for number in range(300))
        container.append(name, lines, now - 5)
        door.pull(settings, egress, now)
    assert door.orders() == list(range(9000))
    assert door.duplicates == 0
    assert len(door.cursor["growing"]) == 1
    for _ in range(2):
        now += 4 * 3600
        container.it_is(now)
        door.pull(settings, egress, now)
    assert not door.cursor["growing"]


def test_a_line_that_is_being_written_waits_for_its_end(container, egress, door):
    settings = container.settings()
    line = azure_line(1)
    container.append("PT1H.json", azure_line(0) + b"\n" + line[:40], NOON - 10)
    door.pull(settings, egress, NOON)
    assert door.orders() == [0]
    container.append("PT1H.json", line[40:], NOON + 50)
    container.it_is(NOON + 60)
    door.pull(settings, egress, NOON + 60)
    assert door.orders() == [0]
    container.it_is(NOON + 900)
    door.pull(settings, egress, NOON + 900)
    assert door.orders() == [0, 1]
    assert not door.quarantined
    assert door.duplicates == 0


def test_an_object_that_is_written_again_longer_is_read_on(container, egress, door):
    settings = container.settings()
    for count in (10, 20, 30, 40):
        now = NOON + count * 60
        container.it_is(now)
        container.put("access.log", b"".join(clf_line(n) + b"\n" for n in range(count)), now - 5)
        door.pull(settings, egress, now)
    assert door.orders() == list(range(40))
    assert door.duplicates == 10  # the second time, when it was not yet known that it grows


def test_an_object_that_is_written_anew_is_read_from_its_beginning(container, egress, door):
    settings = container.settings()
    for turn in range(3):
        now = NOON + turn * 60
        container.it_is(now)
        container.put("access.log", waf_file(turn * 100, 10 + turn), now - 5)
        door.pull(settings, egress, now)
    assert len(door.orders()) == 10 + 11 + 12
    assert door.duplicates == 0


def test_an_object_that_changes_while_it_is_read_is_read_in_the_next_pass(
    container, egress, door, blob_double
):
    container.put("a.log", waf_file(0, 5), NOON - 60)
    container.put("b.log", waf_file(5, 1), NOON - 60)
    settings = container.settings()
    blob_double.order(Fault(412, "GetBlob *", times=1, body="<Error><Code>ConditionNotMet</Code></Error>"))
    door.pull(settings, egress, NOON)
    assert door.orders() == [5]
    door.pull(settings, egress, NOON + 60)
    assert door.orders() == list(range(6))
    assert not door.quarantined


def test_an_object_deleted_before_it_was_read_is_said_so(container, egress, door, blob_double):
    container.put("a.log", waf_file(0, 5), NOON - 60)
    blob_double.order(Fault(404, "GetBlob *", times=1, body="<Error><Code>BlobNotFound</Code></Error>"))
    door.pull(container.settings(), egress, NOON)
    assert [(entry.excerpt, entry.reason) for entry in door.quarantined] == [
        ("a.log", "it was deleted before it was read")
    ]
