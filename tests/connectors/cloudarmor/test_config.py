"""Load balancers and Cloud Armor policies as the neutral configuration; what is not read is unknown, never empty."""

from __future__ import annotations

import json

import pytest

from connectors.base.errors import SettingsError
from connectors.base.model import AuthKind, Completeness, Exposure
from connectors.cloudarmor.config import Config, resolve
from connectors.cloudarmor.manifest import CloudArmorSettings
from connectors.cloudarmor.reading import Read
from connectors.cloudarmor.url_maps import entries
from connectors.testkit.running import Fault
from tests.connectors.cloudarmor.world import EVERYTHING, PROJECT, running_cloud

SHOP = f"projects/{PROJECT}/global/urlMaps/shop"


@pytest.fixture
def snapshot(cloud):
    return Config(cloud.settings(), cloud.egress).read_config()


def routes(snapshot, service: str = SHOP):
    return {
        (",".join(route.hosts), " ".join(route.methods), route.path): route
        for route in snapshot.routes
        if route.service_ref == service
    }


def test_every_section_is_complete(snapshot):
    assert {section.completeness for section in snapshot.sections} == {Completeness.COMPLETE}


def test_load_balancers_are_services_and_redirects_alone_are_none(snapshot):
    assert {service.name: service.exposure for service in snapshot.services} == {
        "shop": Exposure.PUBLIC,
        "reports": Exposure.PUBLIC,
    }


def test_host_rules_and_path_matchers_become_routes(snapshot):
    found = routes(snapshot)
    assert set(found) == {
        ("shop.acme.example", "", "/payments"),
        ("shop.acme.example", "", "/payments/{rest+}"),
        ("shop.acme.example", "", "/accounts/{rest+}"),
        ("shop.acme.example", "", "/"),
        ("partners.acme.example", "", "/partners/orders/{order}"),
        ("partners.acme.example", "GET", "/partners/stock"),
        ("partners.acme.example", "", "/"),
        ("", "", "/"),
    }
    default = found["shop.acme.example", "", "/"]
    assert (default.catch_all, default.prefix) == (True, True)
    assert found["shop.acme.example", "", "/payments"].prefix is False
    assert found["shop.acme.example", "", "/payments"].upstream_ref.endswith("/backendServices/payments")


def test_plain_http_is_seen_where_it_is_served(snapshot):
    protocols = {route.service_ref.rpartition("/")[2]: route.protocols for route in snapshot.routes}
    assert protocols == {"shop": ("https", "http"), "reports": ("https",)}


def test_each_backend_is_a_stage_with_its_logging_and_its_policy(snapshot):
    stages = {stage.name: stage for stage in snapshot.stages}
    assert stages["catalog"].access_log == f"projects/{PROJECT}/logs/requests"
    assert stages["accounts"].access_log == f"projects/{PROJECT}/logs/requests (10% of requests)"
    assert stages["legacy"].access_log == ""
    assert stages["legacy"].waf_ref == ""
    assert stages["payments"].waf_ref == f"projects/{PROJECT}/global/securityPolicies/shop"
    assert stages["payments"].throttled is False


def test_policies_have_their_rules_in_order_with_what_they_do(snapshot):
    policies = {policy.name: policy for policy in snapshot.waf_policies}
    shop = policies["shop"]
    assert [(rule.name, rule.action, rule.kind) for rule in shop.rules] == [
        ("shop/1000", "allow", "ip_set"),
        ("shop/2000", "block", "managed"),
        ("shop/2100", "count", "managed"),
    ]
    assert shop.default_action == "allow"
    assert shop.evidence["adaptiveProtectionConfig"]["layer7DdosDefenseConfig"]["enable"] is True
    assert {ref.rpartition("@")[2] for ref in shop.attached_to} == {"catalog", "payments", "accounts"}
    assert policies["partners"].default_action == "block"
    assert policies["edge"].writable is False
    assert policies["reports"].scope == "regions/europe-west1"


def test_a_throttle_for_everybody_is_a_rate_limit_of_the_routes(cloud):
    limits = {
        "conformAction": "allow",
        "exceedAction": "deny(429)",
        "rateLimitThreshold": {"count": 600, "intervalSec": 60},
        "enforceOnKey": "IP",
    }
    cloud.add_rule(9000, "throttle", rateLimitOptions=limits)
    snapshot = Config(cloud.settings(), cloud.egress).read_config()
    found = routes(snapshot)["shop.acme.example", "", "/payments"].rate_limits
    assert [(limit.limit, limit.window_seconds, limit.key, limit.source) for limit in found] == [
        (600, 60, "ip", "shop/9000")
    ]
    assert next(stage for stage in snapshot.stages if stage.name == "payments").throttled is True


