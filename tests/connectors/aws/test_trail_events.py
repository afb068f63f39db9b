"""What a CloudTrail record says of its author; identities in the shapes of AWS's user guide."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors.aws.trail_events import Reading, change_of
from connectors.base.changes import AuthorKind, Channel

ROLE = "arn:aws:iam::123456789012:role/portcullis-blocking"
READING = Reading("123456789012", ROLE)


def assumed(role: str, session: str, **attributes: str) -> dict:
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::123456789012:assumed-role/{role}/{session}",
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {"arn": f"arn:aws:iam::123456789012:role/{role}", "userName": role},
            "attributes": attributes,
        },
    }


def told(identity: dict, **record):
    event = {
        "eventID": "e",
        "eventName": "UpdateWebACL",
        "eventSource": "wafv2.amazonaws.com",
        "readOnly": False,
        "userIdentity": identity,
        **record,
    }
    listed = {
        "EventId": "e",
        "EventTime": datetime(2026, 11, 1, tzinfo=UTC),
        "CloudTrailEvent": json.dumps(event),
    }
    change = change_of(listed, "eu-west-1", READING)
    assert change is not None
    return change


@pytest.mark.parametrize(
    ("identity", "author", "kind"),
    [
        (
            {"type": "IAMUser", "userName": "nate", "arn": "arn:aws:iam::1:user/nate"},
            "nate",
            AuthorKind.UNKNOWN,
        ),
        (
            {
                "type": "IAMUser",
                "userName": "nate",
                "sessionContext": {"attributes": {"mfaAuthenticated": "true"}},
            },
            "nate",
            AuthorKind.PERSON,
        ),
        ({"type": "Root", "arn": "arn:aws:iam::1:root"}, "root", AuthorKind.PERSON),
        (assumed("deploy", "i-0abc"), "deploy/i-0abc", AuthorKind.SERVICE),
        (assumed("Admin", "ann", mfaAuthenticated="true"), "Admin/ann", AuthorKind.PERSON),
        (
            assumed("AWSReservedSSO_Admin_0a1b", "ann@acme.example"),
            "AWSReservedSSO_Admin_0a1b/ann@acme.example",
            AuthorKind.PERSON,
        ),
        (
            assumed("portcullis-blocking", "portcullis"),
            "portcullis-blocking/portcullis",
            AuthorKind.PORTCULLIS,
        ),
        (assumed("portcullis-blocking", "eve"), "portcullis-blocking/eve", AuthorKind.SERVICE),
        (
            {"type": "AssumedRole", "arn": "arn:aws:sts::112233445566:assumed-role/Admin"},
            "Admin",
            AuthorKind.SERVICE,
        ),
        ({"type": "AWSService", "invokedBy": "fms.amazonaws.com"}, "fms.amazonaws.com", AuthorKind.VENDOR),
        ({"type": "AWSAccount", "accountId": "999999999999"}, "999999999999", AuthorKind.UNKNOWN),
        ({}, "", AuthorKind.UNKNOWN),
    ],
)
def test_the_author_is_named_as_aws_names_it_and_a_person_only_when_it_shows(identity, author, kind):
    change = told(identity)
    assert (change.author, change.author_kind) == (author, kind)


@pytest.mark.parametrize(
    ("identity", "record", "channel"),
    [
        ({"type": "AWSService", "invokedBy": "fms.amazonaws.com"}, {}, Channel.AUTOMATION),
        (
            {**assumed("ci", "run"), "invokedBy": "cloudformation.amazonaws.com"},
            {"userAgent": "cloudformation.amazonaws.com"},
            Channel.AUTOMATION,
        ),
        (
            assumed("Admin", "ann"),
            {"userAgent": "AWS Internal", "sessionCredentialFromConsole": "true"},
            Channel.CONSOLE,
        ),
        (assumed("Admin", "ann"), {"userAgent": "console.amazonaws.com"}, Channel.CONSOLE),
        (assumed("Admin", "ann"), {"userAgent": "AWS Internal"}, Channel.UNKNOWN),
        (assumed("ci", "run"), {"userAgent": "aws-sdk-go-v2/1.30.1 os/linux"}, Channel.API),
        (assumed("ci", "run"), {"userAgent": "Pulumi/3.1 aws-sdk-go-v2/1.30.1"}, Channel.AUTOMATION),
        (assumed("ci", "run"), {}, Channel.UNKNOWN),
    ],
)
def test_the_way_is_read_from_what_called(identity, record, channel):
    assert told(identity, **record).channel is channel


def test_values_that_were_given_and_access_keys_are_left_out():
    change = told(
        assumed("Admin", "ann"),
        requestParameters={
            "name": "main",
            "id": "9f",
            "scope": "CLOUDFRONT",
            "rules": [{"statement": {"byteMatchStatement": {"searchString": "s3cr3t"}}}],
        },
        sourceIPAddress="cloudformation.amazonaws.com",
    )
    assert change.object_ref == "arn:aws:wafv2:eu-west-1:123456789012:global/webacl/main/9f"
    assert change.source_address == ""
    assert change.evidence["given"] == ["id", "name", "rules", "scope"]
    shown = json.dumps(dict(change.evidence))
    assert "s3cr3t" not in shown
    assert "ASIAEXAMPLE" not in shown
