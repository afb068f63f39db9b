"""What a pull finds, and that nothing is lost or counted twice whatever happens in between."""

from __future__ import annotations

import gzip
import json
import random

import pytest

from connectors.base.errors import PermissionMissing, SettingsError, TransientError
from connectors.testkit.doubles.azureblob.sas import make_token
from connectors.testkit.running import Fault, local_egress, running_double
from tests.connectors.bucket.world import (
    ACCOUNT,
    CONTAINER,
    KEY,
    NOON,
    Container,
    azure_line,
    clf_line,
    waf_file,
    waf_line,
)


def test_every_object_of_every_page_is_read_once(container, egress, door):
    for number in range(11):
        container.put(f"waf/{number:02}.log", waf_file(number * 10, 10), NOON - 600)
    settings = container.settings()
    door.pull(settings, egress, NOON)
    assert door.orders() == list(range(110))
    reads = container.reads
    door.pull(settings, egress, NOON + 60)
    assert container.reads == reads
    assert door.duplicates == 0


def test_a_process_that_dies_after_any_batch_loses_and_repeats_nothing(container, egress, door):
    container.put("a.log", waf_file(0, 9000), NOON - 600)
    container.put("b.log.gz", gzip.compress(waf_file(9000, 9000)), NOON - 500)
    for number in range(6):
        container.put(f"c{number}.log", waf_file(18_000 + number * 10, 10), NOON - 400)
    settings = container.settings()
    for _ in range(40):
        door.pull(settings, egress, NOON, stop_after=1)
    assert door.orders() == list(range(18_060))
    assert door.duplicates == 0


def test_dying_at_random_while_objects_arrive_and_grow_loses_nothing(container, egress, door):
    chance = random.Random(7)
    settings = container.settings()
    now, made, grown = NOON, 0, 0
    for step in range(60):
        now += 40
        container.it_is(now)
        count = chance.randint(1, 30)
        container.put(
            f"{chance.choice('abc')}/{step}.log", waf_file(made, count), now - chance.randint(0, 600)
        )
        made += count
        container.append("y/PT1H.json", azure_line(100_000 + grown) + b"\n", now)
        grown += 1
        door.pull(settings, egress, now, stop_after=chance.choice((1, 2, None)))
    for _ in range(3):
        now += 700
        container.it_is(now)
        door.pull(settings, egress, now)
    assert door.orders() == [*range(made), *range(100_000, 100_000 + grown)]
    assert door.duplicates == 0


def test_lines_without_ids_keep_their_identity_when_the_object_is_read_again(container, egress, door):
    lines = b"".join(clf_line(number) + b"\n" for number in range(9000))
    container.put("access.log.gz", gzip.compress(lines), NOON - 60)
    settings = container.settings()
    door.pull(settings, egress, NOON, stop_after=2)
    door.cursor = {}
    door.pull(settings, egress, NOON)
    assert door.orders() == list(range(9000))
    assert door.duplicates == 8000


def test_equal_lines_at_equal_places_of_two_objects_are_two_calls(container, egress, door):
    container.put("web-1/access.log", clf_line(1) + b"\n", NOON - 60)
    container.put("web-2/access.log", clf_line(1) + b"\n", NOON - 60)
    door.pull(container.settings(), egress, NOON)
    assert door.orders() == [1, 1]


def test_a_late_object_within_the_overlap_is_found(container, egress, door):
    settings = container.settings(overlap_minutes=60)
    container.put("b.log", waf_file(0, 1), NOON - 60)
    door.pull(settings, egress, NOON)
    container.put("a.log", waf_file(1, 1), NOON - 3000)
    door.pull(settings, egress, NOON + 300)
    assert door.orders() == [0, 1]


def test_objects_older_than_the_first_pull_goes_back_are_left(container, egress, door):
    container.put("old.log", waf_file(0, 1), NOON - 3 * 86_400)
    container.put("new.log", waf_file(1, 1), NOON - 86_400)
    door.pull(container.settings(backfill_days=2), egress, NOON)
    assert door.orders() == [1]


@pytest.mark.parametrize("ahead", [-7200, 7200])
def test_a_clock_of_ours_that_is_wrong_by_hours_loses_nothing(container, egress, door, ahead):
    settings = container.settings(overlap_minutes=15)
    for number in range(4):
        now = NOON + number * 3600
        container.it_is(now)
        container.put(f"{number}.log", waf_file(number, 1), now - 5)
        door.pull(settings, egress, now + ahead)
    assert door.orders() == [0, 1, 2, 3]


