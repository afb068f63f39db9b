"""CloudFront: behaviours as routes, origins as upstreams, and what stands in front of an API."""

from __future__ import annotations

import pytest

from connectors.aws.config import Config
from connectors.aws.enforce import Enforce
from connectors.base.model import AuthKind, Completeness, Exposure
from tests.connectors.aws import edge_estate as edge


def read(estate):
    return Config(estate.settings(), estate.egress, session=estate.session()).read_config()


def http_api(estate, *, closed: bool = False, stage: str = "$default") -> tuple[str, str]:
    """An HTTP API with one route and one stage: its id and default host."""
    api = estate.admin("apigatewayv2")
    made = api.create_api(Name="pets", ProtocolType="HTTP", DisableExecuteApiEndpoint=closed)
    api.create_route(ApiId=made["ApiId"], RouteKey="GET /pets")
    api.create_stage(ApiId=made["ApiId"], StageName=stage)
    return made["ApiId"], made["ApiEndpoint"].removeprefix("https://")


def custom_domain(estate, api_id: str, host: str) -> None:
    api = estate.admin("apigatewayv2")
    api.create_domain_name(DomainName=host, DomainNameConfigurations=[{"EndpointType": "REGIONAL"}])
    api.create_api_mapping(DomainName=host, ApiId=api_id, Stage="$default")


def target(estate, snapshot, acl):
    found = Enforce(estate.settings(), estate.egress, session=estate.session()).targets(snapshot)
    return next(entry for entry in found if entry.ref == acl)


def test_aliases_behaviours_and_origins_are_read(moto):
    signed = edge.behaviour(
        "files.example", "https-only", PathPattern="/files/*",
        TrustedKeyGroups={**edge.listed("group"), "Enabled": True},
        AllowedMethods={**edge.listed("GET", "HEAD"), "CachedMethods": edge.listed("GET", "HEAD")},
    )  # fmt: skip
    pictures = edge.behaviour("files.example", "allow-all", PathPattern="pictures/*.jpg")
    made = edge.distribution(
        moto,
        edge.origin("orders.example", "/v2"),
        edge.origin("files.example", policy="http-only"),
        CacheBehaviors=edge.listed(signed, pictures),
    )
    snapshot = read(moto)
    service = next(entry for entry in snapshot.services if entry.kind == "distribution")
    assert (service.ref, service.name, service.exposure) == (made["ARN"], "shop front", Exposure.PUBLIC)
    assert service.hosts == ("shop.example", made["DomainName"])
    found = {route.path: route for route in snapshot.routes}
    assert set(found) == {"/files", "/pictures", "/"}
    assert (found["/files"].methods, found["/files"].protocols) == (("GET", "HEAD"), ("https",))
    assert [auth.kind for auth in found["/files"].auth] == [AuthKind.CUSTOM]
    assert (found["/pictures"].protocols, found["/pictures"].auth_known) == (("https", "http"), False)
    assert found["/pictures"].evidence["approximate"]
    assert (found["/"].catch_all, found["/"].methods) == (True, ())
    urls = {entry.ref: (entry.url, entry.tls_verified) for entry in snapshot.upstreams}
    assert urls[found["/"].upstream_ref] == ("https://orders.example/v2", True)
    assert urls[found["/files"].upstream_ref] == ("http://files.example", None)
    tls = next(entry for entry in snapshot.settings if entry.name == "minimum_tls")
    assert (tls.ref, tls.value["minimum"]) == (made["ARN"], "1.2")
    assert snapshot.completeness("distributions") is Completeness.COMPLETE


def test_secrets_an_origin_is_sent_are_never_in_the_snapshot(moto):
    edge.distribution(moto, edge.origin("orders.example"))
    snapshot = read(moto)
    assert edge.ORIGIN_SECRET not in repr(snapshot)
    assert any(entry.evidence.get("customHeaderNames") == ["x-origin-verify"] for entry in snapshot.upstreams)


