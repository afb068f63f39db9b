"""What WAFv2 refuses, at the API of the AWS double."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

REGIONAL = "REGIONAL"


def name() -> str:
    return f"t-{uuid.uuid4().hex[:10]}"


def visible(metric: str) -> dict[str, Any]:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": metric}


def rule(statement: dict[str, Any], priority: int = 0, rule_name: str = "r") -> dict[str, Any]:
    settings = {"Name": rule_name, "Priority": priority, "VisibilityConfig": visible("m")}
    return {**settings, "Action": {"Block": {}}, "Statement": statement}


def byte_match(text: bytes, position: str = "CONTAINS") -> dict[str, Any]:
    none = [{"Priority": 0, "Type": "NONE"}]
    field = {"FieldToMatch": {"UriPath": {}}, "TextTransformations": none}
    return {"ByteMatchStatement": {"SearchString": text, "PositionalConstraint": position, **field}}


def ip_set(waf: Any, addresses: list[str], version: str = "IPV4", set_name: str = "") -> dict[str, Any]:
    made = waf.create_ip_set(
        Name=set_name or name(), Scope=REGIONAL, IPAddressVersion=version, Addresses=addresses
    )
    summary: dict[str, Any] = made["Summary"]
    return summary


def group(waf: Any, rules: list[dict[str, Any]], capacity: int = 50) -> dict[str, Any]:
    made = waf.create_rule_group(
        Name=name(), Scope=REGIONAL, Capacity=capacity, Rules=rules, VisibilityConfig=visible("g")
    )
    summary: dict[str, Any] = made["Summary"]
    return summary


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture(scope="session")
def waf(aws_double: Any) -> Any:
    return aws_double.client("wafv2")


@pytest.mark.parametrize(
    ("addresses", "version"),
    [
        (["203.0.113.7"], "IPV4"),
        (["0.0.0.0/0"], "IPV4"),
        (["::/0"], "IPV6"),
        (["2001:db8::/32"], "IPV4"),
        (["203.0.113.0/24"], "IPV6"),
        (["300.1.1.1/32"], "IPV4"),
    ],
)
def test_an_address_the_vendor_rejects_is_rejected(waf: Any, addresses: list[str], version: str) -> None:
    with pytest.raises(ClientError) as caught:
        ip_set(waf, addresses, version)
    assert code(caught) == "WAFInvalidParameterException"


def test_ten_thousand_addresses_fit_and_one_more_does_not(waf: Any) -> None:
    addresses = [f"198.18.{n // 250}.{n % 250}/32" for n in range(10_000)]
    made = ip_set(waf, addresses)
    with pytest.raises(ClientError) as caught:
        waf.update_ip_set(
            Name=made["Name"], Id=made["Id"], Scope=REGIONAL, LockToken=made["LockToken"],
            Addresses=[*addresses, "198.19.0.1/32"],
        )  # fmt: skip
    assert code(caught) == "WAFLimitsExceededException"


def test_a_name_is_unique_among_ip_sets_of_a_scope(waf: Any) -> None:
    taken = name()
    ip_set(waf, [], set_name=taken)
    with pytest.raises(ClientError) as caught:
        ip_set(waf, [], set_name=taken)
    assert code(caught) == "WAFDuplicateItemException"


def test_a_stale_lock_token_is_refused(waf: Any) -> None:
    made = ip_set(waf, [])
    change = {"Name": made["Name"], "Id": made["Id"], "Scope": REGIONAL, "LockToken": made["LockToken"]}
    waf.update_ip_set(**change, Addresses=["198.18.0.1/32"])
    with pytest.raises(ClientError) as caught:
        waf.update_ip_set(**change, Addresses=[])
    assert code(caught) == "WAFOptimisticLockException"


def test_a_referenced_ip_set_cannot_be_deleted(waf: Any) -> None:
    made = ip_set(waf, [])
    group(waf, [rule({"IPSetReferenceStatement": {"ARN": made["ARN"]}})])
    with pytest.raises(ClientError) as caught:
        waf.delete_ip_set(Name=made["Name"], Id=made["Id"], Scope=REGIONAL, LockToken=made["LockToken"])
    assert code(caught) == "WAFAssociatedItemException"


def test_rule_priorities_are_unique(waf: Any) -> None:
    rules = [rule(byte_match(b"/a"), 1, "a"), rule(byte_match(b"/b"), 1, "b")]
    with pytest.raises(ClientError) as caught:
        group(waf, rules)
    assert code(caught) == "WAFInvalidParameterException"


@pytest.mark.parametrize(
    "statement",
    [
        {"OrStatement": {"Statements": [byte_match(b"/only-one")]}},
        byte_match(b"x" * 201),
        {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP", "EvaluationWindowSec": 90}},
        {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}},
    ],
    ids=["or-of-one", "long-search-string", "odd-window", "managed-group-in-group"],
)
def test_a_rule_the_vendor_rejects_is_rejected(waf: Any, statement: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        group(waf, [rule(statement)], 500)
    assert code(caught) == "WAFInvalidParameterException"


def test_a_reference_must_exist(waf: Any) -> None:
    missing = "arn:aws:wafv2:us-east-1:123456789012:regional/ipset/gone/1"
    with pytest.raises(ClientError) as caught:
        group(waf, [rule({"IPSetReferenceStatement": {"ARN": missing}})])
    assert code(caught) == "WAFNonexistentItemException"


def test_rules_must_fit_the_capacity_fixed_at_creation(waf: Any) -> None:
    made = group(waf, [rule(byte_match(b"/a"))], capacity=10)
    with pytest.raises(ClientError) as caught:
        waf.update_rule_group(
            Name=made["Name"], Id=made["Id"], Scope=REGIONAL, LockToken=made["LockToken"],
            VisibilityConfig=visible("g"), Rules=[rule(byte_match(b"/a")), rule(byte_match(b"/b"), 1, "b")],
        )  # fmt: skip
    assert code(caught) == "WAFInvalidParameterException"


def test_check_capacity_counts_statements_and_transformations(waf: Any) -> None:
    lowered = byte_match(b"/a", "EXACTLY")
    lowered["ByteMatchStatement"]["TextTransformations"] = [{"Priority": 0, "Type": "LOWERCASE"}]
    both = {"AndStatement": {"Statements": [lowered, {"GeoMatchStatement": {"CountryCodes": ["NL"]}}]}}
    assert waf.check_capacity(Scope=REGIONAL, Rules=[rule(both)])["Capacity"] == 2 + 10 + 1


def test_an_empty_rule_list_empties_the_group(waf: Any) -> None:
    made = group(waf, [rule(byte_match(b"/a"))])
    found = {"Name": made["Name"], "Id": made["Id"], "Scope": REGIONAL}
    waf.update_rule_group(**found, LockToken=made["LockToken"], VisibilityConfig=visible("g"), Rules=[])
    assert waf.get_rule_group(**found)["RuleGroup"].get("Rules", []) == []


def test_a_web_acl_cannot_be_attached_to_an_http_api(waf: Any, aws_double: Any) -> None:
    api = aws_double.client("apigatewayv2").get_apis()["Items"][0]["ApiId"]
    acl = waf.list_web_acls(Scope=REGIONAL)["WebACLs"][0]["ARN"]
    with pytest.raises(ClientError) as caught:
        waf.associate_web_acl(
            WebACLArn=acl, ResourceArn=f"arn:aws:apigateway:us-east-1::/apis/{api}/stages/$default"
        )
    assert code(caught) == "WAFInvalidParameterException"


def test_resources_are_listed_by_type(waf: Any) -> None:
    acl = waf.list_web_acls(Scope=REGIONAL)["WebACLs"][0]["ARN"]
    stages = waf.list_resources_for_web_acl(WebACLArn=acl, ResourceType="API_GATEWAY")["ResourceArns"]
    assert [arn.rpartition("/stages/")[2] for arn in stages] == ["prod"]
    assert waf.list_resources_for_web_acl(WebACLArn=acl)["ResourceArns"] == []


def test_an_attached_web_acl_cannot_be_deleted(waf: Any) -> None:
    acl = waf.list_web_acls(Scope=REGIONAL)["WebACLs"][0]
    with pytest.raises(ClientError) as caught:
        waf.delete_web_acl(Name=acl["Name"], Id=acl["Id"], Scope=REGIONAL, LockToken=acl["LockToken"])
    assert code(caught) == "WAFAssociatedItemException"


def test_logs_go_to_one_destination_named_as_the_vendor_wants(waf: Any) -> None:
    acl = waf.list_web_acls(Scope=REGIONAL)["WebACLs"][0]["ARN"]
    for destinations in (
        ["arn:aws:s3:::my-logs"],
        ["arn:aws:s3:::aws-waf-logs-a", "arn:aws:s3:::aws-waf-logs-b"],
    ):
        with pytest.raises(ClientError) as caught:
            waf.put_logging_configuration(
                LoggingConfiguration={"ResourceArn": acl, "LogDestinationConfigs": destinations}
            )
        assert code(caught) == "WAFInvalidParameterException"


def test_scopes_are_listed_apart(waf: Any) -> None:
    assert waf.list_web_acls(Scope="CLOUDFRONT")["WebACLs"] == []