def test_a_dated_prefix_lists_recent_days_and_finds_yesterdays_late_object(container, egress, door):
    settings = container.settings(prefixes=["alb/{yyyy}/{mm}/{dd}/"], backfill_days=1, late_hours=6)
    midnight = NOON + 12 * 3600
    container.put("alb/2026/10/02/a.log", waf_file(0, 1), midnight - 60)
    container.put("alb/2026/09/20/old.log", waf_file(9, 1), midnight - 60)
    container.it_is(midnight)
    door.pull(settings, egress, midnight)
    container.put("alb/2026/10/02/b.log", waf_file(1, 1), midnight + 3 * 3600)
    container.put("alb/2026/10/03/c.log", waf_file(2, 1), midnight + 3 * 3600)
    container.it_is(midnight + 3 * 3600 + 60)
    door.pull(settings, egress, midnight + 3 * 3600 + 60)
    assert door.orders() == [0, 1, 2]


def test_folders_named_by_a_time_zone_ahead_of_ours_are_found_at_once(container, egress, door):
    settings = container.settings(prefixes=["{yyyy}-{mm}-{dd}/"])
    container.put("2026-10-03/tokyo.log", waf_file(0, 1), NOON - 60)
    door.pull(settings, egress, NOON)
    assert door.orders() == [0]


def test_a_new_prefix_is_read_from_its_beginning(container, egress, door):
    container.put("a/1.log", waf_file(0, 1), NOON - 7200)
    container.put("b/1.log", waf_file(1, 1), NOON - 7200)
    door.pull(container.settings(prefixes=["a/"]), egress, NOON)
    door.pull(container.settings(prefixes=["a/", "b/"]), egress, NOON + 60)
    assert door.orders() == [0, 1]
    assert door.duplicates == 0


def test_between_two_looks_nothing_is_asked(container, egress, door):
    settings = container.settings(poll_seconds=60)
    container.put("a.log", waf_file(0, 1), NOON - 60)
    door.pull(settings, egress, NOON)
    container.put("b.log", waf_file(1, 1), NOON - 60)
    batches = door.batches
    door.pull(settings, egress, NOON + 10)
    assert door.batches == batches
    door.pull(settings, egress, NOON + 61)
    assert door.orders() == [0, 1]


def test_names_with_spaces_plus_signs_and_other_alphabets_are_read(container, egress, door):
    names = ("a b+c%20d.log", "лог/ünï#1?x=y&z.log", "semi;colon/[1].log", "line\nbreak.log", "<tag>&.log")
    for number, name in enumerate(names):
        container.put(name, waf_file(number, 1), NOON - 60)
    door.pull(container.settings(), egress, NOON)
    assert door.orders() == [0, 1, 2, 3, 4]
    assert not door.quarantined


def test_only_names_that_fit_are_read(container, egress, door):
    container.put("x/a.log", waf_file(0, 1), NOON - 60)
    container.put("x/a.txt", waf_file(1, 1), NOON - 60)
    door.pull(container.settings(pattern="*.log"), egress, NOON)
    assert door.orders() == [0]


def test_empty_objects_and_folders_are_passed_over_in_silence(container, egress, door):
    container.put("folder/", b"", NOON - 60)
    container.put("empty.log", b"", NOON - 60)
    container.put("full.log", waf_file(0, 1), NOON - 60)
    door.pull(container.settings(), egress, NOON)
    assert door.orders() == [0]
    assert not door.quarantined


def test_throttling_ends_the_pull_and_the_next_one_goes_on(container, egress, door, blob_double):
    for number in range(5):
        container.put(f"{number}.log", waf_file(number, 1), NOON - 60)
    settings = container.settings()
    door.pull(settings, egress, NOON, stop_after=2)
    blob_double.order(Fault(503, "GetBlob *", times=1))
    with pytest.raises(TransientError):
        door.pull(settings, egress, NOON)
    door.pull(settings, egress, NOON)
    assert door.orders() == [0, 1, 2, 3, 4]
    assert door.duplicates == 0


def test_a_prefix_that_fails_does_not_keep_the_others_from_being_read(container, egress, door, blob_double):
    container.put("a/1.log", waf_file(0, 1), NOON - 60)
    container.put("b/1.log", waf_file(1, 1), NOON - 60)
    settings = container.settings(prefixes=["a/", "b/"])
    blob_double.order(Fault(500, "ListBlobs", times=1))
    with pytest.raises(TransientError):
        door.pull(settings, egress, NOON)
    assert door.orders() == [1]
    door.pull(settings, egress, NOON + 60)
    assert door.orders() == [0, 1]


def _refusal(name: str = "*") -> Fault:
    body = "<Error><Code>AuthorizationPermissionMismatch</Code></Error>"
    return Fault(403, f"GetBlob {name}", body=body)


