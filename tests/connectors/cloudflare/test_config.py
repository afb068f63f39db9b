"""The sample company's account as a neutral snapshot, and what is said of what could not be read."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from connectors.base.capabilities import Grant
from connectors.base.errors import SettingsError
from connectors.base.model import AuthKind, Completeness, ConfigSnapshot
from connectors.cloudflare.access import Access
from connectors.cloudflare.calls import Calls
from connectors.cloudflare.changes import Changes
from connectors.cloudflare.config import Config
from connectors.cloudflare.manifest import CloudflareSettings
from connectors.testkit.running import Fault, local_egress
from tests.connectors.cloudflare.conftest import RATE


def read(cloudflare, *zones: str) -> ConfigSnapshot:
    settings = cloudflare.settings.model_copy(update={"zones": list(zones or ["acme.example"])})
    return Config(settings, cloudflare.egress).read_config()


def facts(snapshot: ConfigSnapshot) -> dict[str, object]:
    return {entry.name: entry.value for entry in snapshot.settings}


def route(snapshot: ConfigSnapshot, method: str, path: str):
    (found,) = [r for r in snapshot.routes if (r.methods, r.path) == ((method,), path)]
    return found


def test_a_zone_is_a_service_with_the_hosts_that_pass_cloudflare(cloudflare):
    snapshot = read(cloudflare)
    (service,), (stage,) = snapshot.services, snapshot.stages
    assert (service.name, service.kind) == ("acme.example", "cloudflare_zone")
    assert service.hosts == ("api.acme.example", "partners.acme.example", "shop.acme.example")
    assert (stage.service_ref, stage.waf_ref) == (service.ref, snapshot.waf_policies[0].ref)
    assert {section.completeness for section in snapshot.sections} == {Completeness.COMPLETE}


def test_a_host_that_is_not_proxied_is_a_fact(cloudflare):
    unproxied = [entry for entry in read(cloudflare).settings if entry.name == "dns.unproxied"]
    assert [entry.value for entry in unproxied] == ["legacy-api.acme.example"]
    assert unproxied[0].evidence["content"] == "192.0.2.44"


def test_saved_operations_are_routes_and_discovered_ones_are_not(cloudflare):
    snapshot = read(cloudflare)
    assert len(snapshot.routes) == 14
    found = route(snapshot, "GET", "/payments/{var1}")
    assert found.hosts == ("shop.acme.example",)
    (origin,) = [entry for entry in snapshot.upstreams if entry.ref == found.upstream_ref]
    assert origin.url == "https://192.0.2.10"
    assert not [entry for entry in snapshot.routes if "metrics" in entry.path]
    assert facts(snapshot)["discovered_operations"] == 2


def test_jwt_validation_says_who_has_to_show_a_token(cloudflare):
    snapshot = read(cloudflare)
    (enforced,) = route(snapshot, "GET", "/payments/{var1}").auth
    assert (enforced.kind, enforced.location, enforced.optional) == (AuthKind.JWT, "header", False)
    (logged,) = route(snapshot, "GET", "/orders").auth
    assert (logged.kind, logged.optional) == (AuthKind.JWT, True)
    excluded = route(snapshot, "POST", "/accounts/login")
    assert (excluded.auth, excluded.auth_known) == ((), False)


def test_client_certificates_count_only_where_a_rule_demands_them(cloudflare):
    (asked,) = route(read(cloudflare), "GET", "/partners/orders").auth
    assert (asked.kind, asked.location, asked.optional) == (AuthKind.MTLS, "tls", True)
    rules = cloudflare.entry()["rules"]
    rule = {
        "action": "block",
        "expression": '(http.host eq "partners.acme.example" and not cf.tls_client_auth.cert_verified)',
    }
    path = f"/zones/{cloudflare.zone()}/rulesets/{cloudflare.entry()['id']}/rules"
    cloudflare.send("POST", path, rule)
    (demanded,) = route(read(cloudflare), "GET", "/partners/orders").auth
    assert not demanded.optional
    assert len(cloudflare.entry()["rules"]) == len(rules) + 1


def test_a_schema_validates_only_when_it_blocks(cloudflare):
    snapshot = read(cloudflare)
    assert route(snapshot, "POST", "/payments").validated is True
    assert route(snapshot, "POST", "/orders").validated is False  # it only logs
    assert route(snapshot, "GET", "/orders").validated is False  # it has no schema


def test_rules_are_told_in_the_order_requests_meet_them(cloudflare):
    (policy,) = read(cloudflare).waf_policies
    assert [(rule.priority, rule.action, rule.kind) for rule in policy.rules] == [
        (1, "allow", "ip_set"),
        (2, "count", "managed"),
    ]
    assert policy.evidence["rules_switched_off"] == 2
    assert policy.logging is False


def test_a_rate_rule_throttles_the_stage(cloudflare):
    assert read(cloudflare).stages[0].throttled is False
    rate = {
        "characteristics": ["ip.src", "cf.colo.id"],
        "period": 60,
        "requests_per_period": 50,
        "mitigation_timeout": 60,
    }
    cloudflare.put_entry([{"action": "block", "expression": "(ssl)", "ratelimit": rate}], RATE)
    snapshot = read(cloudflare)
    assert snapshot.stages[0].throttled is True
    assert [rule.kind for rule in snapshot.waf_policies[0].rules] == ["ip_set", "rate", "managed"]


def test_settings_are_facts_of_their_zone(cloudflare):
    known = facts(read(cloudflare, "acme-labs.example"))
    assert (known["development_mode"], known["ssl"], known["min_tls_version"]) == ("on", "flexible", "1.0")


def test_no_secret_leaves_cloudflare(cloudflare):
    secret = {
        "action": "block",
        "expression": 'not any(http.request.headers["x-origin"][*] eq "hunter2hunter2")',
    }
    cloudflare.send("POST", f"/zones/{cloudflare.zone()}/rulesets/{cloudflare.entry()['id']}/rules", secret)
    whole = json.dumps(asdict(read(cloudflare)), default=str)
    assert "s3cr3t-of-acme" not in whole  # a Logpush destination's key
    assert "hunter2hunter2" not in whole  # what a rule compares a header with
    assert "x-origin" in whole
    assert "HS256" not in whole
    assert "s3://acme-logs/cloudflare" in whole


@pytest.mark.parametrize(
    ("mode", "scheme", "verified"),
    [("off", "http", None), ("flexible", "http", None), ("full", "https", False), ("strict", "https", True)],
)
def test_the_ssl_mode_says_how_origins_are_called(cloudflare, mode, scheme, verified):
    zone = cloudflare.new_zone(f"{mode}.example", "pro")
    record = {"type": "AAAA", "name": f"api.{mode}.example", "content": "2001:db8::9", "proxied": True}
    cloudflare.send("POST", f"/zones/{zone}/dns_records", record)
    cloudflare.send("PATCH", f"/zones/{zone}/settings/ssl", {"value": mode})
    (origin,) = read(cloudflare, f"{mode}.example").upstreams
    assert (origin.url, origin.tls_verified) == (f"{scheme}://[2001:db8::9]", verified)


def test_a_plan_without_api_shield_makes_routes_unknown_and_never_empty(cloudflare):
    snapshot = read(cloudflare, "acme-labs.example")
    assert snapshot.routes == ()
    for name in ("routes", "auth", "waf_logging"):
        assert snapshot.completeness(name) is Completeness.UNKNOWN
    (section,) = [entry for entry in snapshot.sections if entry.name == "routes"]
    assert "API Shield" in section.reason
    both = read(cloudflare, "acme.example", "acme-labs.example")
    assert both.completeness("routes") is Completeness.PARTIAL


def test_a_zone_without_any_rule_has_an_empty_policy(cloudflare):
    cloudflare.new_zone("bare.example", "pro")
    snapshot = read(cloudflare, "bare.example")
    assert snapshot.waf_policies[0].rules == ()
    assert snapshot.completeness("waf") is Completeness.COMPLETE


def test_a_zone_the_token_does_not_see_is_said(cloudflare):
    snapshot = read(cloudflare, "acme.example", "elsewhere.example")
    assert len(snapshot.services) == 1
    (section,) = [entry for entry in snapshot.sections if entry.name == "services"]
    assert section.completeness is Completeness.PARTIAL
    assert "elsewhere.example" in section.reason


def test_every_page_is_read(cloudflare):
    zone = cloudflare.new_zone("large.example", "enterprise")
    for start in (0, 60):
        body = [
            {"method": "GET", "host": "api.large.example", "endpoint": f"/things/{number}"}
            for number in range(start, start + 60)
        ]
        cloudflare.send("POST", f"/zones/{zone}/api_gateway/operations", body)
    assert len(read(cloudflare, "large.example").routes) == 120


def test_a_page_that_fails_in_the_middle_makes_the_section_unknown(cloudflare):
    half = {
        "success": True,
        "errors": [],
        "messages": [],
        "result": [],
        "result_info": {"page": 1, "per_page": 50, "total_count": 120},
    }
    cloudflare.double.order(Fault(200, "GET /zones/*/api_gateway/operations", body=half))
    snapshot = read(cloudflare)
    assert snapshot.completeness("routes") is Completeness.UNKNOWN
    assert snapshot.completeness("services") is Completeness.COMPLETE


def test_a_paused_zone_has_nothing_in_force(cloudflare):
    zone = cloudflare.new_zone("paused.example", "enterprise")
    cloudflare.send("PATCH", f"/zones/{zone}", {"paused": True})
    (stage,) = read(cloudflare, "paused.example").stages
    assert (stage.waf_ref, stage.throttled) == ("", False)


def test_a_connection_that_only_receives_knows_nothing_and_says_so():
    egress = local_egress(1)
    snapshot = Config(CloudflareSettings(), egress).read_config()
    assert snapshot.services == ()
    assert {section.completeness for section in snapshot.sections} == {Completeness.UNKNOWN}
    rows = Access(CloudflareSettings(), egress).check()
    assert {(row.grant, row.detail) for row in rows} == {(Grant.UNKNOWN, rows[0].detail)}
    assert "only receives" in rows[0].detail
    with pytest.raises(SettingsError):
        list(Changes(CloudflareSettings(), egress).read_changes({}))
    assert list(Calls(CloudflareSettings(), egress).read_calls({}, None)) == []


@pytest.mark.parametrize("settings", [{"api_token": "t"}, {"account_id": "short"}, {"api_url": "ftp://x"}])
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(ValueError):
        CloudflareSettings(**settings)
