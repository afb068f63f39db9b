"""The account's audit log as changes: who, what, when, through what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.base.changes import AuthorKind, Channel, ConfigChange
from connectors.cloudflare.changes import Changes
from connectors.cloudflare.client import ApiV4
from connectors.cloudflare.config import Config
from connectors.cloudflare.permissions import LOGS
from tests.connectors.cloudflare.conftest import Refused


def read(cloudflare, cursor=None, per_page: int = 500):
    reader = Changes(cloudflare.settings, cloudflare.egress, per_page=per_page)
    found: list[ConfigChange] = []
    reached = cursor or {}
    for page, reached in reader.read_changes(cursor or {}):  # noqa: B007
        found += page
    return found, reached


def newest(cloudflare, kind: str):
    return [entry for entry in read(cloudflare)[0] if entry.object_kind == kind][-1]


def test_a_change_of_a_setting_is_told_with_its_zone_and_author(cloudflare):
    zone = cloudflare.zone()
    cloudflare.send("PATCH", f"/zones/{zone}/settings/min_tls_version", {"value": "1.0"})
    change = newest(cloudflare, "zone_settings")
    assert (change.action, change.object_ref, change.object_name) == ("update", zone, "acme.example")
    assert (change.author, change.author_kind) == ("ada@acme.example", AuthorKind.PERSON)
    assert (change.channel, change.succeeded) == (Channel.CONSOLE, True)
    assert change.source_address == "198.51.100.20"
    assert change.at > datetime.now(UTC) - timedelta(minutes=1)


def test_a_change_of_a_rule_points_at_the_policy_of_the_snapshot(cloudflare):
    cloudflare.put_entry([])
    change = newest(cloudflare, "rulesets")
    policies = {
        policy.ref for policy in Config(cloudflare.settings, cloudflare.egress).read_config().waf_policies
    }
    assert change.object_ref in policies


def test_what_we_wrote_ourselves_is_told_as_ours(cloudflare):
    api = ApiV4(cloudflare.settings, cloudflare.egress)
    api.write(
        "POST",
        f"/zones/{cloudflare.zone()}/logpush/jobs",
        LOGS,
        {"dataset": "dns_logs", "destination_conf": "x"},
    )
    job = cloudflare.send("GET", f"/zones/{cloudflare.zone()}/logpush/jobs")[-1]
    assert newest(cloudflare, "logpush").author_kind is AuthorKind.PORTCULLIS
    cloudflare.send("DELETE", f"/zones/{cloudflare.zone()}/logpush/jobs/{job['id']}")
    assert newest(cloudflare, "logpush").author_kind is AuthorKind.PERSON


def test_an_attempt_that_failed_is_told_as_one(cloudflare):
    with pytest.raises(Refused):
        cloudflare.send("PATCH", f"/zones/{cloudflare.zone()}/settings/ssl", {"value": "nonsense"})
    assert not newest(cloudflare, "zone_settings").succeeded


def test_long_trails_are_read_page_by_page_without_a_gap(cloudflare):
    before = {entry.ref for entry in read(cloudflare)[0]}
    for value in ("on", "off") * 4:
        cloudflare.send("PATCH", f"/zones/{cloudflare.zone()}/settings/always_use_https", {"value": value})
    found, cursor = read(cloudflare, per_page=3)
    assert len({entry.ref for entry in found} - before) == 8
    assert [entry.at for entry in found] == sorted(entry.at for entry in found)
    again, _ = read(cloudflare, cursor)
    assert {entry.ref for entry in again} <= {entry.ref for entry in found}


def test_request_and_response_bodies_are_not_kept(cloudflare):
    cloudflare.put_entry([])
    evidence = newest(cloudflare, "rulesets").evidence
    assert "request" not in evidence["resource"]
    assert "response" not in evidence["resource"]
