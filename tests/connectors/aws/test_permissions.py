"""What we ask for is what we use: our own policy texts, enforced by the strict double, and every call we make."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from connectors.aws.access import Access
from connectors.aws.calls import Calls
from connectors.aws.changes import Changes
from connectors.aws.config import Config
from connectors.aws.enforce import Enforce
from connectors.aws.permissions import ORGANIZATION, READ, WRITE, policy_document
from connectors.aws.probes import PROBES
from connectors.base.capabilities import Grant
from connectors.base.enforcement import Target
from connectors.base.errors import ConnectorError, PermissionMissing
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.base.model import Completeness
from connectors.testkit.doubles.aws.iam import Decision, Query, evaluate
from connectors.testkit.doubles.aws.operations import iam_action, iam_resources, parse_call
from tests.connectors.aws import edge_estate

ACCOUNT = "123456789012"
FORMAT = '{"requestId":"$context.requestId","t":"$context.requestTimeEpoch","m":"$context.httpMethod","p":"$context.path"}'
VISIBILITY = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}


def seed(estate) -> Target:
    """A REST API and an HTTP API with domains, usage plan, logging and a web ACL that logs to S3."""
    api, http = estate.admin("apigateway"), estate.admin("apigatewayv2")
    logs, waf, s3 = estate.admin("logs"), estate.admin("wafv2"), estate.admin("s3")
    logs.create_log_group(logGroupName="/aws/apigateway/shop")
    logs.create_log_stream(logGroupName="/aws/apigateway/shop", logStreamName="s")
    destination = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/apigateway/shop"
    api_id = api.create_rest_api(name="shop")["id"]
    root = api.get_resources(restApiId=api_id)["items"][0]["id"]
    for number in range(30):
        part = api.create_resource(restApiId=api_id, parentId=root, pathPart=f"p{number}")["id"]
        api.put_method(restApiId=api_id, resourceId=part, httpMethod="GET", authorizationType="NONE")
        api.put_integration(restApiId=api_id, resourceId=part, httpMethod="GET", type="MOCK")
    deployment = api.create_deployment(restApiId=api_id)["id"]
    api.create_stage(restApiId=api_id, stageName="prod", deploymentId=deployment)
    for path, value in (("format", FORMAT), ("destinationArn", destination)):
        api.update_stage(
            restApiId=api_id,
            stageName="prod",
            patchOperations=[{"op": "replace", "path": f"/accessLogSettings/{path}", "value": value}],
        )
    api.create_usage_plan(name="gold", apiStages=[{"apiId": api_id, "stage": "prod"}])
    api.create_domain_name(domainName="edge.shop.example")
    api.create_base_path_mapping(domainName="edge.shop.example", restApiId=api_id, stage="prod")
    v2 = http.create_api(Name="mobile", ProtocolType="HTTP")["ApiId"]
    http.create_route(ApiId=v2, RouteKey="GET /pets")
    http.create_stage(ApiId=v2, StageName="$default")
    http.create_domain_name(
        DomainName="m.shop.example", DomainNameConfigurations=[{"EndpointType": "REGIONAL"}]
    )
    http.create_api_mapping(DomainName="m.shop.example", ApiId=v2, Stage="$default")
    acl = waf.create_web_acl(
        Name="main", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=VISIBILITY
    )
    arn = acl["Summary"]["ARN"]
    waf.associate_web_acl(
        WebACLArn=arn, ResourceArn=f"arn:aws:apigateway:eu-west-1::/restapis/{api_id}/stages/prod"
    )
    s3.create_bucket(
        Bucket="aws-waf-logs-shop", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    waf.put_logging_configuration(
        LoggingConfiguration={"ResourceArn": arn, "LogDestinationConfigs": ["arn:aws:s3:::aws-waf-logs-shop"]}
    )
    now = datetime.now(UTC)
    record = {"timestamp": int(now.timestamp() * 1000), "httpRequest": {"uri": "/", "httpMethod": "GET"}}
    key = f"AWSLogs/{ACCOUNT}/WAFLogs/eu-west-1/main/{now - timedelta(minutes=now.minute % 5):%Y/%m/%d/%H/%M}/x.log.gz"
    s3.put_object(Bucket="aws-waf-logs-shop", Key=key, Body=json.dumps(record).encode())
    balancer = edge_estate.load_balancer(estate)["LoadBalancerArn"]
    edge_estate.listener(estate, balancer, edge_estate.forward(edge_estate.target_group(estate)))
    acl = edge_estate.web_acl(estate, "edge", "CLOUDFRONT")
    edge_estate.distribution(estate, edge_estate.origin("orders.example"), WebACLId=acl)
    return Target(arn, "main", "web_acl")


@pytest.fixture(scope="module")
def seeded() -> dict[str, Target]:
    """The one seeded target of this module's double."""
    return {}


