"""Random lives of blocks on a running Kong: what stands there is always exactly what a model says may stand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connectors.testkit.running import Fault
from controlplane.blocking import queries, services
from controlplane.blocking.models import Block
from controlplane.blocking.types import Person
from tenants.errors import DomainError
from tests.controlplane.blocking.conftest import Kong

PEOPLE = [Person("ada", "usr_1"), Person("bob", "usr_2")]
REASON = {"kind": "manual", "text": "model"}


@dataclass
class Modelled:
    """What a block may do, kept apart from the product's own books."""

    id: str
    network: str
    wide: bool
    author: Person
    blocks: bool  # it was asked to act and every consent it needs was given
    waits: bool
    over: bool = False
    protected: bool = False

    @property
    def stands(self) -> bool:
        return self.blocks and not self.over and not self.protected


class Lives(RuleBasedStateMachine):
    """Steps of people, of the clock, of the vendor; pushes come when they come."""

    kong: Kong
    made = Bundle("made")
    numbers = itertools.count()

    @initialize()
    def begin(self) -> None:
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.kong.double.behave()
        self.before = self.kong.dump()
        self.blocks: list[Modelled] = []
        self.healthy, self.pushed = True, True
        self.used = itertools.count(1)

    def _tried(self, work: Callable[[], object]) -> bool:
        try:
            with transaction.atomic():
                work()
        except DomainError:
            return False
        self.pushed = False
        return True

    @rule(
        target=made,
        stage=st.sampled_from(["count", "block"]),
        wide=st.booleans(),
        author=st.sampled_from(PEOPLE),
    )
    def create(self, stage: str, wide: bool, author: Person) -> Modelled:
        number = next(self.used)
        network = f"198.19.{number * 16 % 240}.0/20" if wide else f"198.18.{number % 250}.7/32"
        self.kong.double.behave()
        preview = services.preview(self.kong.draft(network), author.name)
        block = services.create(preview.id, stage, REASON, author)
        modelled = Modelled(
            block.id, network, wide, author, stage == "block" and not wide, stage == "block" and wide
        )
        self.blocks.append(modelled)
        self.pushed = False
        if not self.healthy:
            self.fail()
        self.push()
        return modelled

    @rule(block=made, person=st.sampled_from(PEOPLE))
    def approve(self, block: Modelled, person: Person) -> None:
        allowed = block.waits and not block.over and not block.protected and person != block.author
        assert self._tried(lambda: services.approve(block.id, person)) == allowed
        if allowed:
            block.blocks, block.waits = True, False

    @rule(block=made, person=st.sampled_from(PEOPLE))
    def promote(self, block: Modelled, person: Person) -> None:
        counting = queries.block(block.id).status == "counting"
        done = self._tried(lambda: services.promote(block.id, person))
        assert not done or (counting and not block.over and not block.protected)
        if done:
            block.author, block.waits, block.blocks = person, block.wide, not block.wide

    @rule(block=made)
    def extend(self, block: Modelled) -> None:
        assert self._tried(lambda: services.extend(block.id, 1800, "ada")) <= (not block.over)

    @rule(block=made)
    def undo(self, block: Modelled) -> None:
        services.undo(block.id, "ada")
        block.over, self.pushed = True, False

    @rule(block=made, swept=st.booleans())
    def expire(self, block: Modelled, swept: bool) -> None:
        now = datetime.now(UTC)
        Block.objects.filter(pk=block.id).update(expires_at=now - timedelta(seconds=1))
        if swept:
            services.expire_due(now)
        block.over, self.pushed = True, False

    @rule(block=made)
    def protect(self, block: Modelled) -> None:
        if self._tried(lambda: services.protect(block.network, "office", "office")):
            block.protected = True
            self.push()

    @precondition(lambda self: self.healthy)
    @rule()
    def fail(self) -> None:
        self.healthy = False
        self.kong.double.order(Fault(503, "*", body={"message": "down"}, times=10_000))

    @precondition(lambda self: not self.healthy)
    @rule()
    def recover(self) -> None:
        self.healthy = True
        self.kong.double.behave()

    @rule()
    def push(self) -> None:
        done = self.kong.push()
        self.pushed = done.error is None and not done.busy

    @precondition(lambda self: self.healthy and self.pushed)
    @invariant()
    def what_stands_is_what_may_stand(self) -> None:
        found = self.kong.dump()
        for block in self.blocks:
            there = block.network.removesuffix("/32") in found
            assert there == block.stands, f"{block} stands: {there}; {queries.block(block.id).status}"

    def teardown(self) -> None:
        if not hasattr(self, "outer"):
            return
        try:
            self.kong.double.behave()
            services.undo_all("")
            services.expire_due(datetime.now(UTC))
            self.kong.push()
            statuses = {queries.block(block.id).status for block in self.blocks}
            assert statuses <= {"undone", "expired", "refused"}, statuses
            assert self.kong.dump() == self.before
        finally:
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)


def run(kong: Kong, examples: int, steps: int) -> None:
    machine = type("LivesOnKong", (Lives,), {"kong": kong})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.asvs("2.3.1", "2.3.2", "16.5.3")
def test_no_life_of_a_block_lets_stand_what_may_not(kong: Kong) -> None:
    run(kong, examples=6, steps=15)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.asvs("2.3.1", "2.3.2", "16.5.3")
def test_no_long_life_of_a_block_lets_stand_what_may_not(kong: Kong) -> None:
    run(kong, examples=200, steps=50)
