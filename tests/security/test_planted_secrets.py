"""Secrets planted in every field that can carry one are nowhere afterwards: not in tables, files, logs, answers, mails.

The same run plants markers that are no secrets and must be found in every store: what finds nothing does look.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tenants.queue import broker as queue_broker
from tests.database import TestDatabases
from tests.factories import sso
from tests.security.conftest import Stranger
from tests.security.planting import ISSUED, LONG, PLAIN, Planter
from tests.security.workspace import Run

Jobs = Callable[..., int]


@pytest.mark.asvs("14.2.4", "16.2.5")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("times", "at_least", "answered"),
    [
        pytest.param(1, 180, 403, id="one-in-each-place"),
        pytest.param(4, 700, 500, id="hundreds", marks=pytest.mark.slow),
    ],
)
def test_no_planted_secret_is_kept_or_told_anywhere(
    times: int,
    at_least: int,
    answered: int,
    committed_db: TestDatabases,
    acme: OrgInfo,
    stranger: Stranger,
    run_jobs: Jobs,
    log_lines: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue_broker, "MIN_BACKOFF_MS", 300)
    stranger.status = answered
    run = Run(acme, Planter(times), stranger, run_jobs)
    with tenant_context(acme.schema_name):
        ids = sso.build()
    run.plant(ids["sso-provider"])
    run.errors()
    run.failing_jobs()
    haystack = run.gather(log_lines, ids)

    planter = run.planter
    distinct, places = {secret.text for secret in planter.planted}, {one.channel for one in planter.planted}
    print(f"{len(distinct)} secrets in {len(places)} places; bytes searched:", haystack.sizes())
    assert len(distinct) >= at_least
    assert {secret.form for secret in planter.planted} >= {*ISSUED, *PLAIN, *LONG}
    found = haystack.find(planter.planted)
    assert not found, "\n".join(sorted(f"{s.form} in {s.channel}: found in {store}" for s, store in found))
    marked = haystack.find(planter.markers)
    assert {store for _, store in marked} == set(haystack.stores)
    assert {marker for marker, _ in marked} == set(planter.markers)
