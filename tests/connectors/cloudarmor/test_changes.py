"""The audit log: who changed load balancers and policies, told once, with what it was done."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base.changes import AuthorKind, Channel, ConfigChange
from connectors.base.errors import SettingsError, VendorAnswerError
from connectors.cloudarmor.changes import Changes
from connectors.cloudarmor.manifest import CloudArmorSettings
from connectors.testkit.asking import exchange
from connectors.testkit.running import Fault
from tests.connectors.cloudarmor.world import PROJECT, SHOP

ACTIVITY = f"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2Factivity"


def told(cloud, cursor: Any = None) -> list[ConfigChange]:
    return [
        change
        for page, _ in Changes(cloud.settings(), cloud.egress).read_changes(cursor or {})
        for change in page
    ]


def audit(method: str, author: str, agent: str, number: int, **payload: Any) -> dict[str, Any]:
    return {
        "insertId": f"audit-{number}",
        "logName": ACTIVITY,
        "protoPayload": {
            "serviceName": "compute.googleapis.com",
            "methodName": method,
            "resourceName": f"projects/{PROJECT}/global/urlMaps/x{number}",
            "authenticationInfo": {"principalEmail": author},
            "requestMetadata": {"callerIp": "198.51.100.1", "callerSuppliedUserAgent": agent},
            "request": {"secret": "never-kept"},
        }
        | payload,
    }


def test_a_rule_that_a_person_adds_is_told_once_as_a_change_of_its_policy(cloud):
    known = {change.ref for change in told(cloud)}
    cloud.add_rule(3100, "deny(404)", preview=True)
    fresh = [change for change in told(cloud) if change.ref not in known]
    assert [(change.action, change.object_ref) for change in fresh] == [
        ("v1.compute.securityPolicies.addRule", SHOP)
    ]
    (change,) = fresh
    assert (change.object_kind, change.object_name, change.succeeded) == ("securityPolicies", "shop", True)
    assert change.author.startswith("customer@")
    assert (change.author_kind, change.channel) == (AuthorKind.SERVICE, Channel.API)
    assert change.source_address == "127.0.0.1"


def test_a_change_that_was_refused_is_told_as_one_that_failed(cloud):
    known = {change.ref for change in told(cloud)}
    narrow = cloud.account(["compute.securityPolicies.get"], "intern")
    token = cloud.token(narrow)
    url = f"{cloud.base}/compute/v1/{SHOP}/removeRule?priority=1000"
    exchange("POST", url, None, {"Authorization": f"Bearer {token}"})
    (change,) = [change for change in told(cloud) if change.ref not in known]
    assert (change.succeeded, change.author.partition("@")[0]) == (False, "intern")
    assert change.evidence["status"]["code"] == 7


@pytest.mark.parametrize(
    ("author", "agent", "kind", "channel"),
    [
        ("jo@acme.example", "Mozilla/5.0 (X11),gzip(gfe)", AuthorKind.PERSON, Channel.CONSOLE),
        (
            "ci@acme.iam.gserviceaccount.com",
            "google-api-go-client Terraform/1.9",
            AuthorKind.SERVICE,
            Channel.AUTOMATION,
        ),
        ("service-1@compute-system.iam.gserviceaccount.com", "", AuthorKind.VENDOR, Channel.UNKNOWN),
        ("12@cloudservices.gserviceaccount.com", "curl/8", AuthorKind.VENDOR, Channel.API),
        ("", "", AuthorKind.UNKNOWN, Channel.UNKNOWN),
    ],
)
def test_who_and_through_what_is_told_from_the_entry(cloud, author, agent, kind, channel):
    number = abs(hash((author, agent))) % 10**6
    cloud.knob(
        "POST", "entries", {"entries": [audit("v1.compute.regionUrlMaps.patch", author, agent, number)]}
    )
    change = next(change for change in told(cloud) if change.object_name == f"x{number}")
    assert (change.author_kind, change.channel) == (kind, channel)
    assert "never-kept" not in str(change)


def test_what_we_do_not_read_is_not_told(cloud):
    entry = audit("v1.compute.instances.insert", "jo@acme.example", "", 424242)
    cloud.knob("POST", "entries", {"entries": [entry]})
    assert not [change for change in told(cloud) if change.object_name == "x424242"]


def test_an_entry_without_its_facts_is_an_error_and_not_skipped(cloud):
    cloud.double.order(Fault(200, "POST entries:list", body={"entries": [{"protoPayload": {}}]}))
    with pytest.raises(VendorAnswerError):
        told(cloud)


def test_a_connection_that_only_takes_pushes_has_no_audit_log(cloud):
    with pytest.raises(SettingsError):
        list(Changes(CloudArmorSettings(), cloud.egress).read_changes({}))
