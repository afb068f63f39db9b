"""Load balancers: listeners' rules as routes, target groups as upstreams; what cannot be read is unknown."""

from __future__ import annotations

import pytest

from connectors.aws.config import Config
from connectors.base.model import AuthKind, Completeness, Exposure
from tests.connectors.aws import edge_estate as edge

#: What is not whole while the list of load balancers is not: services, and all that is read once per service.
EVERYTHING = {"load_balancers", "services", "stages", "routes", "upstreams", "authorizers", "validators"}


def read(estate):
    return Config(estate.settings(), estate.egress, session=estate.session()).read_config()


def rule(estate, listener, priority, conditions, actions):
    made = estate.admin("elbv2").create_rule(
        ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=actions
    )
    return made["Rules"][0]["RuleArn"]


def where(field, config, *values):
    return {"Field": field, config: {"Values": list(values)}}


@pytest.fixture
def balancer(moto):
    """A load balancer with one HTTPS listener that forwards ``/api/*`` of one host, and answers 404 to the rest."""
    made = edge.load_balancer(moto, Tags=[{"Key": "team", "Value": "commerce"}])
    group = edge.target_group(moto)
    nothing = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    listener = edge.listener(moto, made["LoadBalancerArn"], nothing)
    conditions = [
        where("host-header", "HostHeaderConfig", "Api.Shop.example"),
        where("path-pattern", "PathPatternConfig", "/api/*", "/health"),
        where("http-request-method", "HttpRequestMethodConfig", "GET", "POST"),
    ]
    rule(moto, listener, 10, conditions, edge.forward(group))
    return {**made, "listener": listener, "group": group}


def test_rules_with_host_path_and_method_are_routes_to_their_target_group(moto, balancer):
    snapshot = read(moto)
    service = next(entry for entry in snapshot.services if entry.kind == "load_balancer")
    assert (service.ref, service.name, service.exposure) == (
        balancer["LoadBalancerArn"],
        "web",
        Exposure.PUBLIC,
    )
    assert (service.hosts, service.tags) == (("api.shop.example",), {"team": "commerce"})
    found = {route.path: route for route in snapshot.routes}
    assert set(found) == {"/api", "/health"}
    api = found["/api"]
    assert (api.methods, api.hosts, api.protocols) == (("GET", "POST"), ("api.shop.example",), ("https",))
    assert (api.prefix, api.catch_all, api.auth_known) == (True, False, False)
    assert not found["/health"].prefix
    upstream = next(entry for entry in snapshot.upstreams if entry.ref == api.upstream_ref)
    assert (upstream.kind, upstream.url) == ("target_group", "https://orders:8443")
    assert snapshot.completeness("load_balancers") is Completeness.COMPLETE


def test_a_redirect_is_no_route_and_a_plain_listener_that_forwards_is_one(moto, balancer):
    elb = moto.admin("elbv2")
    arn = balancer["LoadBalancerArn"]
    redirecting = edge.listener(moto, arn, edge.TO_HTTPS, Protocol="HTTP", Port=80)
    assert {route.protocols for route in read(moto).routes} == {("https",)}
    elb.delete_listener(ListenerArn=redirecting)
    edge.listener(moto, arn, edge.forward(balancer["group"]), Protocol="HTTP", Port=80)
    plain = next(route for route in read(moto).routes if route.protocols == ("http",))
    assert (plain.path, plain.catch_all, plain.hosts) == ("/", True, ())


def test_a_listener_that_authenticates_says_how_and_whether_it_must(moto, balancer):
    group = balancer["group"]
    cognito = {
        "UserPoolArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/p",
        "UserPoolClientId": "c",
        "UserPoolDomain": "d",
        "OnUnauthenticatedRequest": "allow",
    }
    actions = [
        {"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": cognito},
        {"Type": "forward", "Order": 2, "TargetGroupArn": group},
    ]
    rule(moto, balancer["listener"], 20, [where("path-pattern", "PathPatternConfig", "/admin/*")], actions)
    admin = next(route for route in read(moto).routes if route.path == "/admin")
    assert [(auth.kind, auth.optional) for auth in admin.auth] == [(AuthKind.COGNITO, True)]
    assert admin.auth_known


def test_values_a_rule_expects_in_headers_are_never_kept(moto, balancer):
    header = {"HttpHeaderName": "x-origin-verify", "Values": [edge.ORIGIN_SECRET]}
    conditions = [{"Field": "http-header", "HttpHeaderConfig": header}]
    rule(moto, balancer["listener"], 30, conditions, edge.forward(balancer["group"]))
    snapshot = read(moto)
    assert edge.ORIGIN_SECRET not in repr(snapshot)
    behind = next(route for route in snapshot.routes if "x-origin-verify" in repr(route.evidence))
    assert not behind.catch_all  # not every request: only those with the header