@pytest.fixture
def target(double, seeded):
    if "target" not in seeded:
        seeded["target"] = seed(double)
    return seeded["target"]


def api_calls(estate) -> list[tuple[str, tuple[str, ...], str, str]]:
    """(IAM action, resource ARNs, access key, operation) of everything sent, as the wire shows it."""
    found = []
    for sent in estate.egress.sent:
        environ = EnvironBuilder(
            sent.url, method=sent.method, headers=sent.headers, data=sent.content
        ).get_environ()
        call = parse_call(Request(environ))
        assert call is not None, sent.url
        found.append((iam_action(call), tuple(iam_resources(call, ACCOUNT)), call.access_key, call.operation))
    return found


def block(number: int = 1) -> BlockIntent:
    networks = (ip_network(f"198.51.100.{number}/32"),)
    return BlockIntent(
        f"blk_{number}", Match(networks=networks), BlockAction.BLOCK, datetime(2027, 1, 1, tzinfo=UTC), "t"
    )


def use_everything(estate, target: Target) -> None:
    """Read the configuration, all logs and all changes, push a block, change it and undo it."""
    settings, session = estate.settings(), estate.session()
    snapshot = Config(settings, estate.egress, session=session).read_config()
    later = datetime.now(UTC) + timedelta(hours=1)
    list(Calls(settings, estate.egress, session=session, clock=lambda: later).read_calls({}, snapshot))
    list(Changes(settings, estate.egress, session=session).read_changes({}))
    enforcer = Enforce(settings, estate.egress, session=session, sleep=lambda _s: None)
    empty = enforcer.read_state(target)
    limited = Match(countries=("KP",))
    for intents in (
        [block()],
        [block(), block(2), BlockIntent("blk_c", limited, BlockAction.COUNT, block().expires_at, "t")],
    ):
        state = enforcer.read_state(target)
        enforcer.apply(enforcer.diff(enforcer.compile(intents, target, state), state), lambda _change: None)
    enforcer.restore(empty, lambda _change: None)


@pytest.mark.asvs("13.2.2")
def test_the_policies_allow_every_call_and_name_no_action_that_is_never_called(double, target):
    double.egress.sent.clear()
    use_everything(double, target)
    used = {(action, resources, operation) for action, resources, _, operation in api_calls(double)}
    policies = [
        policy_document(access, ACCOUNT, tuple(double.settings().access_log_groups))
        for access in ("read", "write")
    ]
    for action, resources, operation in used:
        if action.startswith("sts:"):
            continue
        decision = evaluate(policies, Query(action, resources, {}))
        assert decision is Decision.ALLOWED, (operation, action, resources)
    # CreateIPSet and CreateRuleGroup with tags are what needs wafv2:TagResource (Service Authorization Reference).
    implied = {"wafv2:TagResource"} if any(action == "wafv2:CreateIPSet" for action, _, _ in used) else set()
    assert {need.action for need in READ + WRITE} == {
        action for action, _, _ in used if action[:4] != "sts:"
    } | implied


def test_every_resource_of_the_gateway_permission_is_read(double, target):
    double.egress.sent.clear()
    use_everything(double, target)
    read = [resources for action, resources, _, _ in api_calls(double) if action == "apigateway:GET"]
    need = next(entry for entry in READ if entry.action == "apigateway:GET")
    for pattern in need.resources:
        policy = {"Statement": [{"Effect": "Allow", "Action": need.action, "Resource": [pattern]}]}
        assert any(evaluate([policy], Query(need.action, r, {})) is Decision.ALLOWED for r in read), pattern


@pytest.mark.asvs("13.2.2")
def test_the_read_role_cannot_write_and_api_keys_are_denied():
    policy = policy_document("read", ACCOUNT, ("/aws/apigateway/*",))
    for need in WRITE:
        assert evaluate([policy], Query(need.action, ("*",), {})) is not Decision.ALLOWED
    keys = "arn:aws:apigateway:eu-west-1::/apikeys/abc"
    assert evaluate([policy], Query("apigateway:GET", (keys,), {})) is Decision.EXPLICIT_DENY


def test_every_permission_has_a_probe():
    assert {need.action for need in READ + ORGANIZATION + WRITE} == set(PROBES)


def test_with_our_own_policies_everything_is_granted_and_the_external_id_is_proven(double, target):
    rows = Access(double.settings(), double.egress, session=double.session()).check()
    assert [(row.action, row.access, row.detail) for row in rows if row.grant is not Grant.GRANTED] == []
    proofs = [row for row in rows if "without external id" in row.action]
    assert len(proofs) == 2


