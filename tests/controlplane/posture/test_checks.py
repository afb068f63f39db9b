"""Every check fails on the weakness, passes without it, and calls what was not read unknown."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from connectors.base.model import (
    Auth,
    AuthKind,
    ConfigSnapshot,
    Cors,
    Exposure,
    RateLimit,
    WafRule,
)
from controlplane.findings.types import CheckResult, Verdict
from controlplane.posture.registry import all_checks, checks_for, evaluate_all
from controlplane.posture.types import EndpointFacts, Facts
from tests.factories.posture import (
    JWT,
    KEY,
    endpoint,
    front,
    route,
    service,
    setting,
    snapshot,
    stage,
    upstream,
    waf,
)

SENSITIVE = frozenset({"email"})
BASIC = Auth(AuthKind.BASIC, source="plugin basic-auth", details={"hide_credentials": False})
OPTIONAL = Auth(AuthKind.JWT, optional=True, source="plugin jwt", details={"anonymous": "guest"})
ENDLESS = Auth(AuthKind.JWT, source="plugin jwt", details={"claims_to_verify": []})
IN_QUERY = Auth(AuthKind.API_KEY, source="plugin key-auth", details={"key_in_query": True})
UNREAD_AUTH = route(auth=(), auth_known=False)
REDACTED = {"RedactedFields": [{"SingleHeader": {"Name": name}} for name in ("authorization", "cookie")]}
MANAGED = WafRule("common", 10, "none", "managed")


@dataclass(frozen=True)
class Case:
    """Three inputs of a check, each a snapshot or an endpoint, and the section it cannot do without."""

    fails: ConfigSnapshot | EndpointFacts
    passes: ConfigSnapshot | EndpointFacts
    unknown: ConfigSnapshot | EndpointFacts
    section: str = ""


def kong(**parts: Any) -> ConfigSnapshot:
    return snapshot("kong", **parts)


def aws(**parts: Any) -> ConfigSnapshot:
    return snapshot("aws", **parts)


def cloudflare(**parts: Any) -> ConfigSnapshot:
    return snapshot("cloudflare", **parts)


def zone(name: str, value: str) -> ConfigSnapshot:
    return cloudflare(services=service(), settings=replace(setting(name, value), ref=f"zone:svc:{name}"))


def unproxied(host: str) -> ConfigSnapshot:
    return cloudflare(settings=replace(setting("dns.unproxied", host), ref="dns:1"))


def proxied(**changes: Any) -> ConfigSnapshot:
    return kong(routes=route(upstream_ref="svc", **changes), upstreams=upstream(url="http://127.0.0.1:8001"))


def bypassed(enabled: bool | None) -> ConfigSnapshot:
    exposed = service(default_host="a1.execute-api.example", default_host_enabled=enabled)
    return aws(services=exposed, stages=stage())


SLIP = {
    "revision": "3",
    "rule": "CC006",
    "meaning": "It never runs.",
    "document": "proxies/default.xml",
    "line": 4,
}


def linted(slips: Any) -> ConfigSnapshot:
    told = replace(
        setting("apigeelint", slips), ref="svc#apigeelint", evidence={"reason": "It is not there."}
    )
    return snapshot("apigee", services=service(), settings=told)


def balancer(attributes: dict[str, str] | None) -> ConfigSnapshot:
    """A load balancer with a web ACL and these attributes."""
    guarded = stage(evidence={"attributes": attributes})
    return aws(services=service(kind="load_balancer"), stages=guarded)


def tls(minimum: str | None, ref: str = "arn:listener/1") -> ConfigSnapshot:
    """A place of AWS that accepts this TLS version at least."""
    value = {"place": "load balancer web", "host": "web", "policy": "P", "minimum": minimum}
    return aws(settings=replace(setting("minimum_tls", value), ref=ref))


CASES = {
    "admin_api_exposed": Case(
        kong(settings=setting("admin_listen", ["0.0.0.0:8001"])),
        kong(settings=setting("admin_listen", ["127.0.0.1:8001"])),
        kong(),
        "settings",
    ),
    "admin_api_proxied": Case(
        proxied(auth=()), proxied(auth=(KEY,)), proxied(auth=(), auth_known=False), "services"
    ),
    "api_key_only": Case(kong(routes=route(auth=(KEY,))), kong(routes=route()), kong(routes=UNREAD_AUTH), "routes"),
    "auth_optional": Case(
        kong(routes=route(auth=(OPTIONAL,))), kong(routes=route()), kong(routes=UNREAD_AUTH), "plugins"
    ),
    "balancer_invalid_headers": Case(
        balancer({"routing.http.drop_invalid_header_fields.enabled": "false"}),
        balancer({"routing.http.drop_invalid_header_fields.enabled": "true"}),
        balancer(None),
        "load_balancers",
    ),
    "basic_auth": Case(kong(routes=route(auth=(BASIC,))), kong(routes=route()), kong(routes=UNREAD_AUTH), "routes"),
    "bundle_lint": Case(linted([SLIP]), linted([]), linted(None), "settings"),
    "catch_all_route": Case(
        kong(routes=route(catch_all=True, path="/")), kong(routes=route()), kong(unread="routes"), "routes"
    ),
    "cors_wildcard": Case(
        kong(routes=route(cors=Cors(("*",), credentials=True))),
        kong(routes=route(cors=Cors(("https://app.acme.example",)))),
        kong(unread="routes"),
        "routes",
    ),
    "credentials_passed_upstream": Case(
        kong(routes=route(auth=(BASIC,))), kong(routes=route(auth=(KEY,))), kong(routes=UNREAD_AUTH), "plugins"
    ),
    "declared_auth_not_enforced": Case(
        endpoint(anonymous=5, anonymous_success=5), endpoint(), endpoint(authenticated=0, calls=0), "routes"
    ),
    "declared_open_but_authenticated": Case(
        endpoint(auth_declared=()), endpoint(auth_declared=(), anonymous=3), kong(unread="routes"), "routes"
    ),
    "default_host_bypass": Case(bypassed(True), bypassed(False), bypassed(None), "services"),
    "edge_development_mode": Case(
        zone("development_mode", "on"), zone("development_mode", "off"), cloudflare(services=service()), "settings"
    ),
    "edge_old_tls": Case(
        zone("min_tls_version", "1.1"), zone("min_tls_version", "1.2"), cloudflare(services=service()), "settings"
    ),
    "edge_plain_http": Case(
        zone("always_use_https", "off"), zone("always_use_https", "on"), cloudflare(services=service()), "settings"
    ),
    "host_past_edge": Case(
        unproxied("legacy-api.acme.example"), cloudflare(services=service()), cloudflare(unread="dns"), "dns"
    ),
    "http_without_redirect": Case(
        kong(routes=route(protocols=("http",))), kong(routes=route()), kong(unread="routes"), "routes"
    ),
    "jwt_without_expiry": Case(
        kong(routes=route(auth=(ENDLESS,))), kong(routes=route()), kong(routes=UNREAD_AUTH), "plugins"
    ),
    "key_in_query": Case(
        kong(routes=route(auth=(IN_QUERY,))), kong(routes=route(auth=(KEY,))), kong(routes=UNREAD_AUTH), "routes"
    ),
    "no_access_log": Case(
        aws(stages=stage(access_log="")), aws(stages=stage()), aws(stages=stage(access_log=None)), "stages"
    ),
    "no_rate_limit": Case(
        aws(stages=stage(throttled=False)), aws(stages=stage()), aws(stages=stage(throttled=None)), "stages"
    ),
    "no_request_validation": Case(
        aws(routes=route(methods=("POST",), validated=False)),
        aws(routes=route(methods=("POST",), validated=True)),
        aws(unread="routes"),
        "routes",
    ),
    "route_without_auth": Case(kong(routes=route(auth=())), kong(routes=route()), kong(routes=UNREAD_AUTH), "routes"),
    "sensitive_data_open": Case(
        endpoint(data_classes=("email",), anonymous=2, anonymous_success=2),
        endpoint(data_classes=("email",)),
        endpoint(data_classes=("email",), auth_known=False, authenticated=0),
        "routes",
    ),
    "shadow_endpoint": Case(endpoint(state="shadow"), endpoint(), endpoint(state="unknown"), "routes"),
    "stage_without_waf": Case(
        aws(services=service(), stages=stage(waf_ref="")),
        aws(services=service(), stages=stage()),
        aws(services=service(), stages=stage(waf_ref=None)),
        "waf",
    ),
    "trusted_ips_everywhere": Case(
        kong(settings=setting("trusted_ips", ["0.0.0.0/0", "::/0"])),
        kong(settings=setting("trusted_ips", ["10.0.0.0/8"])),
        kong(),
        "settings",
    ),
    "upstream_plain_http": Case(
        aws(upstreams=upstream(url="http://orders.internal")), aws(upstreams=upstream()), aws(unread="upstreams"),
        "upstreams",
    ),
    "upstream_tls_not_verified": Case(
        aws(upstreams=upstream(tls_verified=False)), aws(upstreams=upstream()),
        aws(upstreams=upstream(tls_verified=None)), "upstreams",
    ),
    "waf_allow_before_managed": Case(
        aws(waf_policies=waf(rules=(WafRule("partners", 1, "allow", "ip_set"), MANAGED))),
        aws(waf_policies=waf(rules=(MANAGED, WafRule("partners", 20, "allow", "ip_set")))),
        aws(unread="waf"),
        "waf",
    ),
    "waf_count_only": Case(
        aws(waf_policies=waf(rules=(WafRule("common", 10, "count", "managed"),))),
        aws(waf_policies=waf(rules=(MANAGED,))),
        aws(unread="waf"),
        "waf",
    ),
    "waf_default_allow_without_rules": Case(
        aws(waf_policies=waf(rules=(WafRule("portcullis", 0, "block", "group", ours=True),))),
        aws(waf_policies=waf(rules=(MANAGED,))),
        aws(unread="waf"),
        "waf",
    ),
    "waf_fail_open": Case(
        balancer({"waf.fail_open.enabled": "true"}),
        balancer({"waf.fail_open.enabled": "false"}),
        balancer(None),
        "load_balancers",
    ),
    "waf_log_redaction_missing": Case(
        aws(waf_policies=waf(evidence={"LoggingConfiguration": {"RedactedFields": []}})),
        aws(waf_policies=waf(evidence={"LoggingConfiguration": REDACTED})),
        aws(waf_policies=waf(logging=None)),
        "waf_logging",
    ),
    "waf_without_logging": Case(
        aws(waf_policies=waf(logging=False)), aws(waf_policies=waf()), aws(waf_policies=waf(logging=None)),
        "waf_logging",
    ),
    "waf_without_managed_rules": Case(
        cloudflare(waf_policies=waf(rules=(WafRule("own", 1, "block", "match"),))),
        cloudflare(waf_policies=waf(rules=(MANAGED,))),
        cloudflare(unread="waf"),
        "waf",
    ),
    "waf_without_rate_rule": Case(
        aws(waf_policies=waf(rules=(MANAGED,))),
        aws(waf_policies=waf(rules=(WafRule("rate", 5, "block", "rate"),))),
        aws(unread="waf"),
        "waf",
    ),
    "zombie_endpoint": Case(endpoint(state="zombie"), endpoint(), endpoint(state="unknown")),
}  # fmt: skip


def judged(check_id: str, given: ConfigSnapshot | EndpointFacts) -> list[CheckResult]:
    """What one check makes of a snapshot, or of an endpoint beside an empty one."""
    if isinstance(given, EndpointFacts):
        facts = Facts((given,), traffic_seen=True, sensitive_classes=SENSITIVE)
        return all_checks()[check_id].evaluate(snapshot(), facts)
    facts = Facts(traffic_seen=True, sensitive_classes=SENSITIVE)
    return all_checks()[check_id].evaluate(given, facts)


def test_every_check_has_its_three_cases() -> None:
    assert set(CASES) == set(all_checks())


@pytest.mark.parametrize("check_id", CASES)
def test_the_weakness_is_found_with_proof_and_repair(check_id: str) -> None:
    (found,) = judged(check_id, CASES[check_id].fails)
    assert found.verdict is Verdict.FAIL
    assert found.check == check_id
    assert found.sentence.endswith(".")
    assert found.evidence
    assert found.fix
    assert all(fix.body.strip() for fix in found.fix)


@pytest.mark.parametrize("check_id", CASES)
def test_without_the_weakness_it_passes(check_id: str) -> None:
    assert {result.verdict for result in judged(check_id, CASES[check_id].passes)} == {Verdict.PASS}


@pytest.mark.parametrize("check_id", CASES)
@pytest.mark.asvs("16.5.3")
def test_what_cannot_be_told_is_unknown_and_never_a_pass(check_id: str) -> None:
    results = judged(check_id, CASES[check_id].unknown)
    assert {result.verdict for result in results} == {Verdict.UNKNOWN}
    assert all(result.sentence for result in results)


@pytest.mark.parametrize("check_id", [name for name, case in CASES.items() if case.section])
def test_a_section_that_was_not_read_is_reported_by_its_checks(check_id: str) -> None:
    card = all_checks()[check_id].card
    vendor = card.vendors[0] if card.vendors else "aws"
    results = judged(check_id, snapshot(vendor, unread=CASES[check_id].section))
    assert any(result.is_blind and "access denied" in result.sentence for result in results)


@pytest.mark.parametrize("vendor", ["aws", "kong"])
@pytest.mark.asvs("16.5.3")
def test_an_unread_estate_has_no_pass_and_no_failure(vendor: str) -> None:
    nothing = ConfigSnapshot(vendor, "gw", "gateway")
    assert {result.verdict for result in evaluate_all(nothing, Facts())} == {Verdict.UNKNOWN}


def test_checks_of_another_vendor_do_not_run() -> None:
    ran = {check.card.id for check in checks_for("aws")}
    assert "admin_api_exposed" not in ran
    assert "waf_without_rate_rule" in ran


@pytest.mark.parametrize("check_id", CASES)
def test_the_catalogue_says_what_and_why(check_id: str) -> None:
    card = all_checks()[check_id].card
    assert card.title
    assert card.why.endswith(".")
    assert card.references


def test_a_route_that_only_answers_pre_flight_requests_needs_no_authentication() -> None:
    assert judged("route_without_auth", kong(routes=route(methods=("OPTIONS",), auth=()))) == []


def test_kong_routes_are_judged_by_their_own_rate_limits() -> None:
    limited = kong(routes=route(rate_limits=(RateLimit(600, 60, "ip"),)))
    assert [r.verdict for r in judged("no_rate_limit", limited)] == [Verdict.PASS]
    assert [r.verdict for r in judged("no_rate_limit", kong(routes=route()))] == [Verdict.FAIL]


def test_a_private_service_needs_no_web_acl() -> None:
    private = aws(services=service(exposure=Exposure.PRIVATE), stages=stage(waf_ref=""))
    assert judged("stage_without_waf", private) == []


def test_a_finding_keeps_its_identity_when_wording_and_evidence_change() -> None:
    (one,) = judged("route_without_auth", kong(routes=route(auth=())))
    (other,) = judged("route_without_auth", kong(routes=route(auth=(), path="/orders/v2", evidence={})))
    assert one.fingerprint("con_1") == other.fingerprint("con_1") != one.fingerprint("con_2")


def test_repairs_name_the_resource_at_hand() -> None:
    (found,) = judged("jwt_without_expiry", kong(routes=route(auth=(ENDLESS,))))
    assert "name: orders" in found.fix[0].body
    assert JWT.details["claims_to_verify"] == ["exp"]


def test_repairs_of_a_google_cloud_estate_are_google_clouds() -> None:
    estate = snapshot(
        "gcp",
        stages=stage(access_log="", throttled=False, waf_ref=""),
        upstreams=(upstream(url="http://web"), upstream(url="https://web", tls_verified=False)),
        waf_policies=(
            waf(logging=False),
            waf(rules=(WafRule("shop/1000", 1000, "count", "managed"),), logging=True),
        ),
    )
    failed = [result for result in evaluate_all(estate, Facts()) if result.verdict is Verdict.FAIL]
    assert {result.check for result in failed} >= {
        "no_access_log",
        "no_rate_limit",
        "stage_without_waf",
        "upstream_plain_http",
        "upstream_tls_not_verified",
        "waf_count_only",
        "waf_default_allow_without_rules",
        "waf_without_logging",
    }
    repairs = [fix for result in failed for fix in result.fix]
    assert {fix.tool for fix in repairs} <= {"cli", "console"}
    assert not [fix.body for fix in repairs if "aws" in fix.body.lower() or "web ACL" in fix.body]


def test_whether_a_policy_is_attached_in_google_cloud_may_be_unknown() -> None:
    (found,) = judged("stage_without_waf", snapshot("gcp", stages=stage(waf_ref=None)))
    assert found.verdict is Verdict.UNKNOWN


CLOUDFLARE_FAILS = (
    ("no_access_log", cloudflare(services=service(), stages=stage(access_log=""))),
    ("no_rate_limit", cloudflare(services=service(), stages=stage(throttled=False))),
    ("no_request_validation", cloudflare(routes=route(methods=("POST",), validated=False))),
    ("upstream_plain_http", cloudflare(upstreams=upstream(url="http://192.0.2.1"))),
    ("upstream_tls_not_verified", cloudflare(upstreams=upstream(tls_verified=False))),
    (
        "waf_allow_before_managed",
        cloudflare(waf_policies=waf(rules=(WafRule("x", 1, "allow", "match"), MANAGED))),
    ),
    ("waf_count_only", cloudflare(waf_policies=waf(rules=(WafRule("x", 1, "count", "managed"),)))),
    ("waf_default_allow_without_rules", cloudflare(waf_policies=waf())),
    ("waf_without_logging", cloudflare(waf_policies=waf(logging=False))),
)


@pytest.mark.parametrize(("check_id", "given"), CLOUDFLARE_FAILS)
def test_a_weakness_at_cloudflare_is_repaired_at_cloudflare(check_id: str, given: ConfigSnapshot) -> None:
    (found,) = [result for result in judged(check_id, given) if result.verdict is Verdict.FAIL]
    text = "\n".join([found.sentence, *(fix.body for fix in found.fix)]).lower()
    assert found.fix
    assert not [word for word in ("aws", "kong", "web acl", "_format_version") if word in text]


def test_a_host_past_cloudflare_counts_by_its_name_or_by_what_is_known_of_it() -> None:
    plain = unproxied("mail.acme.example")
    assert Verdict.FAIL not in {result.verdict for result in judged("host_past_edge", plain)}
    known = Facts((endpoint(host="mail.acme.example"),), traffic_seen=True)
    results = all_checks()["host_past_edge"].evaluate(plain, known)
    assert [r.subject.label for r in results if r.verdict is Verdict.FAIL] == ["mail.acme.example"]


@pytest.mark.parametrize("vendor", ["azure", "apigee"])
def test_a_finding_never_offers_a_repair_of_another_vendors_resource(vendor: str) -> None:
    weak: dict[str, Any] = {
        "routes": (route(auth=()),),
        "stages": (stage(access_log=""),),
        "upstreams": (upstream(url="http://a"),),
    }
    found = {vendor: evaluate_all(snapshot(vendor=vendor, **weak), Facts()) for vendor in ("aws", vendor)}
    bodies = {
        vendor: [fix.body for result in results for fix in result.fix] for vendor, results in found.items()
    }
    assert any('"aws_' in body for body in bodies["aws"])
    assert not any('"aws_' in body for body in bodies[vendor])
    assert any(result.verdict is Verdict.FAIL for result in found[vendor])


EDGE_FAILS = (
    (
        "no_access_log",
        aws(services=service(kind="load_balancer"), stages=stage(access_log="")),
        "access_logs",
    ),
    (
        "no_access_log",
        aws(services=service(kind="distribution"), stages=stage(access_log="")),
        "logging_config",
    ),
    (
        "no_rate_limit",
        aws(services=service(kind="distribution"), stages=stage(throttled=False)),
        "rate-based rule",
    ),
    (
        "stage_without_waf",
        aws(services=service(kind="load_balancer"), stages=stage(waf_ref="")),
        "association",
    ),
    ("stage_without_waf", aws(services=service(kind="distribution"), stages=stage(waf_ref="")), "web_acl_id"),
    (
        "upstream_plain_http",
        aws(upstreams=upstream(url="http://o:80", kind="target_group")),
        "aws_lb_target_group",
    ),
    ("upstream_plain_http", aws(upstreams=upstream(url="http://o", kind="origin")), "origin_protocol_policy"),
    ("edge_old_tls", tls("1.0"), "ssl_policy"),
    ("edge_old_tls", tls("1.1", "arn:distribution/1"), "minimum_protocol_version"),
    ("edge_old_tls", tls("SSL 3.0", "arn:distribution/1"), "minimum_protocol_version"),
    ("edge_old_tls", tls("1.0", "eu-west-1/domain/web#tls"), "security_policy"),
    (
        "edge_plain_http",
        aws(services=service(kind="load_balancer"), routes=route(protocols=("http",))),
        "aws_lb_listener",
    ),
    (
        "edge_plain_http",
        aws(services=service(kind="distribution"), routes=route(protocols=("https", "http"))),
        "redirect-to-https",
    ),
)


@pytest.mark.parametrize(("check_id", "given", "words"), EDGE_FAILS)
def test_a_weakness_at_the_edge_of_aws_is_repaired_where_it_is(
    check_id: str, given: ConfigSnapshot, words: str
) -> None:
    (found,) = [result for result in judged(check_id, given) if result.verdict is Verdict.FAIL]
    assert found.evidence
    assert words in "\n".join(fix.body for fix in found.fix)


@pytest.mark.parametrize(
    ("check_id", "given"),
    [
        ("edge_old_tls", tls("1.2")),
        ("edge_plain_http", aws(services=service(kind="distribution"), routes=route())),
    ],
)
def test_an_edge_of_aws_that_is_well_passes(check_id: str, given: ConfigSnapshot) -> None:
    assert [result.verdict for result in judged(check_id, given)] == [Verdict.PASS]


def test_a_tls_policy_nobody_knows_is_no_pass() -> None:
    assert [result.verdict for result in judged("edge_old_tls", tls(None))] == [Verdict.UNKNOWN]


def behind(enabled: bool | None, *others: dict[str, Any], **changes: Any) -> ConfigSnapshot:
    """An HTTP API behind a distribution, its default address open or not; ``others``: further distributions."""
    api = service(
        kind="http_api", hosts=(), default_host="a1.execute-api.example", default_host_enabled=enabled
    )
    fronts = [front(**changes), *others]
    evidence = {
        "distributions": fronts,
        "addresses": [{"host": fronts[0]["origin"], "basePath": fronts[0]["basePath"]}],
    }
    return aws(services=api, stages=stage(hosts=(), waf_ref="", evidence=evidence))


@pytest.mark.parametrize(
    ("enabled", "verdict"), [(True, Verdict.FAIL), (False, Verdict.PASS), (None, Verdict.UNKNOWN)]
)
def test_a_default_address_leads_past_the_distribution_in_front_until_it_is_closed(
    enabled: bool | None, verdict: Verdict
) -> None:
    (found,) = judged("default_host_bypass", behind(enabled))
    assert found.verdict is verdict
    if enabled:
        assert "shop.example" in found.sentence
        assert "custom domain" in found.fix[0].body  # its origin is the address that is to be closed


@pytest.mark.parametrize(
    ("given", "verdict", "words"),
    [
        (behind(True), Verdict.FAIL, "leads past it"),
        (behind(None), Verdict.UNKNOWN, "could not be read"),
        (behind(False), Verdict.UNKNOWN, "can be called past CloudFront"),
        (behind(False, front(name="back", webAcl="")), Verdict.FAIL, "back without a web ACL"),
        (behind(False, whole=False), Verdict.FAIL, "only a part"),
    ],
)
def test_a_distribution_in_front_never_guards_an_api_whose_own_domain_is_public(
    given: ConfigSnapshot, verdict: Verdict, words: str
) -> None:
    (found,) = judged("stage_without_waf", given)
    assert found.verdict is verdict
    assert words in found.sentence


def test_what_stands_in_front_is_not_known_when_distributions_were_not_read() -> None:
    api = service(kind="http_api", hosts=(), default_host="a1.execute-api.example", default_host_enabled=True)
    given = aws(services=api, stages=stage(hosts=(), waf_ref="", evidence={"distributions": None}))
    for check_id in ("stage_without_waf", "default_host_bypass"):
        (found,) = judged(check_id, given)
        assert found.verdict is Verdict.UNKNOWN, check_id


def test_a_load_balancer_whose_listeners_were_not_read_is_no_pass_for_plain_http() -> None:
    given = aws(services=service(kind="load_balancer"), stages=stage(evidence={"listeners": None}))
    assert [result.verdict for result in judged("edge_plain_http", given)] == [Verdict.UNKNOWN]


def test_cloudfronts_own_certificate_takes_no_newer_policy_so_another_is_asked_for() -> None:
    ref = "arn:distribution/1"
    own = {"viewerCertificate": {"CloudFrontDefaultCertificate": True}}
    given = replace(tls("1.0", ref), stages=(stage(ref=ref, evidence=own),))
    (found,) = judged("edge_old_tls", given)
    assert "acm_certificate_arn" in found.fix[0].body
    assert "aliases" in found.fix[0].body


def test_a_distribution_without_a_web_acl_guards_nothing() -> None:
    (found,) = judged("stage_without_waf", behind(False, webAcl=""))
    assert found.verdict is Verdict.FAIL
    assert "cannot be attached" in found.sentence


def test_certificates_of_targets_are_nobodys_to_check() -> None:
    assert judged("upstream_tls_not_verified", aws(upstreams=upstream(kind="target_group"))) == []


def test_a_distribution_cannot_be_without_its_default_behaviour() -> None:
    given = aws(services=service(kind="distribution"), routes=route(catch_all=True, path="/"))
    assert judged("catch_all_route", given) == []


def test_a_load_balancer_without_a_web_acl_cannot_fail_open() -> None:
    given = aws(
        services=service(kind="load_balancer"),
        stages=stage(waf_ref="", evidence={"attributes": {"waf.fail_open.enabled": "true"}}),
    )
    assert judged("waf_fail_open", given) == []
