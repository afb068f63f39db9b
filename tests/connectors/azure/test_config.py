"""Configuration: what the estate declares, what is not known, and nothing that is secret."""

from __future__ import annotations

import pytest

from connectors.azure.apim_policies import Inbound, authentication, cors, inbound, names, rate_limits
from connectors.azure.config import SECTIONS, Config
from connectors.azure.manifest import AzureSettings
from connectors.azure.waf_policies import redacted
from connectors.base.errors import VendorAnswerError
from connectors.base.model import AuthKind, Completeness, ConfigSnapshot, Exposure
from connectors.testkit.doubles.azure.estate import ENDPOINT_HOST, LEGACY_HOST, SHOP_HOST
from connectors.testkit.running import Fault


@pytest.fixture
def snapshot(azure) -> ConfigSnapshot:
    return Config(azure.settings, azure.egress).read_config()


def end(ref: str) -> str:
    return ref.rpartition("/")[2]


def test_everything_readable_is_read_to_its_last_page_and_called_complete(snapshot):
    assert {section.name for section in snapshot.sections} == set(SECTIONS)
    assert {section.completeness for section in snapshot.sections} == {Completeness.COMPLETE}
    assert len([s for s in snapshot.services if s.kind == "apim_api"]) == 3  # two entries to a page


def test_domains_are_stages_with_the_policy_that_protects_them(snapshot):
    stages = {stage.name: stage for stage in snapshot.stages}
    assert end(stages[SHOP_HOST].waf_ref) == end(stages[ENDPOINT_HOST].waf_ref) == "acmeedge"
    assert stages[LEGACY_HOST].waf_ref == ""
    assert stages[SHOP_HOST].access_log.endswith("acme-logs")
    minimum = {s.value["host"]: s.value["minimum"] for s in snapshot.settings if s.name == "minimum_tls"}
    assert minimum == {SHOP_HOST: "TLS12", LEGACY_HOST: "TLS10"}


def test_routes_of_the_edge_have_hosts_protocols_and_the_origin_they_reach(snapshot):
    routes = {route.path: route for route in snapshot.routes if "/afdendpoints/" in route.ref}
    assert set(routes) == {"/payments", "/catalog", "/"}
    assert routes["/payments"].prefix
    assert set(routes["/payments"].hosts) == {SHOP_HOST, LEGACY_HOST, ENDPOINT_HOST}
    assert routes["/"].catch_all
    assert not routes["/payments"].auth_known  # the edge asks nobody for anything
    urls = {
        route.path: upstream.url
        for route in routes.values()
        for upstream in snapshot.upstreams
        if upstream.ref == route.upstream_ref
    }
    assert urls["/payments"] == "https://shop.internal.acme.example"
    assert urls["/catalog"] == "http://catalog.internal.acme.example"


def test_the_gateways_most_specific_policy_protects(snapshot):
    policies = {policy.name: policy for policy in snapshot.waf_policies}
    assert [end(ref) for ref in policies["acme-gw-waf"].attached_to] == ["partners", "tools"]
    assert [end(ref) for ref in policies["acme-gw-reports"].attached_to] == ["reports"]
    gateway = next(service for service in snapshot.services if service.kind == "application_gateway")
    assert gateway.exposure is Exposure.PUBLIC
    protocols = {route.path: route.protocols for route in snapshot.routes if "/urlpathmaps/" in route.ref}
    assert protocols == {"/reports": ("https",), "/orders": ("https",)}


def test_policies_tell_rules_in_order_mode_and_logging(snapshot):
    policies = {policy.name: policy for policy in snapshot.waf_policies}
    edge = policies["acmeEdge"]
    assert [(rule.name, rule.action, rule.kind) for rule in edge.rules] == [
        ("AllowMonitoring", "allow", "ip_set"),
        ("LimitSignIn", "block", "rate"),
        ("Microsoft_DefaultRuleSet 2.1", "block", "managed"),
        ("Microsoft_BotManagerRuleSet 1.1", "block", "managed"),
    ]
    assert edge.logging is True
    assert policies["acme-gw-waf"].logging is False  # the firewall's category is off
    assert policies["acmeTest"].attached_to == ()
    assert policies["acmeTest"].logging is None


def test_a_policy_in_detection_mode_counts(azure):
    policy = azure.policy()
    policy["properties"]["policySettings"]["mode"] = "Detection"
    azure.replace(policy)
    snapshot = Config(azure.settings, azure.egress).read_config()
    rules = next(policy for policy in snapshot.waf_policies if policy.name == "acmeEdge").rules
    assert [rule.action for rule in rules] == ["allow", "count", "count", "count"]


def test_operations_have_what_key_and_policies_ask(snapshot):
    routes = {f"{route.path}": route for route in snapshot.routes if "/operations/" in route.ref}
    orders = routes["/orders/{orderId}"]
    assert [auth.kind for auth in orders.auth] == [AuthKind.API_KEY, AuthKind.JWT]
    assert orders.auth[1].details["audiences"] == ["api://orders"]
    assert [(limit.limit, limit.window_seconds, limit.key) for limit in orders.rate_limits] == [
        (100, 60, "ip")
    ]
    assert [auth.kind for auth in routes["/ping"].auth] == [
        AuthKind.API_KEY
    ]  # its policy leaves the base out
    assert routes["/{sku}"].cors.origins == ("*",)
    assert routes["/"].auth == ()
    assert routes["/"].auth_known


