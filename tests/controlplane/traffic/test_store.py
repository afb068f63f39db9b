"""Acknowledged means stored, sent twice means counted once, and what is sensitive does not pass the door."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base.calls import CALL_SCHEMA, CallBatch, Quarantined, calls_table
from controlplane.traffic import engine, queries, services, upkeep
from controlplane.traffic.duplicates import MAX_STRETCHES, NEAR, stretches
from controlplane.traffic.models import RetiredFile, Segment, Unread
from controlplane.traffic.store import segments
from controlplane.traffic.types import READERS, CallFilter, Window
from tenants.errors import Invalid
from tenants.ids import new_id
from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo

NOW = 1_790_000_000.0
ALL = Window(0, 2**62)


def batch(*rows: Mapping[str, object], start: int = 0) -> CallBatch:
    base = {
        "method": "GET",
        "path": "/orders/1",
        "host": "api.example.com",
        "status": 200,
        "client_ip": "198.18.0.1",
    }
    full = [
        {**base, "call_id": f"c{start + i}", "ts": int(NOW * 1e6) + (start + i) * 1000, **row}
        for i, row in enumerate(rows)
    ]
    return CallBatch("test.log", calls_table(full))


def stored_ids() -> list[str]:
    return sorted(engine.calls(ALL, columns=["call_id"]).column("call_id").to_pylist())


def test_a_batch_sent_again_changes_nothing(tenant: OrgInfo) -> None:
    first = services.accept("con_1", batch({}, {}, {}), NOW)
    again = services.accept("con_1", batch({}, {}, {}), NOW)
    assert (first.stored, first.duplicates) == (3, 0)
    assert (again.stored, again.duplicates, again.segment_ids) == (0, 3, ())
    assert stored_ids() == ["c0", "c1", "c2"]


def test_the_same_id_from_another_connection_is_another_call(tenant: OrgInfo) -> None:
    services.accept("con_1", batch({}), NOW)
    assert services.accept("con_2", batch({}), NOW).stored == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_overlapping_batches_in_any_order_store_each_call_once(tenant: OrgInfo, data: st.DataObject) -> None:
    ranges = data.draw(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), min_size=1, max_size=6))
    name = new_id("con")
    for start, size in ranges:
        services.accept(name, batch(*[{}] * size, start=start), NOW)
    expected = sorted({f"c{n}" for start, size in ranges for n in range(start, start + size)})
    found = engine.calls(ALL, CallFilter(connection=name), columns=["call_id"]).column("call_id").to_pylist()
    assert sorted(found) == expected


@pytest.mark.asvs("2.3.3")
def test_a_rolled_back_batch_leaves_no_call(tenant: OrgInfo) -> None:
    def crash() -> None:
        with transaction.atomic():
            services.accept("con_1", batch({}, {}), NOW)
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        crash()
    assert stored_ids() == []
    assert services.accept("con_1", batch({}, {}), NOW).stored == 2


@pytest.mark.asvs("15.4.2")
def test_two_senders_of_one_batch_at_once_store_it_once(committed_db: object, acme: OrgInfo) -> None:
    stored: list[int] = []

    def send() -> None:
        try:
            with tenant_context(acme.schema_name):
                stored.append(services.accept("con_1", batch(*[{}] * 50), NOW).stored)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stored) == [0, 0, 0, 50]


def test_one_segment_per_day_and_every_reader_is_told(tenant: OrgInfo) -> None:
    day = 86_400_000_000
    accepted = services.accept("con_1", batch({}, {"ts": int(NOW * 1e6) - day}), NOW)
    assert len(accepted.segment_ids) == 2
    assert Unread.objects.count() == 2 * len(READERS)
    news = queries.news_for("detection")
    assert news is not None
    services.settle(news.marks)
    assert queries.news_for("detection") is None
    assert queries.news_for("inventory") is not None


@pytest.mark.asvs("2.3.3", "15.2.2")
def test_too_large_a_batch_is_refused_whole(tenant: OrgInfo) -> None:
    table = calls_table([])
    big = CallBatch("x", table.schema.empty_table())
    assert services.accept("con_1", big, NOW).stored == 0
    row = batch({}).table
    with pytest.raises(Invalid, match="Nothing was stored"):
        services.accept("con_1", CallBatch("x", pa.concat_tables([row] * 200_001)), NOW)
    assert stored_ids() == []


def test_quarantined_records_are_counted_and_shown_with_reason(tenant: OrgInfo) -> None:
    odd = CallBatch("test.log", batch({}).table, (Quarantined("not JSON", "{…", 7),))
    assert services.accept("con_1", odd, NOW).quarantined == 1
    assert [(row.reason, row.line) for row in queries.quarantined("con_1")] == [("not JSON", 7)]
    assert queries.source_health("con_1", NOW)[0].quarantined == 1


SECRETS = {
    "query": "email=jane.doe%40example.com&token=s3cr3t-t0ken-value&card=4111111111111111&page=2",
    "path": "/users/jane.doe@example.com/cards/4111111111111111",
    "principal": "jane.doe@example.com",
    "session": "sess-8d7f6a5b4c3d2e1f",
    "headers": [("cookie", "sid=topsecretcookie"), ("authorization", "Bearer abc.def.ghi")],
    "body": '{"password": "hunter2hunter2", "iban": "DE89370400440532013000"}',
    "response_body": '{"ssn": "078-05-1120"}',
}
NEEDLES = [
    b"jane.doe", b"s3cr3t-t0ken", b"4111111111111111", b"topsecretcookie", b"abc.def.ghi", b"hunter2", b"DE8937040044",
    b"8d7f6a5b", b"078-05-1120",
]  # fmt: skip


@pytest.mark.asvs("14.2.4")
def test_sensitive_values_do_not_pass_the_door(tenant: OrgInfo) -> None:
    services.accept("con_1", batch(SECRETS), NOW)
    paths = [segments.absolute(path) for path in Segment.objects.values_list("path", flat=True)]
    stored = engine.calls(ALL).to_pylist()[0]
    content = repr(stored).encode() + b"".join(_uncompressed(path) for path in paths)
    assert [needle for needle in NEEDLES if needle in content] == []
    assert stored["path"].startswith("/users/~")
    assert "page=2" in stored["query"]
    assert any(entry.startswith("request:") for entry in stored["data_classes"])
    assert any("password:string" in entry for entry in stored["body_fields"])


def _uncompressed(path: Path) -> bytes:
    return repr(pq.read_table(path, partitioning=None).to_pylist()).encode()


def test_merging_small_segments_keeps_every_call_and_the_old_files_for_readers(tenant: OrgInfo) -> None:
    for n in range(10):
        services.accept("con_1", batch({}, start=n), NOW)
    for reader in READERS:
        news = queries.news_for(reader)
        assert news is not None
        services.settle(news.marks)
    before = stored_ids()
    assert upkeep.compact(NOW) == 10
    assert Segment.objects.count() == 1
    assert stored_ids() == before
    assert RetiredFile.objects.count() == 10
    assert upkeep.delete_retired(NOW + 7200) == 10
    assert stored_ids() == before


def test_a_merge_reads_no_more_at_once_than_memory_bears(tenant: OrgInfo) -> None:
    for n in range(30):
        services.accept("con_1", batch({}, start=n), NOW)
    Unread.objects.all().delete()
    Segment.objects.update(calls=90_000)  # as if they were large
    before = stored_ids()
    assert upkeep.compact(NOW) == 30
    assert sorted(Segment.objects.values_list("calls", flat=True)) == [8, 11, 11]
    assert stored_ids() == before


def test_segments_a_reader_has_not_dealt_with_are_not_merged(tenant: OrgInfo) -> None:
    for n in range(10):
        services.accept("con_1", batch({}, start=n), NOW)
    assert upkeep.compact(NOW) == 0


@pytest.mark.asvs("14.2.7")
def test_days_beyond_retention_disappear(tenant: OrgInfo) -> None:
    services.accept("con_1", batch({}), NOW)
    assert upkeep.drop_expired(NOW + 40 * 86_400) == 1
    assert stored_ids() == []


def test_an_old_log_imported_today_is_kept_as_long_as_what_happened_today(tenant: OrgInfo) -> None:
    services.accept("con_1", batch({"ts": int((NOW - 400 * 86_400) * 1e6)}), NOW)
    assert upkeep.drop_expired(NOW + 20 * 86_400) == 0
    assert stored_ids() == ["c0"]
    assert upkeep.drop_expired(NOW + 40 * 86_400) == 1


def test_calls_from_the_future_are_set_aside_with_the_reason_and_an_hour_ahead_is_a_clock(
    tenant: OrgInfo,
) -> None:
    hour, years = int((NOW + 3600) * 1e6), int((NOW + 70 * 365 * 86_400) * 1e6)
    accepted = services.accept("con_1", batch({"ts": hour}, {"ts": years}, {}), NOW)
    assert (accepted.stored, accepted.duplicates, accepted.quarantined) == (2, 0, 1)
    (row,) = queries.quarantined("con_1")
    assert "future" in row.reason
    (health,) = queries.source_health("con_1", NOW)
    assert (health.calls, health.quarantined, health.last_call_ts) == (2, 1, hour)


def test_calls_seen_before_are_found_among_other_hours_and_days(tenant: OrgInfo) -> None:
    times = [int((NOW - hours * 3600) * 1e6) for hours in (0, 1, 2, 30, 31, 900)]
    rows = batch(*({"ts": ts} for ts in times))
    for n in range(6):
        services.accept("con_1", CallBatch(rows.source, rows.table.slice(n, 1)), NOW)
    again = services.accept("con_1", rows, NOW)
    assert (again.stored, again.duplicates) == (0, 6)


def test_a_file_that_a_crash_left_without_a_row_is_removed_after_an_hour(tenant: OrgInfo) -> None:
    services.accept("con_1", batch({}), NOW)
    stray = segments.folder() / "dt=2026-01-01" / "seg_stray.parquet"
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"x")
    upkeep.delete_orphans(time.time())
    assert stray.exists()
    upkeep.delete_orphans(time.time() + 7200)
    assert not stray.exists()
    assert stored_ids() == ["c0"]


@pytest.fixture
def traffic(tenant: OrgInfo) -> None:
    services.accept(
        "con_1", batch({"status": 200, "latency_ms": 10.0}, {"status": 500, "latency_ms": 30.0}), NOW
    )
    services.accept(
        "con_2", batch({"method": "POST", "path": "/orders", "waf_action": "BLOCK", "status": 403}), NOW
    )


def test_totals_and_series_agree(traffic: None) -> None:
    total = engine.totals(ALL).to_pylist()[0]
    assert (total["calls"], total["errors"], total["blocked"]) == (3, 2, 1)
    series = engine.series(ALL, 60).to_pylist()
    assert sum(row["calls"] for row in series) == 3


@pytest.mark.asvs("1.2.4")
def test_filters_bind_values_and_templates(traffic: None) -> None:
    where = CallFilter(methods=("GET",), template="/orders/{id}")
    assert engine.totals(ALL, where).to_pylist()[0]["calls"] == 2
    nasty = CallFilter(host="x' OR 1=1 --")
    assert engine.totals(ALL, nasty).to_pylist()[0]["calls"] == 0


def test_an_empty_store_answers_with_the_same_columns(tenant: OrgInfo) -> None:
    assert engine.calls(ALL).schema.names == CALL_SCHEMA.names
    assert engine.totals(ALL).to_pylist()[0]["calls"] == 0
    assert engine.distinct_paths(ALL).num_rows == 0


@pytest.mark.asvs("8.4.1")
def test_one_tenant_never_reads_anothers_calls(acme: OrgInfo, globex: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        services.accept("con_1", batch({}), NOW)
    with tenant_context(globex.schema_name):
        assert stored_ids() == []
        assert services.accept("con_1", batch({}), NOW).stored == 1


def test_a_call_told_again_with_a_time_some_seconds_off_is_still_the_same(tenant: OrgInfo) -> None:
    hour = 1_790_002_800 * 1_000_000
    services.accept("con_1", batch({"ts": hour - 1_000_000}), hour / 1e6)
    for off in (-4_000_000, 1_000, 4_000_000):
        again = services.accept("con_1", batch({"ts": hour - 1_000_000 + off}), hour / 1e6)
        assert (again.stored, again.duplicates) == (0, 1), off


@given(
    st.lists(
        st.integers(0, 86_400 * 40).flatmap(lambda s: st.integers(s * 10**6, s * 10**6 + 999_999)), min_size=1
    )
)
def test_what_is_looked_at_for_a_batch_lies_around_its_calls(times: list[int]) -> None:
    found = stretches(pa.chunked_array([pa.array(times, pa.int64())]))
    assert len(found) <= MAX_STRETCHES
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(any(w.start <= t - NEAR and t + NEAR < w.end for w in found) for t in times)
    places = sorted({t // 1_000_000 for t in times})
    pauses = sorted((b - a for a, b in pairwise(places)), reverse=True)
    left_in = sum(pause for pause in pauses[: MAX_STRETCHES - 1] if pause <= 11) + sum(
        pauses[MAX_STRETCHES - 1 :]
    )
    looked_at = sum(w.end - w.start for w in found) // 1_000_000
    assert looked_at <= left_in + 11 * len(found), "what lies between the calls is left out"


def test_to_know_what_is_new_only_calls_around_it_are_read(tenant: OrgInfo) -> None:
    services.accept("con_1", batch({}), NOW)
    same_hour = services.accept("con_1", batch({"ts": int((NOW + 60) * 1e6)}, start=9), NOW + 60)
    segments.absolute(Segment.objects.get(pk=same_hour.segment_ids[0]).path).unlink()
    assert services.accept("con_1", batch({}), NOW).duplicates == 1, "a file that is away is not missed"
