"""Every declared job, run in one tenant with ids of another's things. Jobs are found, so new ones are covered at once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.db import transaction

from tenants.errors import DomainError
from tenants.isolation.context import tenant_context
from tenants.orgs.queries import by_slug, forget
from tenants.orgs.types import OrgInfo
from tests.database import TestDatabases
from tests.isolation import jobs
from tests.isolation.contents import changed, seen, state, undone

pytestmark = pytest.mark.timeout(300)  # the first test drives all jobs for the others
#: Jobs that have nothing to do even where their ids are at home, and why.
STILL = {
    "blocking.watch": "needs a block that harms known callers: tests/controlplane/blocking drives it",
    "federation.keep_fresh": "keys are the deployment's and none is old: tests/controlplane/federation drives it",
    "traffic.drain_waiting": "asks again for what each push has asked for; the wish still waits",
    "inventory.refresh_day": "counts calls of endpoints that were learnt before",
}
#: What a job run twice leaves otherwise than once, moments aside, and why that is right.
TWICE = {
    "accounts.mail_link": "mails a new link; the one before is worth nothing any more",
    "accounts.mail_notice": "told twice is better than not told",
    "members.mail_invitation": "mails a new link; the one before is worth nothing any more",
    "alerts.deliver": "what did not arrive is tried again and counted",
    "connections.check_one": "every look at a customer's gateway is on record",
    "connections.first_sync": "every look at a customer's gateway is on record",
    "connections.pull_one": "every try of a gateway that does not answer is listed as a run",
    "traffic.sweep": "says when it looked at the clock last",
    "sso.refresh_descriptions": "says when the provider was tried last",
}


@dataclass
class Outcome:
    """What one job did: in acme with globex's ids, at home once and again, then in acme once more."""

    foreign: list[str] = field(default_factory=list)
    home: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    missing: bool = False


def run(job: str, args: jobs.Arguments, org: OrgInfo) -> None:
    """Run a job; an error that says what could not be done is an end like any other."""
    try:
        jobs.run(job, args, org)
    except DomainError:
        return


def crossed(job: str, args: jobs.Arguments, here: OrgInfo, there: OrgInfo, marks: list[bytes]) -> list[str]:
    """Run a job in a tenant that has none of these ids; what it changed in the other, brought or sent."""
    mail.outbox.clear()
    before = state(there)
    run(job, args, here)
    return [
        *(f"{job} changed {name} of {there.slug}" for name in changed(before, state(there))),
        *(f"{job} brought into {here.slug}: {found}" for found in seen(here, marks)),
        *(f"{job} mailed to {sent.to}" for sent in mail.outbox),
    ]


def at_home(job: str, args: jobs.Arguments, home: OrgInfo) -> tuple[list[str], list[str]]:
    """Run a job twice where its ids are; what it changed, and what the second time changed."""
    mail.outbox.clear()
    states, mails = [state(home, times=False)], [0]
    for _ in range(2):
        run(job, args, home)
        states.append(state(home, times=False))
        mails.append(len(mail.outbox))
    first, second = changed(states[0], states[1]), changed(states[1], states[2])
    return [*first, *["a mail"] * mails[1]], [*second, *["a mail"] * (mails[2] - mails[1])]


def driven(acme: OrgInfo, globex: OrgInfo) -> dict[str, Outcome]:
    """Drive every job; each begins with everything as it was."""
    with tenant_context(globex.schema_name):
        things = jobs.things()
    marks = [b"CANARY", b"canary"]
    marks += [str(value).encode() for value in things.values() if str(value)[3:6] == "_01"]
    known, found = jobs.arguments(things), {}
    for job in jobs.parameters():
        found[job] = outcome = Outcome(missing=job not in known)
        if not outcome.missing:
            with undone():
                outcome.foreign = crossed(job, known[job], acme, globex, marks)
                outcome.home, outcome.again = at_home(job, known[job], globex)
                # What the process has seen meanwhile must not help.
                outcome.foreign += crossed(job, known[job], acme, globex, marks)
    return found


@pytest.fixture(scope="module")
def outcomes(databases: TestDatabases) -> dict[str, Outcome]:
    forget()
    with transaction.atomic():
        found = driven(by_slug("acme"), by_slug("globex"))
        transaction.set_rollback(True)
    shutil.rmtree(Path(settings.DATA_DIR) / "tenants", ignore_errors=True)
    return found


def test_every_job_is_driven(outcomes: dict[str, Outcome]) -> None:
    missing = [job for job, outcome in outcomes.items() if outcome.missing]
    assert missing == [], "add what it needs to `things` of tests/isolation/jobs.py"
    assert len(outcomes) > 30
    assert {*STILL, *TWICE} <= set(outcomes)


@pytest.mark.asvs("8.2.2", "8.4.1")
def test_with_another_tenants_ids_a_job_changes_nothing_there_and_brings_nothing_here(
    outcomes: dict[str, Outcome],
) -> None:
    wrong = [line for outcome in outcomes.values() for line in outcome.foreign]
    assert wrong == [], "\n".join(wrong)


def test_where_its_ids_are_at_home_every_job_is_seen_to_do_something(outcomes: dict[str, Outcome]) -> None:
    """So a job that ran in the wrong tenant would be seen, too."""
    still = [job for job, outcome in outcomes.items() if not outcome.home]
    assert sorted(still) == sorted(STILL), "let `things` of tests/isolation/jobs.py give it work, or a reason"


def test_a_job_run_twice_leaves_what_it_leaves_when_run_once(outcomes: dict[str, Outcome]) -> None:
    twice = {job: outcome.again for job, outcome in outcomes.items() if outcome.again}
    assert sorted(twice) == sorted(TWICE), twice


@pytest.mark.parametrize("name", sorted(jobs.kept()))
def test_what_the_scheduler_does_in_every_tenant_it_does_in_each_alone(
    name: str, committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo
) -> None:
    with tenant_context(globex.schema_name):
        jobs.things()
    before = state(globex)
    with tenant_context(acme.schema_name):
        jobs.kept()[name]()
    assert changed(before, state(globex)) == []
    assert seen(acme, [b"CANARY", globex.schema_name.encode()]) == []