def test_one_refused_object_does_not_stop_the_others_and_is_asked_for_again(
    container, egress, door, blob_double
):
    for number in range(3):
        container.put(f"{number}.log", waf_file(number, 1), NOON - 7200)
    settings = container.settings()
    blob_double.order(_refusal("0.log"))
    with pytest.raises(PermissionMissing, match=r"0\.log"):
        door.pull(settings, egress, NOON)
    assert door.orders() == [1, 2]
    blob_double.behave()
    container.it_is(NOON + 7200)
    door.pull(settings, egress, NOON + 7200)
    assert door.orders() == [0, 1, 2]
    assert not door.quarantined
    assert not door.duplicates


def test_an_object_that_is_refused_for_a_day_is_set_aside_by_name(container, egress, door, blob_double):
    container.put("0.log", waf_file(0, 1), NOON - 7200)
    settings = container.settings()
    blob_double.order(_refusal("0.log"))
    for hours in (0, 10, 20, 30):
        now = NOON + hours * 3600
        container.it_is(now)
        container.put(f"{hours + 1}.log", waf_file(hours + 1, 1), now - 5)
        assert not door.quarantined
        with pytest.raises(PermissionMissing):
            door.pull(settings, egress, now)
    assert [entry.excerpt for entry in door.quarantined] == ["0.log"]
    door.pull(settings, egress, NOON + 31 * 3600)
    assert door.orders() == [1, 11, 21, 31]
    assert not door.duplicates


@pytest.mark.parametrize("count", [3, 30])
def test_a_refusal_of_everything_loses_nothing_however_long(container, egress, door, blob_double, count):
    for number in range(count):
        container.put(f"{number:02}.log", waf_file(number, 1), NOON - 60)
    settings = container.settings()
    blob_double.order(_refusal())
    for hours in (0, 30, 60):
        container.it_is(NOON + hours * 3600)
        with pytest.raises(PermissionMissing):
            door.pull(settings, egress, NOON + hours * 3600)
    blob_double.behave()
    container.it_is(NOON + 61 * 3600)
    door.pull(settings, egress, NOON + 61 * 3600)
    assert door.orders() == list(range(count))
    assert not door.quarantined


@pytest.mark.asvs("16.5.2")
def test_a_token_that_ended_is_said_so(container, egress, door):
    ended = make_token(KEY, ACCOUNT, CONTAINER, expiry="2026-10-01T00:00:00Z")
    with pytest.raises(SettingsError, match="AuthenticationFailed") as caught:
        door.pull(container.settings(sas_token=ended), egress, NOON)
    assert "sig" not in caught.value.sentence()


def test_the_cursor_stays_small(container, egress, door):
    entries = [container.entry(f"{number:05}.log", waf_line(number), NOON - 60) for number in range(120)]
    container.put_all(entries)
    door.pull(container.settings(), egress, NOON)
    assert door.orders() == list(range(120))
    assert len(json.dumps(door.cursor)) < 10_000
    container.it_is(NOON + 4 * 3600)
    door.pull(container.settings(), egress, NOON + 4 * 3600)
    door.pull(container.settings(), egress, NOON + 4 * 3600)
    assert len(json.dumps(door.cursor)) < 300


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_objects_of_one_prefix_are_read_with_interruptions(door):
    with running_double("connectors.testkit.doubles.azureblob", [], ("--port",)) as double:
        container, egress = Container(double), local_egress(*double.ports)
        container.it_is(NOON)
        container.put_all(
            [container.entry(f"{number:05}.log", waf_line(number), NOON - 60) for number in range(10_000)]
        )
        for _ in range(9):
            door.pull(container.settings(), egress, NOON, stop_after=1200)
        assert container.reads == 10_000
        egress.close()
    assert door.orders() == list(range(10_000))
    assert door.duplicates == 0
    assert len(json.dumps(door.cursor)) < 250_000


@pytest.mark.parametrize("wrong", [-2 * 86_400, 2 * 86_400])
def test_dated_folders_are_read_though_our_clock_was_days_off(container, egress, door, wrong):
    container.put("alb/2026/10/02/early.log", waf_file(0, 10), NOON - 3 * 3600)
    settings = container.settings(prefixes=["alb/{yyyy}/{mm}/{dd}/"])
    door.pull(settings, egress, NOON + wrong)
    container.put("alb/2026/10/02/late.log", waf_file(10, 10), NOON - 60)
    door.pull(settings, egress, NOON + wrong + 60)
    door.pull(settings, egress, NOON + 120)
    assert door.orders() == list(range(20))
