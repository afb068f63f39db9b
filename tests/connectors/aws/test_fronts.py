"""What stands in front of an API covers it only when nothing else leads there, and only for what both see alike."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.aws.compile import compile_intents
from connectors.base.enforcement import State
from connectors.base.intent import BlockAction, BlockIntent, Exactness, Match
from tests.connectors.aws import edge_estate as edge
from tests.connectors.aws.test_distributions import custom_domain, http_api, read, target

HOST = "origin.shop.example"
BACK = {"Aliases": edge.listed("back.shop.example"), "Comment": "back"}


def closed_api(estate) -> tuple[str, str]:
    """An HTTP API that only its custom domain leads to, and CloudFront's web ACL: the stage and the ACL."""
    api_id, _ = http_api(estate, closed=True)
    custom_domain(estate, api_id, HOST)
    return f"{api_id}/$default", edge.web_acl(estate, "edge", "CLOUDFRONT")


def not_covered(estate, stage: str, acl: str) -> str:
    """Why the web ACL's rules do not cover the stage."""
    found = target(estate, read(estate), acl)
    assert stage not in found.service_refs
    return dict(found.out_of_reach)[stage]


def test_a_second_distribution_without_a_web_acl_leads_past_the_first(moto):
    stage, acl = closed_api(moto)
    edge.distribution(moto, edge.origin(HOST), WebACLId=acl)
    edge.distribution(moto, edge.origin(HOST), **BACK, WebACLId="")
    reason = not_covered(moto, stage, acl)
    assert "CloudFront distribution back.shop.example without a web ACL leads past it" in reason


def test_a_second_distribution_with_another_web_acl_leads_past_the_first(moto):
    stage, acl = closed_api(moto)
    other = edge.web_acl(moto, "other", "CLOUDFRONT")
    edge.distribution(moto, edge.origin(HOST), WebACLId=acl)
    edge.distribution(moto, edge.origin(HOST), **BACK, WebACLId=other)
    assert "with the web ACL other" in not_covered(moto, stage, acl)
    assert "with the web ACL edge" in not_covered(moto, stage, other)


def test_another_domain_of_the_stage_leads_past_the_distribution(moto):
    stage, acl = closed_api(moto)
    custom_domain(moto, stage.partition("/")[0], "side.shop.example")
    edge.distribution(moto, edge.origin(HOST), WebACLId=acl)
    assert "side.shop.example still leads past it" in not_covered(moto, stage, acl)


@pytest.mark.parametrize("way", ["path pattern", "origin path"])
def test_a_distribution_that_forwards_only_a_part_does_not_cover_the_stage(moto, way):
    stage, acl = closed_api(moto)
    more = {}
    if way == "path pattern":
        more["CacheBehaviors"] = edge.listed(edge.behaviour(HOST, PathPattern="/pets/*"))
        more["DefaultCacheBehavior"] = edge.behaviour("elsewhere.example")
    path = "/v2" if way == "origin path" else ""
    edge.distribution(moto, edge.origin(HOST, path), edge.origin("elsewhere.example"), WebACLId=acl, **more)
    assert "forwards only a part of it" in not_covered(moto, stage, acl)


@pytest.mark.parametrize(
    ("match", "covers"),
    [
        (Match(hosts=(HOST,)), False),
        (Match(path_templates=("/pets",)), False),
        (Match(countries=("KP",)), True),
    ],
)
def test_a_block_by_host_or_path_does_not_cover_an_api_whose_callers_use_the_distributions(
    moto, match, covers
):
    stage, acl = closed_api(moto)
    edge.distribution(moto, edge.origin(HOST), WebACLId=acl)
    found = target(moto, read(moto), acl)
    intent = BlockIntent("blk_001", match, BlockAction.BLOCK, datetime(2027, 1, 1, tzinfo=UTC), "test", None)
    outcome = compile_intents([intent], found, State(found, ()), "portcullis-00000000").outcomes[0]
    assert (stage in outcome.coverage.covered) is covers
    assert outcome.exactness is (Exactness.EXACT if covers else Exactness.APPROXIMATED)
    if not covers:
        assert "host and path" in dict(outcome.coverage.uncovered)[stage]


def test_without_a_list_of_distributions_what_stands_in_front_is_not_known(double):
    api_id, _ = http_api(double)
    acl = edge.web_acl(double, "unlisted", "CLOUDFRONT")
    double.fault("cloudfront", "ListDistributions", status=503, times=20, body="no")
    snapshot = read(double)
    stage = next(entry for entry in snapshot.stages if entry.ref == f"{api_id}/$default")
    assert stage.evidence["distributions"] is None
    reason = dict(target(double, snapshot, acl).out_of_reach)[stage.ref]
    assert "Whether a distribution stands in front of it is not known" in reason


@pytest.mark.parametrize("kind", ["managed", "group"])
def test_a_group_of_rules_may_limit_so_nothing_is_known_of_rates(moto, kind):
    statement = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesAntiDDoSRuleSet"}}
    if kind == "group":
        group = moto.admin("wafv2", "us-east-1").create_rule_group(
            Name="g", Scope="CLOUDFRONT", Capacity=50, VisibilityConfig=edge.VISIBILITY, Rules=[]
        )
        statement = {"RuleGroupReferenceStatement": {"ARN": group["Summary"]["ARN"]}}
    rule = {
        "Name": "g", "Priority": 1, "OverrideAction": {"None": {}}, "Statement": statement,
        "VisibilityConfig": edge.VISIBILITY,
    }  # fmt: skip
    acl = edge.web_acl(moto, "edge", "CLOUDFRONT", rules=(rule,))
    made = edge.distribution(moto, edge.origin("orders.example"), WebACLId=acl)
    assert next(entry for entry in read(moto).stages if entry.ref == made["ARN"]).throttled is None
