"""From preview to undo through the API, against running doubles; the vendor is read with its own API."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlplane.blocking import services
from controlplane.blocking.models import Block
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient
from tests.controlplane.blocking.conftest import ATTACKER, Aws, Kong

REASON = {"kind": "manual", "id": None, "text": "credential stuffing"}
People = Callable[[str], TenantClient]


def previewed(client: TenantClient, draft: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/api/v1/blocks/preview", draft, format="json")
    assert answer.status_code == 200, answer.json()
    return dict(answer.json())


def created(client: TenantClient, draft: dict[str, Any], stage: str = "block") -> dict[str, Any]:
    body = {"preview_id": previewed(client, draft)["preview_id"], "stage": stage, "reason": REASON}
    answer = client.post("/api/v1/blocks", body, format="json")
    assert answer.status_code == 201, answer.json()
    return dict(answer.json())


def told(client: TenantClient, block: dict[str, Any], verb: str = "", **body: Any) -> dict[str, Any]:
    address = f"/api/v1/blocks/{block['id']}"
    answer = client.post(f"{address}/{verb}", body, format="json") if verb else client.get(address)
    assert answer.status_code == 200, answer.json()
    return dict(answer.json())


def states(block: dict[str, Any]) -> list[str]:
    return [target["state"] for target in block["targets"]]


def said(block: dict[str, Any], kind: str) -> str:
    return " ".join(event["sentence"] for event in block["events"] if event["kind"] == kind)


def test_kong_from_preview_to_undo_leaves_the_gateway_as_it_was(
    kong: Kong, person: People, run_jobs: Callable[[], int]
) -> None:
    client, before = person("responder"), kong.dump()
    shown = previewed(client, kong.draft())
    assert (shown["allowed"], shown["effect"]["requests"], shown["effect"]["good_requests"]) == (True, 20, 0)
    block = created(client, kong.draft(), "count")
    run_jobs()
    block = told(client, block)
    assert (block["status"], states(block)) == ("counting", ["observed"])
    assert kong.dump() == before, "counting writes nothing at a gateway that cannot count"
    told(client, block, "promote")
    run_jobs()
    block = told(client, block)
    assert (block["status"], states(block)) == ("blocking", ["enforced"])
    assert ATTACKER in kong.dump()
    told(client, block, "undo")
    run_jobs()
    block = told(client, block)
    assert (block["status"], states(block)) == ("undone", ["removed"])
    assert kong.dump() == before
    assert "exactly as it was" in said(block, "restored")


def test_aws_from_preview_to_undo_leaves_the_account_as_it_was(
    aws: Aws, person: People, run_jobs: Callable[[], int]
) -> None:
    client, before = person("responder"), aws.dump()
    targets = [{"connection_id": aws.connection, "ref": aws.ref}]
    draft = {"match": {"networks": [ATTACKER]}, "action": "block", "ttl_seconds": 3600, "targets": targets}
    block = created(client, draft, "count")
    run_jobs()
    block = told(client, block)
    assert (block["status"], states(block)) == ("counting", ["enforced"])
    told(client, block, "promote")
    run_jobs()
    block = told(client, block)
    assert (block["status"], states(block)) == ("blocking", ["enforced"])
    group = next(
        e for e in aws.waf().list_rule_groups(Scope="REGIONAL")["RuleGroups"] if "portcullis" in e["Name"]
    )
    rules = aws.waf().get_rule_group(ARN=group["ARN"])["RuleGroup"]["Rules"]
    assert [rule["Action"] for rule in rules] == [{"Block": {}}]
    told(client, block, "undo")
    run_jobs()
    block = told(client, block)
    assert (block["status"], states(block)) == ("undone", ["removed"])
    assert aws.dump() == before
    assert "exactly as it was" in said(block, "restored")


def test_a_block_whose_time_is_over_is_removed_by_the_job(
    kong: Kong, person: People, run_jobs: Callable[[], int]
) -> None:
    client, before = person("responder"), kong.dump()
    block = created(client, kong.draft())
    run_jobs()
    assert kong.dump() != before
    assert services.expire_due(datetime.now(UTC) + timedelta(seconds=3500)) == 0
    Block.objects.filter(pk=block["id"]).update(expires_at=datetime.now(UTC))
    assert services.expire_due(datetime.now(UTC)) == 1
    run_jobs()
    assert (told(client, block)["status"], kong.dump()) == ("expired", before)
    refused = client.post(f"/api/v1/blocks/{block['id']}/extend", {"ttl_seconds": 60}, format="json")
    assert refused.status_code == 409


def test_other_settings_changed_meanwhile_are_kept_and_said(
    kong: Kong, person: People, run_jobs: Callable[[], int]
) -> None:
    client = person("responder")
    block = created(client, kong.draft())
    run_jobs()
    added = kong.admin("POST", "/consumers", {"username": f"new-{block['id']}"})
    told(client, block, "undo")
    run_jobs()
    assert "were kept" in said(told(client, block), "restored")
    kong.admin("DELETE", f"/consumers/{added['id']}")


@pytest.mark.asvs("2.3.1", "2.3.4")
def test_a_preview_is_good_for_one_block_and_fifteen_minutes(kong: Kong, person: People) -> None:
    client = person("responder")
    body = {"preview_id": previewed(client, kong.draft())["preview_id"], "stage": "count", "reason": REASON}
    assert client.post("/api/v1/blocks", body, format="json").status_code == 201
    again = client.post("/api/v1/blocks", body, format="json")
    assert (again.status_code, again.json()["code"]) == (412, "preview-used")
    from controlplane.blocking.models import Preview

    fresh = previewed(client, kong.draft())["preview_id"]
    Preview.objects.filter(pk=fresh).update(expires_at=datetime.now(UTC))
    stale = client.post("/api/v1/blocks", body | {"preview_id": fresh}, format="json")
    assert (stale.status_code, stale.json()["code"]) == (412, "preview-stale")


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"match": {"networks": ["198.18.4.7/24"]}}, "/match/networks"),
        ({"match": {}}, "/match"),
        ({"targets": [{"connection_id": "con_none", "ref": "x"}]}, "/targets/0/connection_id"),
        ({"targets": []}, "/targets"),
        ({"action": "rate_limit"}, "/rate"),
        ({"window_days": 99}, "/window_days"),
    ],
)
@pytest.mark.asvs("2.2.1", "2.2.2", "2.2.3")
def test_a_bad_draft_is_refused_by_field(
    kong: Kong, person: People, changed: dict[str, Any], pointer: str
) -> None:
    answer = person("analyst").post("/api/v1/blocks/preview", kong.draft() | changed, format="json")
    assert answer.status_code in (400, 422)
    assert pointer in [entry["pointer"] for entry in answer.json()["errors"]]


@pytest.mark.asvs("2.2.3")
def test_an_unknown_target_of_a_known_connection_is_named(kong: Kong, person: People) -> None:
    draft = kong.draft(targets=[{"connection_id": kong.connection, "ref": "workspace:other"}])
    answer = person("analyst").post("/api/v1/blocks/preview", draft, format="json")
    assert [entry["pointer"] for entry in answer.json()["errors"]] == ["/targets/0/ref"]


def test_the_kill_switch_takes_everything_away(
    kong: Kong, person: People, run_jobs: Callable[[], int]
) -> None:
    client, before = person("responder"), kong.dump()
    blocks = [created(client, kong.draft(f"198.18.5.{n}")) for n in (1, 2)]
    blocks.append(created(client, kong.draft("198.18.6.1"), "count"))
    held = created(client, kong.draft("198.18.16.0/20"))
    run_jobs()
    answer = client.post("/api/v1/blocks/undo-all", {}, format="json")
    assert sorted(answer.json()["undone"]) == sorted(entry["id"] for entry in [*blocks, held])
    run_jobs()
    assert {told(client, block)["status"] for block in [*blocks, held]} == {"undone"}
    assert kong.dump() == before
    assert client.post("/api/v1/blocks/undo-all", {}, format="json").json() == {"undone": []}
    assert person("analyst").post("/api/v1/blocks/undo-all", {}, format="json").status_code == 403


@pytest.mark.asvs("2.3.1", "2.3.5")
def test_a_wide_block_waits_for_another_person(
    kong: Kong, acme: OrgInfo, person: People, run_jobs: Callable[[], int], api_client: Any
) -> None:
    client, before = person("responder"), kong.dump()
    block = created(client, kong.draft("198.18.16.0/20"))
    run_jobs()
    assert (told(client, block)["status"], kong.dump()) == ("awaiting_approval", before)
    address = f"/api/v1/blocks/{block['id']}/approve"
    assert client.post(address, {}, format="json").status_code == 403
    nobody = api_client(acme, scopes=["blocks.read", "blocks.approve"])
    assert nobody.post(address, {}, format="json").status_code == 403
    other = {"fingerprint": "something else"}
    assert person("owner").post(address, other, format="json").status_code == 412
    seen = told(client, block)["fingerprint"]
    assert person("owner").post(address, {"fingerprint": seen}, format="json").status_code == 200
    run_jobs()
    assert told(client, block)["status"] == "blocking"
    assert "198.18.16.0/20" in kong.dump()


@pytest.mark.asvs("2.3.5")
def test_what_was_approved_cannot_be_exchanged_afterwards(
    kong: Kong, person: People, run_jobs: Callable[[], int]
) -> None:
    before = kong.dump()
    block = created(person("responder"), kong.draft("198.18.16.0/20"))
    told(person("owner"), block, "approve")
    Block.objects.filter(pk=block["id"]).update(match={"networks": ["198.18.32.0/20"]})
    run_jobs()
    block = told(person("owner"), block)
    assert (block["status"], states(block), kong.dump()) == ("refused", ["refused"], before)
    assert "approval" in block["targets"][0]["error"]


def test_a_promotion_that_needs_approval_goes_on_counting(
    aws: Aws, person: People, run_jobs: Callable[[], int]
) -> None:
    targets = [{"connection_id": aws.connection, "ref": aws.ref}]
    match = {"networks": ["198.18.16.0/20"]}
    draft = {"match": match, "action": "block", "ttl_seconds": 3600, "targets": targets}
    client = person("responder")
    block = created(client, draft, "count")
    run_jobs()
    counting = json.loads(aws.dump())[1]
    assert told(client, block, "promote")["status"] == "awaiting_approval"
    services.reconcile(aws.connection, aws.ref)
    run_jobs()
    assert json.loads(aws.dump())[1] == counting
    told(person("owner"), block, "approve")
    run_jobs()
    assert told(client, block)["status"] == "blocking"


@pytest.mark.asvs("2.3.1")
def test_promoting_twice_promotes_once(kong: Kong, person: People, run_jobs: Callable[[], int]) -> None:
    client = person("responder")
    block = created(client, kong.draft(), "count")
    run_jobs()
    told(client, block, "promote")
    assert client.post(f"/api/v1/blocks/{block['id']}/promote").status_code == 409


@pytest.mark.asvs("2.3.2")
def test_a_network_protected_later_ends_the_block_that_hits_it(
    kong: Kong, person: People, run_jobs: Callable[[], int]
) -> None:
    client, before = person("responder"), kong.dump()
    block = created(client, kong.draft())
    run_jobs()
    protected = {"cidr": "198.18.4.0/24", "label": "our office", "kind": "office"}
    assert client.post("/api/v1/protected-networks", protected, format="json").status_code == 201
    run_jobs()
    block = told(client, block)
    assert (block["status"], states(block), kong.dump()) == ("refused", ["refused"], before)
    assert "our office" in block["targets"][0]["error"]