def test_the_tls_policy_of_each_proxy_is_a_fact(snapshot):
    found = {
        entry.ref.rpartition("/")[2]: entry.value for entry in snapshot.settings if entry.name == "tls_policy"
    }
    assert found["shop-https"]["minTlsVersion"] == "TLS_1_0"
    assert found["shop-https"]["policy"].endswith("/sslPolicies/old")
    assert found["reports-https"]["policy"] == ""


def test_policies_above_the_project_are_unknown_and_say_why(snapshot):
    fact = next(entry for entry in snapshot.settings if entry.name == "organization_security_policies")
    assert fact.value is None
    assert "not read" in fact.evidence["reason"]


def test_values_that_rules_expect_in_headers_are_not_kept(cloud):
    secret = "s3cr3t-of-the-origin"
    text = f"request.headers['x-origin-key'] != '{secret}' && request.path.startsWith('/a')"
    cloud.add_rule(9001, "deny(403)", match={"expr": {"expression": text}}, preview=True)
    snapshot = Config(cloud.settings(), cloud.egress).read_config()
    rule = next(rule for policy in snapshot.waf_policies for rule in policy.rules if rule.priority == 9001)
    assert secret not in str(snapshot)
    assert "x-origin-key" in str(rule.evidence)


@pytest.mark.parametrize(
    ("missing", "unknown", "partial"),
    [
        ("compute.urlMaps.list", {"services", "routes", "stages"}, set()),
        (
            "compute.backendServices.list",
            {"upstreams", "waf_attachments", "waf_logging"},
            {"routes", "stages"},
        ),
        ("compute.securityPolicies.list", {"waf"}, {"routes", "stages"}),
        ("compute.securityPolicies.get", set(), {"waf", "routes", "stages"}),
        ("compute.sslPolicies.list", set(), {"settings"}),
        ("compute.forwardingRules.list", set(), {"services"}),
    ],
)
def test_a_missing_permission_makes_its_sections_unknown_or_partial_and_names_itself(
    cloud, missing, unknown, partial
):
    settings = cloud.settings([name for name in EVERYTHING if name != missing])
    snapshot = Config(settings, cloud.egress).read_config()
    found = {section.name: section for section in snapshot.sections}
    assert {name for name, s in found.items() if s.completeness is Completeness.UNKNOWN} == unknown
    assert {name for name, s in found.items() if s.completeness is Completeness.PARTIAL} == partial
    for name in unknown | partial:
        assert missing in found[name].reason


def test_without_backend_services_logging_and_policy_of_a_stage_are_not_known(cloud):
    settings = cloud.settings([name for name in EVERYTHING if name != "compute.backendServices.list"])
    snapshot = Config(settings, cloud.egress).read_config()
    assert {(stage.access_log, stage.waf_ref, stage.throttled) for stage in snapshot.stages} == {
        (None, None, None)
    }
    assert {policy.attachments_known for policy in snapshot.waf_policies} == {False}
    assert {policy.logging for policy in snapshot.waf_policies} == {None}


def test_without_forwarding_rules_nobody_is_called_private(cloud):
    settings = cloud.settings([name for name in EVERYTHING if name != "compute.forwardingRules.list"])
    snapshot = Config(settings, cloud.egress).read_config()
    assert {service.exposure for service in snapshot.services} == {Exposure.UNKNOWN}


def test_a_region_that_google_cannot_reach_makes_sections_partial(cloud):
    cloud.knob("POST", "unreachable", {"scopes": ["regions/europe-west1"]})
    snapshot = Config(cloud.settings(), cloud.egress).read_config()
    found = {section.name: section for section in snapshot.sections}
    assert found["waf"].completeness is Completeness.PARTIAL
    assert "europe-west1" in found["waf"].reason
    assert "reports" not in {policy.name for policy in snapshot.waf_policies}


def test_lists_are_read_to_their_last_page(cloud):
    for number in range(3):
        cloud.owner("POST", "global/sslPolicies", {"name": f"more{number}", "minTlsVersion": "TLS_1_2"})
    body = {"kind": "compute#sslPolicyAggregatedList", "items": {"global": {}}, "nextPageToken": "made-up"}
    cloud.double.order(Fault(200, "GET aggregated/sslPolicies", body=body, times=1))
    found = {s.name: s for s in Config(cloud.settings(), cloud.egress).read_config().sections}
    assert found["settings"].completeness is Completeness.PARTIAL, "a page that cannot be had is not the end"