def test_subscriptions_are_consumers_of_the_apis_their_product_opens(snapshot):
    found = {consumer.name: [end(ref) for ref in consumer.service_refs] for consumer in snapshot.consumers}
    assert found == {"partner-globex": ["orders", "stock"], "partner-initech": ["orders", "stock"]}


def test_an_api_whose_policies_cannot_be_read_has_unknown_authentication(azure):
    azure.double.order(Fault(500, "GET Microsoft.ApiManagement/service/apis/policies", "arm", body="no"))
    snapshot = Config(azure.settings, azure.egress).read_config()
    assert snapshot.completeness("authorizers") is Completeness.PARTIAL
    routes = [route for route in snapshot.routes if "/operations/" in route.ref]
    assert routes
    assert not any(route.auth_known for route in routes)


def test_without_security_policies_what_protects_a_domain_is_not_known(azure):
    azure.double.order(Fault(500, "GET Microsoft.Cdn/profiles/securitypolicies", "arm", body="no"))
    snapshot = Config(azure.settings, azure.egress).read_config()
    assert snapshot.completeness("waf_attachments") is not Completeness.COMPLETE
    assert {stage.waf_ref for stage in snapshot.stages if "/profiles/" in stage.ref} == {None}


def test_without_an_application_everything_is_unknown_and_nothing_fails(azure):
    snapshot = Config(AzureSettings(), azure.egress).read_config()
    assert {section.completeness for section in snapshot.sections} == {Completeness.UNKNOWN}


@pytest.mark.parametrize("missing", ["tenant_id", "client_id", "client_secret", "subscriptions"])
def test_an_application_is_given_whole_or_not_at_all(azure, missing):
    with pytest.raises(ValueError, match="together"):
        azure.settings_with(
            **{missing: [] if missing == "subscriptions" else None if missing == "client_secret" else ""}
        )


def test_a_refused_sign_in_names_the_reason_and_not_the_secret(azure):
    settings = azure.settings_with(client_secret="wr0ng-secret")
    snapshot = Config(settings, azure.egress).read_config()
    reasons = " ".join(section.reason for section in snapshot.sections)
    assert "AADSTS7000215" in reasons
    assert "wr0ng-secret" not in reasons
    assert {section.completeness for section in snapshot.sections} == {Completeness.UNKNOWN}


def test_a_token_is_asked_for_once_and_anew_when_it_is_refused(azure):
    azure.ask("POST", "/_double/tokens", {"lifetime": 3599})
    Config(azure.settings, azure.egress).read_config()  # the kept one is refused and replaced
    before = azure.ask("GET", "/_double/tokens")[1]["issued"]
    Config(azure.settings, azure.egress).read_config()
    assert azure.ask("GET", "/_double/tokens")[1]["issued"] == before
    azure.ask("POST", "/_double/tokens", {"lifetime": 3599})
    assert (
        Config(azure.settings, azure.egress).read_config().completeness("services") is Completeness.COMPLETE
    )
    assert azure.ask("GET", "/_double/tokens")[1]["issued"] == before + 1
    azure.forget()


def test_values_a_rule_expects_in_secret_headers_are_not_kept():
    rule = {
        "matchConditions": [
            {"matchVariable": "RequestHeader", "selector": "X-Origin-Key", "matchValue": ["s3cr3t"]}
        ]
    }
    assert "s3cr3t" not in str(redacted(rule))
    shown = {
        "matchConditions": [
            {"matchVariable": "RequestHeader", "selector": "User-Agent", "matchValue": ["nikto"]}
        ]
    }
    assert "nikto" in str(redacted(shown))


def test_policies_are_inherited_where_the_base_is_and_only_there():
    around = inbound(
        "<policies><inbound><cors><allowed-origins><origin>https://a</origin></allowed-origins></cors></inbound></policies>",
        Inbound(),
    )
    both = inbound(
        '<policies><inbound><base /><rate-limit calls="5" renewal-period="10" /></inbound></policies>', around
    )
    alone = inbound("<policies><inbound><validate-azure-ad-token /></inbound></policies>", around)
    assert names(both) == ["cors", "rate-limit"]
    inherited = cors(both)
    assert inherited is not None
    assert inherited.origins == ("https://a",)
    assert [(limit.limit, limit.key) for limit in rate_limits(both)] == [(5, "subscription")]
    assert [auth.kind for auth in authentication(alone)] == [AuthKind.OIDC]
    assert cors(alone) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<policies>",
        "no xml",
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><policies>&b;</policies',
    ],
)
def test_a_policy_that_is_no_xml_is_said_and_never_taken_for_none(text):
    with pytest.raises(VendorAnswerError):
        inbound(text, Inbound())


def test_ids_are_checked_in_words(azure):
    with pytest.raises(ValueError, match="00000000-0000"):
        azure.settings_with(tenant_id="acme.onmicrosoft.com")
