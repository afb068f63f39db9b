"""Whose rate a request to AWS counts against."""

from __future__ import annotations

from connectors.aws.identity import AwsPlatformIdentity
from connectors.aws.session import AwsSession
from tests.connectors.aws.conftest import ACCOUNT, PRINCIPAL, REGION


def test_taking_a_role_counts_against_our_own_account_and_reading_against_the_customers(double):
    asked = []
    session = AwsSession(
        double.settings(),
        double.egress,
        identity=AwsPlatformIdentity(double.platform_key, PRINCIPAL, "platform-secret"),
        pace=lambda account, _region, service, operation: asked.append((service, operation, account)),
    )
    session.call("apigateway", "GetAccount", REGION)
    assert asked == [
        ("sts", "AssumeRole", PRINCIPAL.split(":")[4]),
        ("apigateway", "GetAccount", ACCOUNT),
    ]