def test_pages_of_one_resource_give_the_same_configuration(snapshot):
    with running_cloud("--most-per-page", "1") as other:
        found = Config(other.settings(), other.egress).read_config()
    assert [route.ref for route in found.routes] == [route.ref for route in snapshot.routes]
    assert {policy.ref for policy in found.waf_policies} == {policy.ref for policy in snapshot.waf_policies}
    assert {upstream.ref for upstream in found.upstreams} == {upstream.ref for upstream in snapshot.upstreams}
    assert found.sections == snapshot.sections


def test_a_connection_that_only_takes_pushes_has_unknown_sections(cloud):
    snapshot = Config(CloudArmorSettings(service_account="a@b.example"), cloud.egress).read_config()
    assert {section.completeness for section in snapshot.sections} == {Completeness.UNKNOWN}
    assert "only pushes" in snapshot.sections[0].reason


def test_a_key_that_google_does_not_accept_is_an_error_and_no_snapshot(cloud):
    stranger = cloud.account([], "stranger")
    cloud.account([], "stranger")  # its key is replaced
    settings = cloud.settings().model_copy(
        update={"service_account_key": type(cloud.settings().service_account_key)(json.dumps(stranger))}
    )
    with pytest.raises(SettingsError, match="no access token"):
        Config(settings, cloud.egress).read_config()


def test_identity_aware_proxy_is_the_only_authentication_that_is_declared():
    backend = {"selfLink": "x/v1/projects/p/global/backendServices/b", "name": "b", "iap": {"enabled": True}}
    url_map = {"name": "m", "defaultService": "projects/p/global/backendServices/b"}
    read = Read(
        "projects/p",
        {
            "urlMaps": {"projects/p/global/urlMaps/m": url_map},
            "backendServices": {"projects/p/global/backendServices/b": backend},
        },
    )
    (route,) = resolve(read).routes
    assert [auth.kind for auth in route.auth] == [AuthKind.OIDC]
    assert route.auth_known
    backend["iap"] = {"enabled": False}
    (route,) = resolve(read).routes
    assert (route.auth, route.auth_known) == ((), False)


@pytest.mark.parametrize(
    ("match", "template", "prefix"),
    [
        ({"prefixMatch": "/a/"}, "/a", True),
        ({"prefixMatch": "/"}, "/", True),
        ({"fullPathMatch": "/a/b"}, "/a/b", False),
        ({"pathTemplateMatch": "/a/{x=*}/b/{rest=**}"}, "/a/{x}/b/{rest+}", False),
        ({"pathTemplateMatch": "/a/*/b/**"}, "/a/{part2}/b/{part4+}", False),
        ({"regexMatch": "/v[0-9]+/x"}, "/", True),
        ({"regexMatch": "/api/v1/.*"}, "/api/v1", True),
        ({}, "/", True),
    ],
)
def test_what_a_route_rule_compares_becomes_a_template(match, template, prefix):
    rule = {"priority": 1, "service": "projects/p/global/backendServices/b", "matchRules": [match]}
    url_map = {
        "hostRules": [{"hosts": ["h.example"], "pathMatcher": "m"}],
        "pathMatchers": [{"name": "m", "routeRules": [rule]}],
    }
    (entry,) = entries(url_map)
    assert (entry.path.template, entry.path.prefix) == (template, prefix)


def test_values_of_headers_in_url_maps_are_not_kept():
    added = {"requestHeadersToAdd": [{"headerName": "x-origin-key", "headerValue": "s3cr3t"}]}
    backend = "projects/p/global/backendServices/b"
    weighted = {"weightedBackendServices": [{"backendService": backend, "weight": 1, "headerAction": added}]}
    expected = {"prefixMatch": "/", "headerMatches": [{"headerName": "x-key", "exactMatch": "s3cr3t"}]}
    url_map = {
        "defaultRouteAction": weighted,
        "hostRules": [{"hosts": ["h.example"], "pathMatcher": "m"}],
        "pathMatchers": [
            {
                "name": "m",
                "pathRules": [{"paths": ["/a"], "routeAction": weighted}],
                "routeRules": [
                    {"priority": 1, "matchRules": [expected], "routeAction": weighted, "headerAction": added}
                ],
            }
        ],
    }
    found = list(entries(url_map))
    assert len(found) == 3
    assert "s3cr3t" not in str(found)
    assert "x-key" in str(found)


def test_weighted_backends_are_all_named():
    action = {
        "weightedBackendServices": [
            {"backendService": "projects/p/global/backendServices/a", "weight": 90},
            {"backendService": "projects/p/global/backendServices/b", "weight": 10},
        ]
    }
    (entry,) = entries({"defaultRouteAction": action})
    assert [name.rpartition("/")[2] for name in entry.backends] == ["a", "b"]
