"""What a customer does in their own AWS account: create the role the product asks for, change it, remove
it.
"""

import json
from collections.abc import Mapping
from typing import Any

import boto3


def iam_client(aws: Mapping[str, str]) -> Any:
    """An IAM client of the customer's administrator; ``aws`` is the ``aws`` part of the estate's state."""
    make: Any = boto3.client
    return make(
        "iam",
        endpoint_url=aws["endpoint_url"],
        region_name=aws["region"],
        aws_access_key_id=aws["admin_access_key_id"],
        aws_secret_access_key=aws["admin_secret_access_key"],
    )


def create_role(aws: Mapping[str, str], name: str, principal: str, external_id: str, policy: str) -> str:
    """Create (or replace) a role that trusts ``principal`` with ``external_id`` and has ``policy``; returns
    its ARN.
    """
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": principal},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            }
        ],
    }
    iam = iam_client(aws)
    try:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    except iam.exceptions.EntityAlreadyExistsException:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="portcullis", PolicyDocument=policy)
    return str(iam.get_role(RoleName=name)["Role"]["Arn"])