@pytest.mark.parametrize(
    "action",
    [
        "wafv2:GetWebACL", "logs:FilterLogEvents", "s3:GetObject", "apigateway:GET",
        "elasticloadbalancing:DescribeRules", "cloudfront:GetDistributionConfig", "logs:DescribeDeliveries",
    ],
)  # fmt: skip
def test_a_missing_read_action_is_denied_with_the_exact_statement_to_add(double, target, action):
    policy = policy_document("read", ACCOUNT, tuple(double.settings().access_log_groups))
    for statement in policy["Statement"]:
        if statement["Effect"] == "Allow":
            statement["Action"] = [entry for entry in statement["Action"] if entry != action] or [
                "sts:GetCallerIdentity"
            ]
    double.grant("read", policy=policy)
    rows = {
        row.action: row for row in Access(double.settings(), double.egress, session=double.session()).check()
    }
    assert rows[action].grant is Grant.DENIED
    assert action in rows[action].detail
    assert json.loads(rows[action].fix.split(":\n", 1)[1])["Action"] == [action]
    others = {row.action for row in rows.values() if row.grant is not Grant.GRANTED} - {action}
    assert others == set()


def test_a_role_that_does_not_trust_us_is_one_denied_row_and_the_rest_unknown(double, target):
    settings = double.settings(external_id="another")
    rows = Access(settings, double.egress, session=double.session(settings)).check()
    assert rows[0].grant is Grant.DENIED
    assert "sts:ExternalId" in rows[0].fix
    assert {row.grant for row in rows if row.action not in ("sts:AssumeRole",)} == {Grant.UNKNOWN}


def test_a_role_without_the_condition_is_reported(double, target):
    anybody = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::999988887777:user/portcullis"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    double.grant("read", trust=anybody)
    rows = Access(double.settings(), double.egress, session=double.session()).check()
    proof = next(row for row in rows if "without external id" in row.action and row.access == "read")
    assert proof.grant is Grant.DENIED
    assert '"sts:ExternalId"' in proof.fix


def test_a_denied_action_makes_its_section_unknown_and_never_empty(double, target):
    policy = policy_document("read", ACCOUNT, tuple(double.settings().access_log_groups))
    policy["Statement"].append(
        {"Sid": "No", "Effect": "Deny", "Action": ["wafv2:ListWebACLs"], "Resource": ["*"]}
    )
    double.grant("read", policy=policy)
    snapshot = Config(double.settings(), double.egress, session=double.session()).read_config()
    section = next(entry for entry in snapshot.sections if entry.name == "waf")
    assert section.completeness is Completeness.UNKNOWN
    assert "wafv2:ListWebACLs" in section.reason
    assert snapshot.completeness("routes") is Completeness.COMPLETE


def test_lists_are_read_to_their_last_page(double, target):
    session = double.session()
    routes = Config(double.settings(), double.egress, session=session).read_config().routes
    assert {f"/p{number}" for number in range(30)} <= {route.path for route in routes}
    found = session.items(
        "apigateway", "GetResources", "eu-west-1", "items", restApiId=routes[0].service_ref, limit=7
    )
    assert len(found) == 31


def test_throttling_is_waited_out(double, target):
    body = {"__type": "ThrottlingException", "message": "Rate exceeded"}
    double.fault("wafv2", "ListWebACLs", status=400, times=1, body=body)
    double.fault("apigateway", "GetRestApis", status=429, times=1, body={"message": "Too Many Requests"})
    snapshot = Config(double.settings(), double.egress, session=double.session()).read_config()
    assert snapshot.completeness("waf") is Completeness.COMPLETE
    assert snapshot.completeness("services") is Completeness.COMPLETE


def test_garbage_from_aws_is_an_unknown_section_and_no_crash(double, target):
    double.fault("wafv2", "ListWebACLs", status=200, times=9, body="<html>")
    double.fault("apigateway", "GetRestApis", status=500, times=9, body="\x00")
    snapshot = Config(double.settings(), double.egress, session=double.session()).read_config()
    assert snapshot.completeness("services") is not Completeness.COMPLETE
    assert snapshot.completeness("waf") is not Completeness.COMPLETE


def test_a_denied_log_group_is_named_by_its_missing_permission(double, target):
    double.grant("read", policy=policy_document("read", ACCOUNT, ("/other/*",)))
    session = double.session()
    snapshot = Config(double.settings(), double.egress, session=session).read_config()
    with pytest.raises(PermissionMissing) as caught:
        list(Calls(double.settings(), double.egress, session=session).read_calls({}, snapshot))
    assert caught.value.missing == "logs:FilterLogEvents"


def test_a_deployment_without_credentials_says_so_and_does_not_blame_the_customer(
    double, target, monkeypatch
):
    monkeypatch.delenv("PORTCULLIS_AWS_SECRET_ACCESS_KEY", raising=False)
    with pytest.raises(ConnectorError, match="PORTCULLIS_AWS_SECRET_ACCESS_KEY"):
        Config(double.settings(), double.egress).read_config()