def test_a_distribution_that_is_switched_off_has_no_routes(moto):
    edge.distribution(moto, edge.origin("orders.example"), Enabled=False)
    snapshot = read(moto)
    assert snapshot.routes == ()
    assert [entry.kind for entry in snapshot.services] == ["distribution"]


def test_a_distribution_of_tenants_says_that_their_domains_are_not_read(moto):
    edge.distribution(moto, edge.origin("orders.example"), ConnectionMode="tenant-only")
    section = next(entry for entry in read(moto).sections if entry.name == "distributions")
    assert section.completeness is Completeness.PARTIAL
    assert "domains of its tenants are not read" in section.reason


@pytest.mark.parametrize("kind", ["standard", "real time", "standard v2", "none"])
def test_each_way_of_logging_is_known(moto, kind):
    more = {}
    if kind == "standard":
        more["Logging"] = {
            "Enabled": True,
            "IncludeCookies": False,
            "Bucket": "logs.s3.amazonaws.com",
            "Prefix": "cf",
        }
    if kind == "real time":
        arn = "arn:aws:cloudfront::123456789012:realtime-log-config/all"
        more["DefaultCacheBehavior"] = edge.behaviour("orders.example", RealtimeLogConfigArn=arn)
    made = edge.distribution(moto, edge.origin("orders.example"), **more)
    expected = {"standard": "s3://logs.s3.amazonaws.com/cf", "none": ""}
    expected["real time"] = "arn:aws:cloudfront::123456789012:realtime-log-config/all"
    if kind == "standard v2":
        logs = moto.admin("logs", "us-east-1")
        group = "arn:aws:logs:us-east-1:123456789012:log-group:edge"
        logs.put_delivery_source(name="shop", resourceArn=made["ARN"], logType="ACCESS_LOGS")
        destination = logs.put_delivery_destination(
            name="group", deliveryDestinationConfiguration={"destinationResourceArn": group}
        )["deliveryDestination"]["arn"]
        logs.create_delivery(deliverySourceName="shop", deliveryDestinationArn=destination)
        expected[kind] = destination
    stage = next(entry for entry in read(moto).stages if entry.ref == made["ARN"])
    assert stage.access_log == expected[kind]


def test_a_cloudfront_web_acl_without_a_distribution_may_protect_what_we_do_not_read(moto):
    acl, idle = (edge.web_acl(moto, name, "CLOUDFRONT") for name in ("edge", "idle"))
    made = edge.distribution(moto, edge.origin("orders.example"), WebACLId=acl)
    snapshot = read(moto)
    policies = {policy.ref: policy for policy in snapshot.waf_policies}
    assert (policies[acl].attached_to, policies[acl].attachments_known) == ((made["ARN"],), True)
    assert (policies[idle].attached_to, policies[idle].attachments_known) == ((), False)
    assert target(moto, snapshot, idle).note == "What it protects is not known."
    assert next(stage for stage in snapshot.stages if stage.ref == made["ARN"]).waf_ref == acl


def test_an_open_default_endpoint_passes_by_the_distribution_in_front(moto):
    api_id, host = http_api(moto)
    acl = edge.web_acl(moto, "edge", "CLOUDFRONT")
    made = edge.distribution(moto, edge.origin(host), WebACLId=acl)
    found = target(moto, read(moto), acl)
    assert found.service_refs == (made["ARN"],)
    reason = dict(found.out_of_reach)[f"{api_id}/$default"]
    assert "distribution shop.example with this web ACL stands in front" in reason
    assert f"{host} still leads past it" in reason


def test_with_the_default_endpoint_closed_a_block_reaches_the_api_behind_cloudfront(moto):
    api_id, _ = http_api(moto, closed=True)
    custom_domain(moto, api_id, "origin.shop.example")
    acl = edge.web_acl(moto, "edge", "CLOUDFRONT")
    made = edge.distribution(moto, edge.origin("origin.shop.example"), WebACLId=acl)
    found = target(moto, read(moto), acl)
    assert set(found.service_refs) == {made["ARN"], f"{api_id}/$default"}
    assert found.out_of_reach == ()
    assert "origin.shop.example can call it past CloudFront" in found.note


