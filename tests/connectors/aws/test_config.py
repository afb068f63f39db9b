"""Configuration reads: everything that exists, to the last page; what cannot be read is unknown, never empty."""

from __future__ import annotations

import json

import pytest

from connectors.aws.config import Config
from connectors.base.errors import ConnectorError
from connectors.base.model import AuthKind, Completeness, Exposure


def read(estate):
    return Config(estate.settings(), estate.egress, session=estate.session()).read_config()


def test_a_rest_api_is_read_with_methods_authentication_stage_and_upstream(moto, rest_api):
    api_id = rest_api()
    snapshot = read(moto)
    service = next(entry for entry in snapshot.services if entry.ref == api_id)
    assert (service.kind, service.name, service.exposure) == ("rest_api", "shop", Exposure.PUBLIC)
    assert service.default_host == f"{api_id}.execute-api.eu-west-1.amazonaws.com"
    routes = {(route.methods, route.path): route for route in snapshot.routes}
    order = routes[(("GET",), "/orders/{orderId}")]
    assert order.auth == ()
    assert {(p.location, p.name, p.required) for p in order.parameters} == {
        ("path", "orderId", True),
        ("query", "expand", True),
    }
    created = routes[(("POST",), "/orders")]
    assert [auth.kind for auth in created.auth] == [AuthKind.IAM, AuthKind.API_KEY]
    upstream = next(entry for entry in snapshot.upstreams if entry.ref == order.upstream_ref)
    assert (upstream.kind, upstream.url) == ("http", "http://backend.example.test/orders")
    stage = next(entry for entry in snapshot.stages if entry.ref == f"{api_id}/prod")
    assert stage.base_path == "/prod"
    assert stage.waf_ref == ""
    assert stage.access_log == ""


def test_values_of_stage_variables_are_never_in_the_snapshot(moto, rest_api):
    rest_api()
    snapshot = read(moto)
    assert "hunter2" not in repr(snapshot)
    assert snapshot.stages[0].evidence["secretLikeVariables"] == ["dbPassword"]


def test_an_http_api_is_read_with_routes_cors_domain_and_stage(moto):
    api = moto.admin("apigatewayv2")
    api_id = api.create_api(
        Name="pets", ProtocolType="HTTP", CorsConfiguration={"AllowOrigins": ["*"], "AllowCredentials": False}
    )["ApiId"]
    integration = api.create_integration(
        ApiId=api_id,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri="https://user:pw@pets.example.test/?code=s3cr3t",
        PayloadFormatVersion="1.0",
    )["IntegrationId"]
    api.create_route(ApiId=api_id, RouteKey="GET /pets/{id}", Target=f"integrations/{integration}")
    api.create_route(ApiId=api_id, RouteKey="$default", Target=f"integrations/{integration}")
    api.create_stage(
        ApiId=api_id,
        StageName="$default",
        AccessLogSettings={
            "DestinationArn": "arn:aws:logs:eu-west-1:123456789012:log-group:pets",
            "Format": '{"requestId":"$context.requestId"}',
        },
    )
    api.create_domain_name(
        DomainName="api.pets.example", DomainNameConfigurations=[{"EndpointType": "REGIONAL"}]
    )
    api.create_api_mapping(DomainName="api.pets.example", ApiId=api_id, Stage="$default", ApiMappingKey="v1")
    snapshot = read(moto)
    routes = {route.path: route for route in snapshot.routes}
    assert routes["/{proxy+}"].catch_all
    assert not routes["/pets/{id}"].catch_all
    assert routes["/pets/{id}"].cors is not None
    assert routes["/pets/{id}"].cors.origins == ("*",)
    upstream = next(u for u in snapshot.upstreams if u.ref == routes["/pets/{id}"].upstream_ref)
    assert upstream.url == "https://pets.example.test/?code="
    assert upstream.tls_verified is True
    stage = snapshot.stages[0]
    assert (stage.base_path, stage.hosts) == ("/v1", ("api.pets.example",))
    assert stage.access_log_format == '{"requestId":"$context.requestId"}'
    assert {"host": stage.evidence["addresses"][1]["host"], "basePath": ""} == stage.evidence["addresses"][1]


def test_a_web_acl_is_read_with_rules_attachment_and_logging(moto, rest_api):
    api_id = rest_api()
    waf = moto.admin("wafv2")
    visibility = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    secret = {
        "ByteMatchStatement": {
            "SearchString": b"origin-s3cr3t",
            "FieldToMatch": {"SingleHeader": {"Name": "x-origin-verify"}},
            "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
            "PositionalConstraint": "EXACTLY",
        }
    }
    acl = waf.create_web_acl(
        Name="main",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig=visibility,
        Rules=[
            {
                "Name": "verify",
                "Priority": 1,
                "Action": {"Block": {}},
                "Statement": secret,
                "VisibilityConfig": visibility,
            },
        ],
    )["Summary"]
    stage_arn = f"arn:aws:apigateway:eu-west-1::/restapis/{api_id}/stages/prod"
    waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=stage_arn)
    snapshot = read(moto)
    policy = snapshot.waf_policies[0]
    assert (policy.name, policy.default_action, policy.scope, policy.logging) == (
        "main",
        "allow",
        "REGIONAL",
        False,
    )
    assert [(rule.name, rule.action, rule.kind, rule.ours) for rule in policy.rules] == [
        ("verify", "block", "match", False)
    ]
    assert "s3cr3t" not in repr(snapshot)
    assert snapshot.stages[0].waf_ref == acl["ARN"]


def test_a_part_that_cannot_be_read_is_unknown_with_its_reason_and_the_rest_is_read(moto, rest_api):
    rest_api()
    moto.admin("apigatewayv2").create_api(Name="pets", ProtocolType="HTTP")
    snapshot = read(moto)  # plain moto has no apigatewayv2:GetAuthorizers
    section = next(entry for entry in snapshot.sections if entry.name == "authorizers")
    assert section.completeness is Completeness.PARTIAL
    assert "authorizers of API pets" in section.reason
    assert snapshot.completeness("routes") is Completeness.COMPLETE
    assert len(snapshot.services) == 2


def test_an_empty_account_is_complete_and_empty(moto):
    snapshot = read(moto)
    states = {entry.name: entry.completeness for entry in snapshot.sections}
    assert snapshot.services == ()
    assert states["routes"] is Completeness.COMPLETE
    assert states["authorizers"] is Completeness.COMPLETE


def test_an_unreachable_account_is_an_error_not_an_empty_snapshot(moto):
    settings = moto.settings(endpoint_url="http://127.0.0.1:9")
    with pytest.raises(ConnectorError):
        Config(settings, moto.egress, session=moto.session(settings)).read_config()


def test_a_snapshot_holds_only_json_values_as_evidence(moto, rest_api):
    rest_api()
    for part in read(moto).routes + read(moto).stages + read(moto).services:
        json.dumps(part.evidence)
