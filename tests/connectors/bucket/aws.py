"""An AWS account whose bucket a user reads with the policy of our set-up texts, served by the strict double."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3

from connectors.bucket.manifest import BucketSettings
from connectors.bucket.policy import policy_document

BUCKET, REGION, USER = "acme-logs", "eu-west-1", "portcullis-logs"


@dataclass
class AwsAccount:
    """The customer's account, and the key it gave us."""

    url: str
    key_id: str = ""
    secret: str = ""

    def client(self, service: str) -> Any:
        """A client of the customer's administrator."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="AKIAACMEADMIN0000001",
            aws_secret_access_key="x",
        )

    def open(self) -> None:
        """Make the bucket, and a user with a key and no permission."""
        self.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        iam = self.client("iam")
        iam.create_user(UserName=USER)
        made = iam.create_access_key(UserName=USER)["AccessKey"]
        self.key_id, self.secret = made["AccessKeyId"], made["SecretAccessKey"]

    def allow(self, *prefixes: str, without: str = "") -> None:
        """Do what the set-up text says, but for one action."""
        policy = policy_document(BUCKET, prefixes or ("",))
        policy["Statement"] = [entry for entry in policy["Statement"] if entry["Action"] != [without]]
        self.client("iam").put_user_policy(
            UserName=USER, PolicyName="portcullis", PolicyDocument=json.dumps(policy)
        )

    def put(self, key: str, content: bytes) -> None:
        """Write an object."""
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)

    def settings(self, **changes: Any) -> BucketSettings:
        """Settings of a connection to the bucket."""
        values: dict[str, Any] = {
            "provider": "s3",
            "bucket": BUCKET,
            "region": REGION,
            "endpoint": self.url,
            "access_key_id": self.key_id,
            "secret_access_key": self.secret,
            "poll_seconds": 0,
        }
        return BucketSettings(**{**values, **changes})
