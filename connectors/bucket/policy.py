"""The least a store has to allow, as texts: an IAM policy, a role at Google, a token at Azure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.bucket.prefixes import fixed_part


def policy_document(bucket: str, prefixes: Sequence[str]) -> dict[str, Any]:
    """An IAM policy that lists the prefixes and reads what is under them, and nothing else."""
    fixed = list(dict.fromkeys(fixed_part(prefix) for prefix in prefixes)) or [""]
    listing: dict[str, Any] = {
        "Sid": "ListLogFiles",
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{bucket}"],
    }
    if "" not in fixed:
        listing["Condition"] = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in fixed]}}
    reading = {
        "Sid": "ReadLogFiles",
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/{prefix}*" for prefix in fixed],
    }
    return {"Version": "2012-10-17", "Statement": [listing, reading]}


def google_commands(bucket: str) -> str:
    """A service account that reads one bucket, and its HMAC key."""
    return f"""gcloud iam roles create portcullis_logs --project "$PROJECT" \\
  --permissions storage.objects.list,storage.objects.get
gcloud iam service-accounts create portcullis-logs --project "$PROJECT"
ACCOUNT="portcullis-logs@$PROJECT.iam.gserviceaccount.com"
gcloud storage buckets add-iam-policy-binding "gs://{bucket}" \\
  --member "serviceAccount:$ACCOUNT" --role "projects/$PROJECT/roles/portcullis_logs"
# Prints the access id and the secret, once.
gcloud storage hmac create "$ACCOUNT"
"""


def azure_commands(container: str) -> str:
    """A token of one container with read and list; the stored policy lets it be revoked at any time."""
    return f"""# The token ends with the policy: delete the policy, and the token is worth nothing.
az storage container policy create --account-name "$ACCOUNT" --container-name '{container}' \\
  --name portcullis --permissions rl --expiry "$(date -u -d '+1 year' +%Y-%m-%dT%H:%MZ)"
az storage container generate-sas --account-name "$ACCOUNT" --name '{container}' \\
  --policy-name portcullis --https-only --output tsv
"""
