"""The data plane of the AWS double."""

import time
from typing import Any

import pytest

from controlplane.demo import tokens


def ask(aws_double: Any, http: Any, host: str, path: str, method: str = "GET", **headers: str) -> Any:
    sent = {
        "Host": host,
        "X-Double-Client-Ip": "198.18.7.7",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    return http.request(method, aws_double.data_url + path, headers=sent)


API, MOBILE = "api.acme.example", "mobile.acme.example"
BEARER = f"Bearer {tokens.issue('cust-1001', 'web-shop', int(time.time()))}"
EXPIRED = f"Bearer {tokens.issue('cust-1001', 'web-shop', 1)}"


@pytest.mark.parametrize(
    ("host", "path", "headers", "status", "message"),
    [
        (API, "/orders", {}, 401, "Unauthorized"),
        (API, "/orders", {"Authorization": "Bearer nonsense"}, 401, "Unauthorized"),
        (API, "/orders", {"Authorization": EXPIRED}, 401, "The incoming token has expired"),
        (API, "/reports/daily", {}, 403, "Forbidden"),
        (API, "/no/such/resource", {}, 403, "Missing Authentication Token"),
        (MOBILE, "/me", {}, 401, "Unauthorized"),
        ("unknown.example", "/", {}, 403, "Forbidden"),
    ],
)
def test_a_refused_request_gets_the_vendors_answer(
    aws_double: Any, http: Any, host: str, path: str, headers: dict[str, str], status: int, message: str
) -> None:
    answer = ask(aws_double, http, host, path, **headers)
    assert (answer.status, answer.json()["message"]) == (status, message)


@pytest.mark.parametrize(
    ("host", "path", "headers"),
    [
        (API, "/customers/1001", {}),
        (API, "/orders", {"Authorization": BEARER}),
        (API, "/reports/daily", {"x_api_key": "globex-7f3a9c1e5b2d4860a1c3"}),
        (MOBILE, "/anything/else", {}),
    ],
)
def test_an_admitted_request_reaches_the_backend(
    aws_double: Any, http: Any, host: str, path: str, headers: dict[str, str]
) -> None:
    assert ask(aws_double, http, host, path, **headers).status == 502, "these doubles run without a backend"


def test_stages_are_reached_by_the_execute_api_host(aws_double: Any, http: Any) -> None:
    host = http.request("GET", f"{aws_double.data_url}/_double/hosts").json()["orders"]
    assert ask(aws_double, http, host, "/v1/customers/1001").status == 502
    assert ask(aws_double, http, host, "/nostage/orders").status == 403


def test_preflight_requests_are_answered_by_the_http_api(aws_double: Any, http: Any) -> None:
    answer = ask(aws_double, http, MOBILE, "/me", "OPTIONS", Origin="https://evil.example")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")


def test_the_access_log_has_the_stages_own_format(aws_double: Any, http: Any) -> None:
    past = int(time.time() * 1000) - 3_600_000
    ask(aws_double, http, MOBILE, "/feed?x=1", X_Double_Time=str(past), User_Agent="fmt-test")
    logs = aws_double.client("logs")
    deadline = time.monotonic() + 10
    found: list[Any] = []
    while not found and time.monotonic() < deadline:
        found = logs.filter_log_events(logGroupName="/aws/http-api/mobile", filterPattern="fmt-test")[
            "events"
        ]
        time.sleep(0.05)
    assert found[0]["timestamp"] == past
    assert '"route":"GET /feed","url":"/feed","code":"502"' in found[0]["message"]
    assert '"from":"198.18.7.7"' in found[0]["message"]


def test_waf_logs_also_go_to_a_log_group(aws_double: Any, http: Any) -> None:
    waf, logs, group = aws_double.client("wafv2"), aws_double.client("logs"), "aws-waf-logs-test"
    logs.create_log_group(logGroupName=group)
    acl = waf.list_web_acls(Scope="REGIONAL")["WebACLs"][0]["ARN"]
    before = waf.get_logging_configuration(ResourceArn=acl)["LoggingConfiguration"]["LogDestinationConfigs"]
    destination = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}"
    change = {"ResourceArn": acl, "LogDestinationConfigs": [destination]}
    waf.put_logging_configuration(LoggingConfiguration=change)
    ask(aws_double, http, API, "/customers/1?marker=to-cloudwatch")
    waf.put_logging_configuration(LoggingConfiguration=change | {"LogDestinationConfigs": before})
    deadline = time.monotonic() + 10
    found: list[Any] = []
    while not found and time.monotonic() < deadline:
        found = logs.filter_log_events(logGroupName=group)["events"]
        time.sleep(0.05)
    assert '"args":"marker=to-cloudwatch"' in found[0]["message"]


def test_sampled_requests_show_what_a_rule_matched(aws_double: Any, http: Any) -> None:
    waf = aws_double.client("wafv2")
    ask(aws_double, http, API, "/customers/2?sampled=1")
    acl = waf.list_web_acls(Scope="REGIONAL")["WebACLs"][0]["ARN"]
    now = time.time()
    window = {"StartTime": now - 600, "EndTime": now + 60}
    found = waf.get_sampled_requests(
        WebAclArn=acl, RuleMetricName="Default_Action", Scope="REGIONAL", TimeWindow=window, MaxItems=100
    )["SampledRequests"]
    assert "198.18.7.7" in {item["Request"]["ClientIP"] for item in found}
