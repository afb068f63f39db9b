"""What reads make of a finding: nothing unknown resolves, two clean reads do, acceptances end."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from controlplane.findings.lifecycle import CLEAN_READS_TO_RESOLVE, Standing, after_read
from controlplane.findings.types import Status, Verdict

NOW = datetime(2026, 11, 24, tzinfo=UTC)
READS = st.lists(st.tuples(st.sampled_from(Verdict), st.integers(1, 6)), max_size=20)


@given(READS, st.sampled_from(Status))
def test_unknown_reads_never_change_anything(reads: list[tuple[Verdict, int]], status: Status) -> None:
    standing = Standing(status)
    for _, number in reads:
        standing = after_read(standing, Verdict.UNKNOWN, f"read-{number}", NOW).standing
    assert standing == Standing(status)


@given(READS)
def test_only_clean_reads_in_a_row_on_different_reads_resolve(reads: list[tuple[Verdict, int]]) -> None:
    standing = Standing(Status.OPEN)
    clean: set[int] = set()
    for verdict, number in reads:
        standing = after_read(standing, verdict, f"read-{number}", NOW).standing
        if verdict is Verdict.FAIL:
            clean = set()
        elif verdict is Verdict.PASS:
            clean.add(number)
        if standing.status is Status.RESOLVED:
            assert len(clean) >= CLEAN_READS_TO_RESOLVE
            break


@given(READS)
def test_a_false_positive_stays_one_whatever_is_read(reads: list[tuple[Verdict, int]]) -> None:
    standing = Standing(Status.FALSE_POSITIVE)
    for verdict, number in reads:
        standing = after_read(standing, verdict, f"read-{number}", NOW).standing
    assert standing.status is Status.FALSE_POSITIVE


def test_a_failure_after_resolution_reopens() -> None:
    move = after_read(Standing(Status.RESOLVED), Verdict.FAIL, "read-9", NOW)
    assert move.standing.status is Status.REOPENED
    assert "again" in move.note


def test_an_accepted_risk_stays_accepted_until_its_time() -> None:
    standing = Standing(Status.RISK_ACCEPTED, accepted_until=NOW)
    early = after_read(standing, Verdict.FAIL, "a", NOW - timedelta(seconds=1))
    due = after_read(standing, Verdict.FAIL, "a", NOW)
    assert (early.standing.status, due.standing.status) == (Status.RISK_ACCEPTED, Status.OPEN)
