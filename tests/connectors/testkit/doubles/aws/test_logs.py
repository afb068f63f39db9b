"""The lines and objects the AWS double writes."""

from datetime import UTC, datetime

from connectors.testkit.doubles.aws.access_log import line, request_time
from connectors.testkit.doubles.aws.waf_evaluation import Verdict
from connectors.testkit.doubles.aws.waf_log import kept, record, redacted, s3_key
from connectors.testkit.doubles.aws.web_request import WebRequest

NOON = int(datetime(2026, 11, 24, 12, 7, 31, tzinfo=UTC).timestamp() * 1000)
REQUEST = WebRequest(
    "GET",
    "/orders/1",
    "a=b",
    (("Host", "api"), ("Cookie", "s=1"), ("X-A", "1"), ("X-A", "2")),
    b"",
    "192.0.2.1",
    NOON,
    "id",
)


def test_a_missing_variable_is_a_dash() -> None:
    assert line("$context.httpMethod $context.authorizer.principalId", {"httpMethod": "GET"}) == "GET -"


def test_longer_variable_names_are_not_cut_short() -> None:
    values = {"status": "200", "integration.status": "502", "identity.sourceIp": "192.0.2.1"}
    assert line('"$context.integration.status","$context.status"', values) == '"502","200"'


def test_values_are_not_escaped() -> None:
    assert line('{"ua":"$context.identity.userAgent"}', {"identity.userAgent": 'a"b'}) == '{"ua":"a"b"}'


def test_the_request_time_is_a_clf_date() -> None:
    assert request_time(NOON) == "24/Nov/2026:12:07:31 +0000"


def test_a_record_keeps_repeated_headers_and_their_case() -> None:
    found = record("arn:acl", "1:api:prod", REQUEST, Verdict("ALLOW"))
    assert [h["name"] for h in found["httpRequest"]["headers"]] == ["Host", "Cookie", "X-A", "X-A"]
    assert (found["terminatingRuleId"], found["httpSourceId"]) == ("Default_Action", "1:api:prod")


def test_redacted_fields_are_replaced() -> None:
    found = record("arn:acl", "s", REQUEST, Verdict("ALLOW"))
    hidden = redacted(found, [{"SingleHeader": {"Name": "cookie"}}, {"QueryString": {}}])["httpRequest"]
    assert {"name": "Cookie", "value": "REDACTED"} in hidden["headers"]
    assert (hidden["args"], hidden["uri"]) == ("REDACTED", "/orders/1")


def test_a_logging_filter_drops_what_it_does_not_keep() -> None:
    block = {"ActionCondition": {"Action": "BLOCK"}}
    only_blocks = {
        "DefaultBehavior": "DROP",
        "Filters": [{"Behavior": "KEEP", "Requirement": "MEETS_ANY", "Conditions": [block]}],
    }
    assert not kept(record("a", "s", REQUEST, Verdict("ALLOW")), only_blocks)
    assert kept(record("a", "s", REQUEST, Verdict("BLOCK")), only_blocks)


def test_objects_lie_under_their_five_minute_period() -> None:
    key = s3_key("123456789012", "us-east-1", "acme-main", NOON)
    folder, _, name = key.rpartition("/")
    assert folder == "AWSLogs/123456789012/WAFLogs/us-east-1/acme-main/2026/11/24/12/05"
    assert name.startswith("123456789012_waflogs_us-east-1_acme-main_20261124T1205Z_")
    assert name.endswith(".log.gz")
