"""What goes wrong at the vendor or with a connection is said, isolated, and repaired by the next job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from connectors.base.enforcement import Change, ChangeKind, VendorObject
from connectors.base.errors import RefusedError, TransientError, VendorAnswerError
from connectors.testkit.running import Fault
from controlplane.blocking import jobs, queries, services
from controlplane.blocking.models import Block, BlockTarget
from controlplane.blocking.services.converging import guard
from controlplane.blocking.types import Person
from controlplane.connections import services as connections
from tests.controlplane.blocking.conftest import ATTACKER, Aws, Kong

AUTHOR = Person("responder", "usr_1")
REASON = {"kind": "manual", "text": "test"}


def make(kong: Kong, *networks: str, stage: str = "block") -> Block:
    preview = services.preview(kong.draft(*networks), "responder")
    return services.create(preview.id, stage, REASON, AUTHOR)


def now_at(block: Block) -> tuple[str, list[str], str]:
    found = queries.block(block.id)
    rows = list(found.targets.all())
    return found.status, [row.state for row in rows], rows[0].error


def kinds(block: Block) -> list[str]:
    return [event.kind for event in queries.block(block.id).events.order_by("id")]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, "*", body={"message": "slow down"}, headers={"Retry-After": "1"}),
        Fault(500, "*", body="boom"),
        Fault(200, "*", body="<html>no</html>"),
        Fault(500, "P*", body="boom"),
    ],
    ids=["throttled", "failing", "garbage", "no_writes"],
)
@pytest.mark.asvs("16.5.2")
def test_a_vendor_that_misbehaves_is_said_and_the_next_job_repairs_it(kong: Kong, fault: Fault) -> None:
    block, before = make(kong), kong.dump()
    kong.double.order(fault)
    kong.push()
    kong.double.behave()
    status, states, error = now_at(block)
    assert (status, states) == ("pending", ["failed"])
    assert error.endswith(".")
    assert len(error) > 20
    assert "failed" in kinds(block)
    assert kong.dump() == before
    assert kong.push().error is None
    assert now_at(block) == ("blocking", ["enforced"], "")
    assert ATTACKER in kong.dump()


def test_a_failure_that_lasts_is_said_once(kong: Kong) -> None:
    block = make(kong)
    kong.double.order(Fault(500, "*", body="boom"))
    for _ in range(3):
        kong.push()
    assert kinds(block).count("failed") == 1


def test_what_stood_stays_enforced_when_it_cannot_be_read(kong: Kong) -> None:
    block = make(kong)
    kong.push()
    kong.double.order(Fault(500, "*", body="boom"))
    assert isinstance(kong.push().error, TransientError)
    status, states, error = now_at(block)
    assert (status, states) == ("blocking", ["enforced"])
    assert error
    kong.double.behave()
    kong.push()
    assert now_at(block) == ("blocking", ["enforced"], "")


@pytest.mark.asvs("16.5.2")
def test_expiry_is_retried_until_the_vendor_is_back(kong: Kong) -> None:
    before = kong.dump()
    block = make(kong)
    kong.push()
    Block.objects.filter(pk=block.id).update(expires_at=datetime.now(UTC))
    services.expire_due(datetime.now(UTC))
    kong.double.order(Fault(500, "*", body="boom"))
    kong.push()
    status, states, error = now_at(block)
    assert (status, states, bool(error)) == ("expiring", ["failed"], True)
    kong.double.behave()
    kong.push()
    assert now_at(block) == ("expired", ["removed"], "")
    assert kong.dump() == before


def test_what_leaves_does_not_wait_for_what_the_vendor_does_not_take(kong: Kong) -> None:
    old = make(kong)
    kong.push()
    services.undo(old.id, "responder")
    fresh = services.create(
        services.preview(
            kong.draft(match={"methods": ["GET"], "path_templates": ["/catalog/search"]}), "responder"
        ).id,
        "block",
        REASON,
        AUTHOR,
    )
    services.approve(fresh.id, Person("owner", "usr_2"))
    kong.double.order(Fault(400, "PUT /routes*", body={"message": "schema violation"}))
    kong.double.order(Fault(400, "PUT /plugins*", body={"message": "schema violation"}))
    kong.push()
    assert now_at(old)[:2] == ("undone", ["removed"])
    assert ATTACKER not in kong.dump()
    status, states, error = now_at(fresh)
    assert (status, states, bool(error)) == ("pending", ["failed"], True)
    kong.double.behave()
    kong.push()
    assert now_at(fresh)[:2] == ("blocking", ["enforced"])


def test_a_target_that_fails_keeps_no_other_from_being_settled(kong: Kong) -> None:
    block = make(kong)
    BlockTarget.objects.create(block=block, connection="con_none", ref="x", name="gone", kind="web_acl")
    services.reconcile("con_none", "x")
    kong.push()
    found = queries.block(block.id)
    assert found.status == "blocking"
    assert sorted(row.state for row in found.targets.all()) == ["enforced", "lost"]
    services.undo(block.id, "responder")
    kong.push()
    found = queries.block(block.id)
    assert (found.status, ATTACKER in kong.dump()) == ("failed", False)
    assert found.ended_at is not None


def test_a_deleted_connection_ends_its_blocks_with_a_sentence(
    kong: Kong, run_jobs: Callable[[], int]
) -> None:
    draft = kong.draft()
    leaving, standing = make(kong), make(kong, "198.18.5.5")
    kong.push()
    services.undo(leaving.id, "responder")
    connections.delete(kong.connection)
    run_jobs()
    for block in (leaving, standing):
        status, states, error = now_at(block)
        assert (status, states) == ("failed", ["lost"])
        assert "Offline undo" in error
    made = connections.create("kong", "Again", {"admin_url": kong.double.control_url, "admin_token": "t0ken"})
    run_jobs()
    draft["targets"] = [{"connection_id": made.id, "ref": kong.ref}]
    services.reconcile(made.id, kong.ref)
    again = services.create(services.preview(draft, "responder").id, "block", REASON, AUTHOR)
    services.reconcile(made.id, kong.ref)
    services.undo(again.id, "responder")
    services.reconcile(made.id, kong.ref)
    assert ATTACKER not in kong.dump(), "a connection made anew finds and removes what was left by its mark"


def test_a_connection_switched_off_takes_nothing_new_and_still_undoes(kong: Kong) -> None:
    block = make(kong)
    kong.push()
    connections.disable(kong.connection)
    fresh = make(kong, "198.18.5.5")
    kong.push()
    assert now_at(fresh)[:2] == ("pending", ["failed"])
    assert "switched off" in now_at(fresh)[2]
    assert now_at(block)[:2] == ("blocking", ["enforced"])
    services.undo(block.id, "responder")
    kong.push()
    assert now_at(block) == ("undone", ["removed"], "")
    assert ATTACKER not in kong.dump()


def test_a_connection_switched_off_that_does_not_answer_leaves_nothing_undoing(kong: Kong) -> None:
    block = make(kong)
    kong.push()
    services.undo(block.id, "responder")
    connections.disable(kong.connection)
    kong.double.order(Fault(401, "*", body={"message": "no"}))
    kong.push()
    status, states, error = now_at(block)
    assert (status, states, bool(error)) == ("failed", ["lost"], True)


def test_what_was_removed_by_hand_is_put_back_and_said(kong: Kong, run_jobs: Callable[[], int]) -> None:
    block = make(kong)
    kong.push()
    dumped = kong.dump()
    (plugin,) = [p for p in kong.admin("GET", "/plugins?size=1000")["data"] if ATTACKER in str(p)]
    if "portcullis" in (plugin.get("tags") or []):
        kong.admin("DELETE", f"/plugins/{plugin['id']}")
    else:
        deny = [entry for entry in plugin["config"]["deny"] if ATTACKER not in entry]
        kong.admin("PATCH", f"/plugins/{plugin['id']}", {"config": {"deny": deny or None}, "tags": None})
    assert ATTACKER not in kong.dump()
    jobs.repair()
    run_jobs()
    assert ATTACKER in kong.dump()
    assert len(kong.dump()) == len(dumped)
    assert kinds(block).count("drift") == 1
    kong.push()
    assert kinds(block).count("drift") == 1


def test_a_customers_own_change_is_no_drift(kong: Kong) -> None:
    block = make(kong)
    kong.push()
    added = kong.admin("POST", "/consumers", {"username": f"new-{block.id}"})
    kong.push()
    assert "drift" not in kinds(block)
    kong.admin("DELETE", f"/consumers/{added['id']}")


def test_a_refused_intent_among_good_ones_ends_alone(kong: Kong) -> None:
    good, bad = make(kong), make(kong, "198.18.5.5")
    Block.objects.filter(pk=bad.id).update(match={"networks": ["198.18.5.5"], "countries": ["KP"]})
    kong.push()
    assert now_at(good)[:2] == ("blocking", ["enforced"])
    found = queries.block(bad.id)
    assert found.status == "refused"
    assert "countries" in " ".join(event.sentence for event in found.events.all())


def test_a_stored_match_that_cannot_be_read_stops_nobody_else(kong: Kong) -> None:
    good, bad = make(kong), make(kong, "198.18.5.5")
    Block.objects.filter(pk=bad.id).update(match={"networks": ["not an address"]})
    kong.push()
    assert now_at(good)[:2] == ("blocking", ["enforced"])
    assert now_at(bad)[:2] == ("refused", ["refused"])


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_the_guard_refuses_what_is_not_ours(kind: ChangeKind) -> None:
    theirs = VendorObject("plugins", "p1", "acl", {}, ours=False)
    ours = VendorObject("plugins", "p1", "acl", {})
    with pytest.raises(RefusedError, match="not ours"):
        guard(Change(kind, "plugins", "acl", theirs, None if kind is ChangeKind.DELETE else ours))
    guard(Change(kind, "plugins", "acl", ours, ours))


@pytest.mark.asvs("16.5.3")
def test_a_read_back_that_shows_something_else_is_a_failure(kong: Kong) -> None:
    block = make(kong)
    kong.double.order(Fault(200, "PUT /plugins*", body={"id": "x", "name": "ip-restriction"}))
    kong.double.order(Fault(200, "PATCH /plugins*", body={"id": "x", "name": "ip-restriction"}))
    done = kong.push()
    assert isinstance(done.error, VendorAnswerError)
    assert now_at(block)[:2] == ("pending", ["failed"])
    kong.double.behave()
    kong.push()
    assert now_at(block)[:2] == ("blocking", ["enforced"])


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, "UpdateWebACL", "wafv2", headers={"x-amzn-ErrorType": "ThrottlingException"}, body={}),
        Fault(500, "CreateIPSet", "wafv2", body="boom"),
        Fault(200, "GetWebACL", "wafv2", body="<html>no</html>"),
    ],
    ids=["throttled", "failing", "garbage"],
)
def test_aws_that_misbehaves_is_said_and_the_next_push_repairs_it(aws: Aws, fault: Fault) -> None:
    before = aws.dump()
    targets = [{"connection_id": aws.connection, "ref": aws.ref}]
    draft = {"match": {"networks": [ATTACKER]}, "action": "block", "ttl_seconds": 3600, "targets": targets}
    block = services.create(services.preview(draft, "responder").id, "block", REASON, AUTHOR)
    aws.double.order(fault)
    assert services.reconcile(aws.connection, aws.ref).error is not None
    aws.double.behave()
    status, states, error = now_at(block)
    assert (status, states, bool(error)) == ("pending", ["failed"], True)
    assert services.reconcile(aws.connection, aws.ref).error is None
    assert now_at(block) == ("blocking", ["enforced"], "")
    services.undo(block.id, "responder")
    services.reconcile(aws.connection, aws.ref)
    assert (now_at(block)[0], aws.dump()) == ("undone", before)
