"""The activity log: who changed what and how, each operation once, nothing of request bodies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.azure.changes import Changes
from connectors.azure.config import Config
from connectors.base.changes import AuthorKind, Channel, ConfigChange
from connectors.base.errors import VendorAnswerError
from connectors.testkit.doubles.azure.estate import ADMIN, CLIENT, EDGE_WAF, PROFILE
from connectors.testkit.running import Fault

NOW = datetime.now(UTC)
PORTAL = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"


def entry(number: int, **changes: Any) -> dict[str, Any]:
    action = changes.pop("action", "Microsoft.Cdn/profiles/afdendpoints/routes/write")
    at = NOW - timedelta(days=changes.pop("days", 1), seconds=-number)
    return {
        "eventDataId": f"e{number}",
        "eventTimestamp": at.isoformat(),
        "caller": "ada@acme.example",
        "claims": {"appid": PORTAL, "name": "Ada", "puid": "10032000"},
        "httpRequest": {"clientIpAddress": "203.0.113.7", "method": "PUT"},
        "operationName": {"value": action},
        "status": {"value": "Succeeded"},
        "resourceId": f"{PROFILE}/afdEndpoints/acme-shop/routes/payments",
        "resourceProviderName": {"value": "Microsoft.Cdn"},
        "properties": {"requestbody": "s3cr3t"},
        **changes,
    }


def told(azure, *entries: dict[str, Any], cursor: dict[str, Any] | None = None) -> list[ConfigChange]:
    azure.ask("POST", "/_double/activity", list(entries))
    reader = Changes(azure.settings, azure.egress)
    return [change for page, _ in reader.read_changes(cursor or {}) for change in page]


def test_a_change_in_the_portal_is_told_with_person_place_and_object(azure):
    change = next(change for change in told(azure, entry(1)) if change.ref == "e1")
    assert (change.author, change.author_kind, change.channel) == (
        "ada@acme.example",
        AuthorKind.PERSON,
        Channel.CONSOLE,
    )
    assert change.source_address == "203.0.113.7"
    assert change.object_kind == "microsoft.cdn/profiles/afdendpoints/routes"
    assert change.object_name == "payments"
    assert "s3cr3t" not in str(change)
    assert "10032000" not in str(change)


def test_an_object_has_the_ref_it_has_in_the_snapshot(azure):
    azure.replace(azure.policy())
    change = [change for change in told(azure) if change.author == ADMIN][-1]
    policies = {policy.ref for policy in Config(azure.settings, azure.egress).read_config().waf_policies}
    assert change.object_ref in policies
    assert (change.author_kind, change.channel) == (AuthorKind.SERVICE, Channel.API)


def test_what_our_own_application_wrote_is_told_as_ours(azure):
    ours = {"appid": CLIENT.upper(), "name": "x"}
    theirs = {"appid": "11111111-2222-3333-4444-555555555555"}
    found = told(
        azure, entry(35, caller="object-id", claims=ours), entry(36, caller="object-id", claims=theirs)
    )
    kinds = {change.ref: change.author_kind for change in found}
    assert (kinds["e35"], kinds["e36"]) == (AuthorKind.PORTCULLIS, AuthorKind.SERVICE)


def test_only_the_end_of_an_operation_on_what_we_read_is_told(azure):
    others = (
        entry(20, status={"value": "Started"}),
        entry(21, status={"value": "Accepted"}),
        entry(22, action="Microsoft.Cdn/cdnwebapplicationfirewallpolicies/write"),
        entry(
            23,
            action="Microsoft.Network/virtualNetworks/write",
            resourceProviderName={"value": "Microsoft.Network"},
        ),
        entry(24, status={"value": "Failed"}),
        entry(25, action="Microsoft.ApiManagement/service/subscriptions/listSecrets/action"),
    )
    found = {change.ref: change for change in told(azure, *others)}
    assert set(found) & {f"e{n}" for n in range(20, 26)} == {"e24"}
    assert found["e24"].succeeded is False


def test_changes_are_told_oldest_first_over_days_and_again_within_the_overlap(azure):
    found = told(azure, entry(31, days=9), entry(32, days=4), entry(33, days=20))
    order = [change.ref for change in found if change.ref in ("e31", "e32", "e33")]
    assert order == ["e33", "e31", "e32"]
    cursor = {"until": (NOW - timedelta(days=4) + timedelta(minutes=50)).isoformat()}
    again = [change.ref for change in told(azure, cursor=cursor)]
    assert "e32" in again
    assert "e31" not in again


def test_an_entry_without_a_time_is_said_and_not_left_out(azure):
    azure.double.order(
        Fault(
            200,
            "GET Microsoft.Insights/eventtypes/values",
            "arm",
            body={"value": [entry(41) | {"eventTimestamp": None}]},
        )
    )
    with pytest.raises(VendorAnswerError, match="no time"):
        told(azure)


def test_a_write_of_a_policy_by_its_owner_is_one_change(azure):
    before = {change.ref for change in told(azure)}
    azure.replace(azure.policy(EDGE_WAF))
    fresh = [change for change in told(azure) if change.ref not in before]
    assert [change.action for change in fresh] == [
        "Microsoft.Network/frontDoorWebApplicationFirewallPolicies/write"
    ]
