"""A block that hurts known-good callers is undone by itself; one that hits its attacker is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base.evaluate import matches
from connectors.base.intent import Match
from controlplane.blocking import queries, services
from controlplane.blocking.models import Block
from controlplane.blocking.services.hitting import met
from controlplane.traffic import engine
from controlplane.traffic.types import Window
from tenants.jobs.services import schedule
from tenants.orgs.types import OrgInfo
from tests.controlplane.blocking.conftest import ATTACKER, Kong, store_calls
from tests.controlplane.blocking.test_failures import make

REFUSED = {"client_ip": ATTACKER, "status": 403, "waf_action": "BLOCK"}


def blocking(kong: Kong) -> Block:
    """A block in force for a minute."""
    block = make(kong)
    kong.push()
    Block.objects.filter(pk=block.id).update(created_at=datetime.now(UTC) - timedelta(minutes=1))
    return block


def refuse(*rows: dict[str, Any]) -> None:
    store_calls("con_past", *rows, at=datetime.now(UTC) - timedelta(seconds=30))


def test_a_block_that_refuses_known_good_callers_is_undone_within_a_minute(
    kong: Kong, run_jobs: Callable[[], int]
) -> None:
    before, block = kong.dump(), blocking(kong)
    refuse(*[REFUSED | {"principal": "good-1"}] * 5)
    assert services.watch_effects(datetime.now(UTC)) == 1
    run_jobs()
    found = queries.block(block.id)
    assert (found.status, kong.dump()) == ("undone", before)
    sentences = " ".join(event.sentence for event in found.events.all())
    assert "5 requests of 1 known-good callers" in sentences
    periods = {job.name: seconds for job, seconds in schedule()}
    assert periods["blocking.watch"] <= 30
    assert periods["blocking.expire_due"] + periods["blocking.repair"] <= 70


def test_refusals_by_a_gateway_count_like_those_of_a_waf(kong: Kong) -> None:
    blocking(kong)
    refuse(*[REFUSED | {"principal": "good-1", "waf_action": None}] * 5)
    assert services.watch_effects(datetime.now(UTC)) == 1


@pytest.mark.parametrize(
    "rows",
    [
        [REFUSED] * 50,
        [REFUSED | {"principal": "never seen before"}] * 50,
        [REFUSED | {"principal": "good-1"}] * 4,
        [REFUSED | {"principal": "good-1", "client_ip": "203.0.113.9"}] * 50,
        [{"client_ip": ATTACKER, "principal": "good-1", "status": 200}] * 50,
        [REFUSED | {"principal": "good-1", "waf_action": None, "upstream_status": 403}] * 50,
    ],
    ids=["no_name", "unknown", "few", "another_address", "let_through", "refused_by_the_service"],
)
def test_what_is_no_harm_to_known_good_callers_undoes_nothing(kong: Kong, rows: list[dict[str, Any]]) -> None:
    block = blocking(kong)
    refuse(*rows)
    assert services.watch_effects(datetime.now(UTC)) == 0
    assert queries.block(block.id).status == "blocking"


def test_what_the_preview_said_is_no_surprise(kong: Kong) -> None:
    block = blocking(kong)
    shown = block.preview | {
        "effect": block.preview["effect"] | {"good_requests": 6000},
        "window": block.preview["window"] | {"history_seconds": 60},
    }
    Block.objects.filter(pk=block.id).update(preview=shown)
    refuse(*[REFUSED | {"principal": "good-1"}] * 50)
    assert services.watch_effects(datetime.now(UTC)) == 0


def test_hits_are_counted_since_the_block_was_made(kong: Kong) -> None:
    block = blocking(kong)
    refuse(*[REFUSED] * 7, {"client_ip": ATTACKER, "status": 200})
    hits = queries.hits(queries.block(block.id), datetime.now(UTC))
    assert (hits["total"], hits["refused"]) == (8, 7)
    assert sum(entry["hits"] for entry in hits["series"]) == 8


addresses = st.sampled_from([ATTACKER, "203.0.113.1", "203.0.113.2", "2001:d00::1", "198.18.4.0/24"])
found_matches = st.builds(
    Match,
    networks=st.lists(addresses.map(ip_network), max_size=2).map(tuple),
    methods=st.lists(st.sampled_from(["GET", "post"]), max_size=1).map(tuple),
    principals=st.lists(st.sampled_from(["good-1", "good-2"]), max_size=2).map(tuple),
    path_templates=st.lists(st.sampled_from(["/orders/{id}", "/login"]), max_size=2).map(tuple),
).filter(lambda match: not match.is_empty())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(match=found_matches)
def test_a_narrow_read_finds_exactly_what_the_evaluator_finds(
    past: None, tenant: OrgInfo, match: Match
) -> None:
    window = Window(0, 2**62)
    every = engine.calls(window)
    expected = pc.sum(pc.fill_null(matches(match, every), False)).as_py() or 0
    assert met(match, window).num_rows == expected