def test_the_heaviest_of_weighted_target_groups_is_the_upstream(moto, balancer):
    other = edge.target_group(moto, "orders-next")
    weights = [
        {"TargetGroupArn": balancer["group"], "Weight": 1},
        {"TargetGroupArn": other, "Weight": 9},
    ]
    actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}]
    rule(moto, balancer["listener"], 40, [where("path-pattern", "PathPatternConfig", "/next")], actions)
    route = next(route for route in read(moto).routes if route.path == "/next")
    assert route.upstream_ref == other
    assert route.evidence["targetGroups"] == [other, balancer["group"]]


def test_attributes_web_acl_and_least_tls_are_told(double):
    arn = edge.load_balancer(double, "guarded")["LoadBalancerArn"]
    group = edge.target_group(double, "guarded")
    listener = edge.listener(double, arn, edge.forward(group), SslPolicy=edge.OLD_TLS)
    values = {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "logs",
        "access_logs.s3.prefix": "web",
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "waf.fail_open.enabled": "true",
    }
    attributes = [{"Key": key, "Value": value} for key, value in values.items()]
    double.admin("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)
    acl = edge.web_acl(double, "main", rules=(edge.rate_rule(),))
    double.admin("wafv2").associate_web_acl(WebACLArn=acl, ResourceArn=arn)
    snapshot = read(double)
    stage = next(entry for entry in snapshot.stages if entry.ref == arn)
    assert (stage.access_log, stage.waf_ref, stage.throttled) == ("s3://logs/web", acl, True)
    assert stage.evidence["attributes"]["waf.fail_open.enabled"] == "true"
    tls = {entry.ref: entry.value["minimum"] for entry in snapshot.settings if entry.name == "minimum_tls"}
    assert tls[listener] == "1.0"
    policy = next(entry for entry in snapshot.waf_policies if entry.ref == acl)
    assert policy.attached_to == (arn,)


def test_without_a_web_acl_nothing_throttles_and_none_is_attached(double):
    arn = edge.load_balancer(double, "open")["LoadBalancerArn"]
    stage = next(entry for entry in read(double).stages if entry.ref == arn)
    assert (stage.access_log, stage.waf_ref, stage.throttled) == ("", "", False)


def test_a_network_load_balancer_is_none_of_ours(moto):
    edge.load_balancer(moto, "tcp", Type="network")
    snapshot = read(moto)
    assert snapshot.services == ()
    assert snapshot.completeness("load_balancers") is Completeness.COMPLETE


def test_two_reads_of_the_same_load_balancer_are_equal(moto, balancer):
    assert read(moto) == read(moto)


@pytest.mark.asvs("16.5.3")
@pytest.mark.parametrize(
    ("operation", "sections"),
    [
        ("DescribeLoadBalancers", EVERYTHING),
        ("DescribeRules", {"load_balancers", "routes"}),
        ("DescribeListeners", {"load_balancers", "routes"}),
        ("DescribeTargetGroups", {"load_balancers", "upstreams"}),
        ("DescribeLoadBalancerAttributes", {"load_balancers"}),
        ("DescribeSSLPolicies", {"load_balancers"}),
        ("DescribeTags", {"load_balancers"}),
    ],
)
@pytest.mark.parametrize("answer", [{"status": 503, "body": "no"}, {"status": 200, "body": "<html></html>"}])
def test_what_of_load_balancers_cannot_be_read_is_not_known(double, operation, sections, answer):
    if not double.admin("elbv2").describe_load_balancers()["LoadBalancers"]:
        made = edge.load_balancer(double)
        edge.listener(double, made["LoadBalancerArn"], edge.forward(edge.target_group(double)))
    whole = read(double)
    assert {entry.completeness for entry in whole.sections} == {Completeness.COMPLETE}
    double.fault("elasticloadbalancing", operation, times=9, **answer)
    snapshot = read(double)
    lacking = {entry.name for entry in snapshot.sections if entry.completeness is not Completeness.COMPLETE}
    assert lacking == sections
    stage = next((entry for entry in snapshot.stages), None)
    if operation == "DescribeLoadBalancerAttributes":
        assert stage is not None
        assert stage.access_log is None
    if operation == "DescribeSSLPolicies":
        tls = [entry.value["minimum"] for entry in snapshot.settings if entry.name == "minimum_tls"]
        assert tls
        assert set(tls) == {None}


def test_pages_of_load_balancers_are_read_to_the_end(moto):
    for number in range(5):
        edge.load_balancer(moto, f"web-{number}")
    found = moto.session().items("elbv2", "DescribeLoadBalancers", "eu-west-1", "LoadBalancers", PageSize=2)
    assert sorted(entry["LoadBalancerName"] for entry in found) == [f"web-{number}" for number in range(5)]


def test_an_attachment_that_could_not_be_read_leaves_the_web_acl_unknown(double):
    if not double.admin("elbv2").describe_load_balancers()["LoadBalancers"]:
        edge.load_balancer(double)
    edge.web_acl(double, "lonely")
    double.fault("wafv2", "ListResourcesForWebACL", status=500, times=9, body="no")
    stages = [entry for entry in read(double).stages if "loadbalancer" in entry.ref]
    assert {(stage.waf_ref, stage.throttled) for stage in stages} == {(None, None)}
