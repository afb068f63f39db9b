"""Changes from CloudTrail: everything that happened is told once, by whom and on which object, however late it comes."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from botocore.config import Config as BotoConfig

from connectors.aws.changes import OVERLAP, Changes
from connectors.aws.config import Config
from connectors.aws.enforce import Enforce
from connectors.aws.limits import budget
from connectors.aws.permissions import policy_document
from connectors.aws.session import AwsSession
from connectors.aws.trail_events import Reading, change_of
from connectors.base.changes import AuthorKind, Channel, ConfigChange
from connectors.base.enforcement import Target
from connectors.base.errors import PermissionMissing
from connectors.base.intent import BlockAction, BlockIntent, Match
from connectors.testkit.running import running_double
from tests.connectors.aws.conftest import ACCOUNT, REGION, Double, recording_egress

VISIBILITY = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}


def read(estate, cursor=None, **changes) -> tuple[list[ConfigChange], dict]:
    """Read to the end, with the cursor reached."""
    settings = estate.settings(**changes)
    found: list[ConfigChange] = []
    reached = dict(cursor or {})
    for page, position in Changes(settings, estate.egress, session=estate.session(settings)).read_changes(
        reached
    ):
        found += page
        reached = dict(position)
    return found, reached


def make_acl(estate, name: str, scope: str = "REGIONAL") -> str:
    waf = estate.admin("wafv2", "us-east-1" if scope == "CLOUDFRONT" else REGION)
    made = waf.create_web_acl(
        Name=name, Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=VISIBILITY
    )
    return str(made["Summary"]["ARN"])


def test_a_change_names_the_object_as_the_snapshot_does(double, rest_api):
    api_id = rest_api(double, "shop")
    gateway, waf = double.admin("apigateway"), double.admin("wafv2")
    stage_arn = f"arn:aws:apigateway:{REGION}::/restapis/{api_id}/stages/prod"
    gateway.update_stage(
        restApiId=api_id,
        stageName="prod",
        patchOperations=[{"op": "replace", "path": "/variables/dbPassword", "value": "hunter3"}],
    )
    acl, edge = make_acl(double, "main"), make_acl(double, "edge", "CLOUDFRONT")
    listed = waf.list_web_acls(Scope="REGIONAL")["WebACLs"][0]
    waf.update_web_acl(
        Name="main",
        Id=listed["Id"],
        Scope="REGIONAL",
        LockToken=listed["LockToken"],
        DefaultAction={"Block": {}},
        VisibilityConfig=VISIBILITY,
    )
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=stage_arn)
    waf.disassociate_web_acl(ResourceArn=stage_arn)
    plan = gateway.create_usage_plan(name="gold", apiStages=[{"apiId": api_id, "stage": "prod"}])["id"]
    gateway.create_domain_name(domainName="edge.shop.example")
    snapshot = Config(double.settings(), double.egress, session=double.session()).read_config()

    told = {(change.action, change.object_ref): change for change in read(double)[0]}
    for action, kind, ref in (
        ("CreateRestApi", "rest_api", api_id),
        ("UpdateStage", "stage", f"{api_id}/prod"),
        ("CreateWebACL", "web_acl", acl),
        ("UpdateWebACL", "web_acl", acl),
        ("AssociateWebACL", "web_acl", acl),
        ("DisassociateWebACL", "stage", f"{api_id}/prod"),
        ("CreateWebACL", "web_acl", edge),
        ("CreateUsagePlan", "usage_plan", f"{REGION}/usageplan/{plan}"),
        ("CreateDomainName", "custom_domain", f"{REGION}/domain/edge.shop.example"),
    ):
        assert told[action, ref].object_kind == kind
    known = {service.ref for service in snapshot.services} | {stage.ref for stage in snapshot.stages}
    known |= {route.ref for route in snapshot.routes} | {policy.ref for policy in snapshot.waf_policies}
    known |= {setting.ref for setting in snapshot.settings}
    methods = {ref for (action, ref) in told if action == "PutMethod"}
    assert len(methods) == 2
    assert methods | {ref for (action, ref) in told if action != "TagResource"} <= known
    patched = told["UpdateStage", f"{api_id}/prod"]
    assert patched.evidence["changed"] == ["/variables/dbPassword"]
    assert "hunter" not in json.dumps([dict(change.evidence) for change in told.values()])
    assert patched.evidence["link"].startswith(f"https://{REGION}.console.aws.amazon.com/cloudtrailv2/")


def test_reading_is_no_change_and_what_was_refused_is_told_as_refused(double):
    Config(double.settings(), double.egress, session=double.session()).read_config()
    double.admin("apigateway").create_rest_api(name="other")
    session = double.session()
    with pytest.raises(PermissionMissing):
        session.call("apigateway", "CreateRestApi", REGION, name="not allowed")
    told, _ = read(double)
    assert not [change.action for change in told if change.action.startswith(("Get", "List"))]
    refused = [change for change in told if not change.succeeded]
    assert [change.action for change in refused] == ["CreateRestApi"]
    assert refused[0].evidence["errorCode"] == "AccessDeniedException"


def test_what_we_push_is_told_as_ours_and_what_others_push_by_their_role_is_not(double):
    target = Target(make_acl(double, "ours"), "ours", "web_acl")
    enforcer = Enforce(
        double.settings(), double.egress, session=double.session(), sleep=lambda _seconds: None
    )
    state = enforcer.read_state(target)
    ends = datetime.now(UTC) + timedelta(hours=1)
    intent = BlockIntent(
        "blk_1", Match(networks=(ip_network("198.51.100.1/32"),)), BlockAction.BLOCK, ends, "t"
    )
    enforcer.apply(enforcer.diff(enforcer.compile([intent], target, state), state), lambda _change: None)
    told, _ = read(double)
    ours = {change.action for change in told if change.author_kind is AuthorKind.PORTCULLIS}
    assert {"CreateIPSet", "CreateRuleGroup", "UpdateWebACL"} <= ours
    assert {change.author for change in told if change.author_kind is AuthorKind.PORTCULLIS} == {
        "portcullis-block/portcullis"
    }
    elsewhere, _ = read(double, blocking_role_arn=f"arn:aws:iam::{ACCOUNT}:role/another")
    assert AuthorKind.PORTCULLIS not in {change.author_kind for change in elsewhere}


@pytest.mark.parametrize(
    ("agent", "channel", "kind"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", Channel.CONSOLE, AuthorKind.PERSON),
        (
            "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 terraform-provider-aws/5.57.0",
            Channel.AUTOMATION,
            AuthorKind.UNKNOWN,
        ),
        ("aws-cli/2.17.0 Python/3.12", Channel.API, AuthorKind.UNKNOWN),
    ],
)
def test_the_way_a_change_took_is_told(double, agent, channel, kind):
    name = f"by {channel}"
    client = double.admin("apigateway", config=BotoConfig(user_agent=agent))
    api_id = client.create_rest_api(name=name)["id"]
    made = next(change for change in read(double)[0] if change.object_ref == api_id)
    assert (made.channel, made.author, made.author_kind) == (channel, "acme-admin", kind)
    assert made.object_name == name
    assert made.source_address == "127.0.0.1"


def test_more_than_a_page_is_read_to_its_end(double):
    gateway = double.admin("apigateway")
    wanted = {gateway.create_rest_api(name=f"n{number}")["id"] for number in range(120)}
    assert wanted <= {change.object_ref for change in read(double)[0]}


def test_a_region_that_fails_keeps_its_place_while_the_others_go_on(double):
    _, before = read(double)
    policy = policy_document("read", ACCOUNT, tuple(double.settings().access_log_groups))
    here = {"StringEquals": {"aws:RequestedRegion": REGION}}
    deny = {
        "Effect": "Deny",
        "Action": ["cloudtrail:LookupEvents"],
        "Resource": ["*"],
        "Condition": here,
    }
    double.grant("read", policy={**policy, "Statement": [*policy["Statement"], deny]})
    api_id = double.admin("apigateway").create_rest_api(name="meanwhile")["id"]
    edge = make_acl(double, "meanwhile", "CLOUDFRONT")
    reader = Changes(double.settings(), double.egress, session=double.session()).read_changes(before)
    page, cursor = next(reader)
    with pytest.raises(PermissionMissing) as caught:
        next(reader)
    assert caught.value.missing == "cloudtrail:LookupEvents"
    told = {change.object_ref for change in page}
    assert edge in told
    assert api_id not in told
    assert cursor["until"][REGION] == before["until"][REGION]
    assert cursor["until"]["us-east-1"] >= before["until"]["us-east-1"]
    double.grant("read")
    assert api_id in {change.object_ref for change in read(double, cursor)[0]}


def test_an_event_that_can_be_looked_up_late_is_told_then():
    options = ["--region", REGION, "--rate-scale", "0", "--trail-delay", "3"]
    with running_double("connectors.testkit.doubles.aws", options, ("--port", "--data-port")) as running:
        egress = recording_egress(running.control_url)
        estate = Double(running.control_url, egress)
        estate.grant("read")
        api_id = estate.admin("apigateway").create_rest_api(name="late")["id"]
        time.sleep(1.1)
        early, cursor = read(estate)
        assert early == []
        assert cursor["until"][REGION] > 0
        time.sleep(3)
        late, _ = read(estate, cursor)
        assert api_id in {change.object_ref for change in late}
        egress.close()


def test_our_own_pace_keeps_within_what_aws_allows():
    with running_double(
        "connectors.testkit.doubles.aws", ["--region", REGION], ("--port", "--data-port")
    ) as running:
        egress = recording_egress(running.control_url)
        estate = Double(running.control_url, egress)
        estate.grant("read")
        session = AwsSession(estate.settings(), egress, identity=estate.session()._identity, pace=budget)
        for _ in range(5):
            session.call("cloudtrail", "LookupEvents", REGION, MaxResults=1)
        looked_up = [sent for sent in egress.sent if b"MaxResults" in sent.content]
        assert len(looked_up) == 5, "AWS throttled and we had to ask again"
        egress.close()


class Crowded(AwsSession):
    """A session that answers by itself: two events a second, so a slice has more pages than are read at once."""

    at = int(time.time())

    def __init__(self, *given) -> None:
        super().__init__(*given)
        self.asked: list[tuple[int, int]] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def pages(self, *_names, **parameters):
        first, last = (int(parameters[name].timestamp()) for name in ("StartTime", "EndTime"))
        self.asked.append((first, last))
        source = parameters["LookupAttributes"][0]["AttributeValue"]
        moments = range(max(first, self.at - 1800), last + 1) if source.startswith("apigateway") else ()
        events = [self.event(at, number) for at in reversed(moments) for number in (1, 0)]
        for start in range(0, max(len(events), 1), 50):
            yield {"Events": events[start : start + 50]}

    @staticmethod
    def event(at: int, number: int) -> dict:
        return {
            "EventId": f"{at}.{number}",
            "EventName": "DeleteRestApi",
            "ReadOnly": "false",
            "EventTime": datetime.fromtimestamp(at, UTC),
        }


def test_a_crowded_slice_is_read_in_smaller_ones_and_nothing_is_left_out(double):
    session = Crowded(double.settings(), double.egress)
    cursor = {"until": {REGION: session.at - 1800 + OVERLAP, "us-east-1": session.at}}
    pages = list(Changes(double.settings(), double.egress, session=session).read_changes(cursor))
    told = [change.ref for page, _ in pages for change in page]
    until = pages[-1][1]["until"][REGION]
    assert told == [f"{at}.{number}" for at in range(session.at - 1800, until + 1) for number in range(2)]
    assert len(pages) > 1
    lengths = [last - first for first, last in session.asked]
    assert max(lengths) > min(lengths)


def test_a_read_that_stops_half_way_goes_on_where_it_was(double):
    session = Crowded(double.settings(), double.egress)
    begin = {"until": {REGION: session.at - 1800 + OVERLAP, "us-east-1": session.at}}
    first, cursor = next(Changes(double.settings(), double.egress, session=session).read_changes(begin))
    assert cursor["until"] == begin["until"]
    assert cursor["read"]["next"] < cursor["read"]["to"]
    rest = list(Changes(double.settings(), double.egress, session=session).read_changes(cursor))
    told = [change.ref for change in first] + [change.ref for page, _ in rest for change in page]
    assert told == [
        f"{at}.{number}" for at in range(session.at - 1800, cursor["read"]["to"] + 1) for number in range(2)
    ]
    assert rest[-1][1]["until"][REGION] == cursor["read"]["to"]


def test_a_quiet_account_is_read_with_one_request_per_list(double):
    double.egress.sent.clear()
    _, cursor = read(double)
    asked = [sent for sent in double.egress.sent if b"LookupAttributes" in sent.content]
    assert len({sent.content for sent in asked if b"NextToken" not in sent.content}) == 2
    assert cursor["until"].keys() == {REGION, "us-east-1"}


def test_a_record_that_cannot_be_read_is_still_told(double):
    listed = {**Crowded.event(1_790_000_000, 1), "CloudTrailEvent": "{broken", "Username": "ann"}
    change = change_of(listed, REGION, Reading(ACCOUNT, ""))
    assert change is not None
    assert (change.author, change.action, change.object_kind) == ("ann", "DeleteRestApi", "rest_api")
