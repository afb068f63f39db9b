"""Roles, trust and permissions at the STS and IAM of the AWS double."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from connectors.testkit.doubles.aws.identity import Principals

PLATFORM = Principals()
READ_WAF = {"Effect": "Allow", "Action": ["wafv2:Get*", "wafv2:List*"], "Resource": "*"}


def role(aws_double: Any, *statements: dict[str, Any], external_id: str = "e-42") -> str:
    """A fresh role which trusts the platform with an external id."""
    trusted: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": PLATFORM.platform_arn}}
    trusted |= {"Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": external_id}}}
    iam, name = aws_double.client("iam"), f"r-{uuid.uuid4().hex[:8]}"
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    return str(made["Role"]["Arn"])


def assume(aws_double: Any, arn: str, **more: Any) -> dict[str, Any]:
    sts = aws_double.client("sts", PLATFORM.platform_key)
    answer: dict[str, Any] = sts.assume_role(RoleArn=arn, RoleSessionName="session", **more)
    return answer


def as_role(aws_double: Any, service: str, arn: str, **more: Any) -> Any:
    found = assume(aws_double, arn, ExternalId="e-42", **more)["Credentials"]
    return aws_double.client(service, found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def refusal(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize("given", [{}, {"ExternalId": "wrong"}])
def test_a_role_is_refused_without_its_external_id(aws_double: Any, given: dict[str, str]) -> None:
    arn = role(aws_double, READ_WAF)
    with pytest.raises(ClientError) as caught:
        assume(aws_double, arn, **given)
    assert refusal(caught)[0] == "AccessDenied"


def test_a_role_that_does_not_exist_looks_like_one_that_does_not_trust(aws_double: Any) -> None:
    with pytest.raises(ClientError) as caught:
        assume(aws_double, "arn:aws:iam::123456789012:role/nobody", ExternalId="e-42")
    assert refusal(caught)[0] == "AccessDenied"


def test_temporary_credentials_identify_the_role(aws_double: Any) -> None:
    sts = as_role(aws_double, "sts", role(aws_double, READ_WAF))
    assert ":assumed-role/r-" in sts.get_caller_identity()["Arn"]


def test_a_granted_action_is_answered(aws_double: Any) -> None:
    waf = as_role(aws_double, "wafv2", role(aws_double, READ_WAF))
    assert [acl["Name"] for acl in waf.list_web_acls(Scope="REGIONAL")["WebACLs"]] == ["acme-main"]


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "action"),
    [
        ("wafv2", "create_ip_set", {"Name": "n", "Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": []},
         "wafv2:CreateIPSet"),
        ("apigateway", "get_rest_apis", {}, "apigateway:GET"),
        ("apigatewayv2", "get_apis", {}, "apigateway:GET"),
        ("logs", "filter_log_events", {"logGroupName": "/aws/http-api/mobile"}, "logs:FilterLogEvents"),
        ("s3", "list_objects_v2", {"Bucket": "aws-waf-logs-acme-prod"}, "s3:ListBucket"),
        ("iam", "list_roles", {}, "iam:ListRoles"),
    ],
)  # fmt: skip
def test_a_missing_permission_is_named(
    aws_double: Any, service: str, operation: str, arguments: dict[str, Any], action: str
) -> None:
    client = as_role(aws_double, service, role(aws_double, READ_WAF))
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**arguments)
    code, message = refusal(caught)
    assert code.startswith("AccessDenied")
    assert f"not authorized to perform: {action} on resource:" in message


def test_an_explicit_deny_is_reported_as_such(aws_double: Any) -> None:
    forbidden = {"Effect": "Deny", "Action": "wafv2:ListIPSets", "Resource": "*"}
    waf = as_role(aws_double, "wafv2", role(aws_double, READ_WAF, forbidden))
    with pytest.raises(ClientError) as caught:
        waf.list_ip_sets(Scope="REGIONAL")
    assert "explicit deny" in refusal(caught)[1]


def test_a_session_policy_narrows_the_role(aws_double: Any) -> None:
    only = {"Effect": "Allow", "Action": "wafv2:ListIPSets", "Resource": "*"}
    narrowed = json.dumps({"Version": "2012-10-17", "Statement": [only]})
    waf = as_role(aws_double, "wafv2", role(aws_double, READ_WAF), Policy=narrowed)
    assert waf.list_ip_sets(Scope="REGIONAL")["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(ClientError):
        waf.list_web_acls(Scope="REGIONAL")


def test_the_platform_may_do_nothing_but_assume_roles(aws_double: Any) -> None:
    with pytest.raises(ClientError) as caught:
        aws_double.client("wafv2", PLATFORM.platform_key).list_web_acls(Scope="REGIONAL")
    assert refusal(caught)[0] == "AccessDeniedException"


def test_a_stolen_key_without_its_session_token_is_refused(aws_double: Any) -> None:
    found = assume(aws_double, role(aws_double, READ_WAF), ExternalId="e-42")["Credentials"]
    with pytest.raises(ClientError) as caught:
        aws_double.client("wafv2", found["AccessKeyId"], found["SecretAccessKey"], "other").list_web_acls(
            Scope="REGIONAL"
        )
    assert refusal(caught)[0] == "UnrecognizedClientException"


def test_a_request_signed_with_the_wrong_secret_is_refused(aws_double: Any) -> None:
    found = assume(aws_double, role(aws_double, READ_WAF), ExternalId="e-42")["Credentials"]
    waf = aws_double.client("wafv2", found["AccessKeyId"], "wrong", found["SessionToken"])
    with pytest.raises(ClientError) as caught:
        waf.list_web_acls(Scope="REGIONAL")
    assert refusal(caught)[0] == "InvalidSignatureException"


def test_a_request_changed_after_signing_is_refused(aws_double: Any) -> None:
    waf = as_role(aws_double, "wafv2", role(aws_double, READ_WAF))

    def tamper(request: Any, **_more: Any) -> None:
        request.body = request.body.replace(b"REGIONAL", b"CLOUDFRONT")
        request.headers["Content-Length"] = str(len(request.body))

    waf.meta.events.register("before-send.wafv2", tamper)
    with pytest.raises(ClientError) as caught:
        waf.list_web_acls(Scope="REGIONAL")
    assert refusal(caught)[0] == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("apigateway", "get_rest_apis", {"limit": 3}),
        ("s3", "list_objects_v2", {"Bucket": "aws-waf-logs-acme-prod", "Prefix": "AWSLogs/a b+c"}),
        ("logs", "filter_log_events", {"logGroupName": "/aws/http-api/mobile"}),
    ],
)
def test_a_correct_signature_is_recognised_whatever_the_service(
    aws_double: Any, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    client = as_role(aws_double, service, role(aws_double, everything))
    assert getattr(client, operation)(**arguments)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_an_encoded_path_is_signed_as_sent(aws_double: Any) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    api = as_role(aws_double, "apigateway", role(aws_double, everything))
    api_id = api.get_rest_apis()["items"][0]["id"]
    assert (
        api.get_tags(resourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{api_id}")["tags"]["env"] == "prod"
    )


def test_a_session_loses_its_rights_with_its_role(aws_double: Any) -> None:
    arn = role(aws_double, READ_WAF)
    waf, iam, name = as_role(aws_double, "wafv2", arn), aws_double.client("iam"), arn.rpartition("/")[2]
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    with pytest.raises(ClientError):
        waf.list_web_acls(Scope="REGIONAL")
    iam.delete_role(RoleName=name)
    with pytest.raises(ClientError) as caught:
        waf.list_web_acls(Scope="REGIONAL")
    assert refusal(caught)[0] == "AccessDeniedException"
