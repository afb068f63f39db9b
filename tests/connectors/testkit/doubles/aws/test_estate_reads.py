"""Reading the seeded estate: pages, operations moto lacks, secrets left out."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_pages_of_resources_lose_and_repeat_nothing(aws_double: Any) -> None:
    api = aws_double.client("apigateway")
    api_id = api.get_rest_apis()["items"][0]["id"]
    pages = list(
        api.get_paginator("get_resources").paginate(restApiId=api_id, PaginationConfig={"PageSize": 3})
    )
    paths = [item["path"] for page in pages for item in page["items"]]
    assert len(pages) > 3
    assert len(paths) == len(set(paths))
    assert {"/orders/{orderId}", "/customers/{customerId}"} <= set(paths)


def test_a_made_up_position_is_refused(aws_double: Any) -> None:
    with pytest.raises(ClientError) as caught:
        aws_double.client("apigateway").get_rest_apis(position="page2")
    assert caught.value.response["Error"]["Code"] == "BadRequestException"


def test_http_api_routes_come_in_pages(aws_double: Any) -> None:
    api = aws_double.client("apigatewayv2")
    api_id = api.get_apis()["Items"][0]["ApiId"]
    first = api.get_routes(ApiId=api_id, MaxResults="3")
    assert len(first["Items"]) == 3
    assert first["NextToken"]


def test_http_api_authorizers_are_listed(aws_double: Any) -> None:
    api = aws_double.client("apigatewayv2")
    found = api.get_authorizers(ApiId=api.get_apis()["Items"][0]["ApiId"])["Items"]
    assert [item["JwtConfiguration"]["Audience"] for item in found] == [["mobile"]]


def test_exports_are_openapi_3(aws_double: Any) -> None:
    rest, http = aws_double.client("apigateway"), aws_double.client("apigatewayv2")
    api_id = rest.get_rest_apis()["items"][0]["id"]
    exported = json.loads(
        rest.get_export(restApiId=api_id, stageName="prod", exportType="oas30")["body"].read()
    )
    assert exported["openapi"].startswith("3.0")
    assert "get" in exported["paths"]["/orders/{orderId}"]
    http_id = http.get_apis()["Items"][0]["ApiId"]
    body = http.export_api(ApiId=http_id, Specification="OAS30", OutputType="JSON")["body"].read()
    assert "/orders/{id}" in json.loads(body)["paths"]


def test_api_key_values_are_given_only_when_asked_for(aws_double: Any) -> None:
    api = aws_double.client("apigateway")
    assert all("value" not in key for key in api.get_api_keys()["items"])
    assert all(key["value"] for key in api.get_api_keys(includeValues=True)["items"])


def test_log_events_are_read_in_pages_without_loss(aws_double: Any) -> None:
    logs, group = aws_double.client("logs"), "/test/pages"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + n // 3, "message": f"m{n}"} for n in range(25)]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    seen, token = [], None
    while True:
        page = logs.filter_log_events(logGroupName=group, limit=7, **({"nextToken": token} if token else {}))
        seen += [event["message"] for event in page["events"]]
        token = page.get("nextToken")
        if not token:
            break
    assert seen == [f"m{n}" for n in range(25)]


def test_a_page_of_log_events_is_bounded_by_its_size(aws_double: Any) -> None:
    logs, group, now = aws_double.client("logs"), "/test/large", int(time.time() * 1000)
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    events = [{"timestamp": now, "message": f"{n}" * 250_000} for n in range(4)]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    first = logs.filter_log_events(logGroupName=group)
    rest = logs.filter_log_events(logGroupName=group, nextToken=first["nextToken"])
    assert (len(first["events"]), len(rest["events"])) == (4, 4)
    assert "nextToken" not in rest


def test_the_end_of_the_range_is_inclusive(aws_double: Any) -> None:
    logs, group, now = aws_double.client("logs"), "/test/end", int(time.time() * 1000)
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    events = [{"timestamp": now + n, "message": f"m{n}"} for n in range(3)]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    found = logs.filter_log_events(logGroupName=group, startTime=now, endTime=now + 1)["events"]
    assert [event["message"] for event in found] == ["m0", "m1"]


def test_events_older_than_two_weeks_are_not_accepted(aws_double: Any) -> None:
    logs, group = aws_double.client("logs"), "/test/old"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    logs.put_log_events(
        logGroupName=group, logStreamName="s", logEvents=[{"timestamp": 1_000, "message": "old"}]
    )
    assert logs.filter_log_events(logGroupName=group)["events"] == []


def test_an_ordered_fault_is_answered_instead_of_the_operation(aws_double: Any, http: Any) -> None:
    fault = {"service": "wafv2", "operation": "ListRuleGroups", "status": 400, "times": 1}
    fault["body"] = {"__type": "ThrottlingException", "message": "Rate exceeded"}
    http.request("POST", f"{aws_double.api_url}/_double/faults", body=json.dumps(fault))
    waf = aws_double.client("wafv2")
    with pytest.raises(ClientError) as caught:
        waf.list_rule_groups(Scope="REGIONAL")
    assert caught.value.response["Error"]["Code"] == "ThrottlingException"
    assert waf.list_rule_groups(Scope="REGIONAL")["ResponseMetadata"]["HTTPStatusCode"] == 200