def test_a_regional_web_acl_names_the_distribution_that_can_be_pushed_to_instead(double):
    api_id, host = http_api(double)
    acl = edge.web_acl(double, "edge", "CLOUDFRONT")
    regional = edge.web_acl(double, "regional")
    edge.distribution(double, edge.origin(host), WebACLId=acl)
    reason = dict(target(double, read(double), regional).out_of_reach)[f"{api_id}/$default"]
    assert "cannot be attached to HTTP and WebSocket APIs" in reason
    assert "with the web ACL edge stands in front" in reason
    assert "choose that target too" in reason


@pytest.mark.parametrize(
    ("path", "pattern", "stage", "stands"),
    [
        ("", "", "prod", True),
        ("/prod", "", "prod", True),
        ("/test", "", "prod", False),
        ("", "/prod/*", "prod", True),
        ("", "/test/*", "prod", False),
        ("/v2", "", "$default", True),
    ],
)
def test_a_distribution_stands_in_front_of_the_stages_its_paths_lead_to(moto, path, pattern, stage, stands):
    api_id, host = http_api(moto, stage=stage)
    more = {}
    if pattern:
        more["CacheBehaviors"] = edge.listed(edge.behaviour(host, PathPattern=pattern))
        more["DefaultCacheBehavior"] = edge.behaviour("elsewhere.example")
    edge.distribution(moto, edge.origin(host, path), edge.origin("elsewhere.example"), **more)
    found = next(entry for entry in read(moto).stages if entry.ref == f"{api_id}/{stage}")
    assert bool(found.evidence.get("distributions")) is stands


@pytest.mark.asvs("16.5.3")
@pytest.mark.parametrize(
    ("operation", "service", "sections"),
    [
        ("ListDistributions", "cloudfront", {"distributions", "services", "stages", "routes", "upstreams"}),
        ("GetDistributionConfig", "cloudfront", {"distributions", "routes", "upstreams"}),
        ("DescribeDeliveries", "logs", {"distributions"}),
    ],
)
@pytest.mark.parametrize("body", ["no", "<html></html>"])
def test_what_of_distributions_cannot_be_read_is_not_known(double, operation, service, sections, body):
    acl = edge.web_acl(double, f"acl-{operation}-{len(body)}", "CLOUDFRONT")
    made = edge.distribution(double, edge.origin("orders.example"), Comment=acl[-12:], WebACLId=acl)
    double.fault(service, operation, status=200 if body != "no" else 503, times=20, body=body)
    snapshot = read(double)
    lacking = {entry.name for entry in snapshot.sections if entry.completeness is not Completeness.COMPLETE}
    assert lacking - {"authorizers", "validators"} == sections
    policy = next(entry for entry in snapshot.waf_policies if entry.ref == acl)
    if service == "cloudfront":
        assert not policy.attachments_known
        assert target(double, snapshot, acl).note == "What it protects is not known."
    else:
        stage = next(entry for entry in snapshot.stages if entry.ref == made["ARN"])
        assert stage.access_log is None


def test_a_web_acl_of_waf_classic_says_nothing_about_rates(moto):
    edge.distribution(moto, edge.origin("orders.example"), WebACLId="473e64fd-f30b-4765-81a0-62ad96dd167a")
    stage = read(moto).stages[0]
    assert (stage.waf_ref, stage.throttled) == ("473e64fd-f30b-4765-81a0-62ad96dd167a", None)


def test_more_distributions_than_fit_a_page_are_all_read(moto):
    for number in range(5):
        edge.distribution(moto, edge.origin("orders.example"), Comment=f"d{number}")
    found = moto.session().items("cloudfront", "ListDistributions", "us-east-1", "Items", MaxItems="2")
    assert len(found) == len({entry["ARN"] for entry in found}) == 5


def test_two_reads_of_the_same_distribution_are_equal(moto):
    edge.distribution(moto, edge.origin("orders.example"))
    assert read(moto) == read(moto)
