"""How a customer lets us read a bucket: the least that is needed, per store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from connectors.base.manifest import ConnectorSettings, SetupText
from connectors.bucket.policy import azure_commands, google_commands, policy_document

_AWS: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_create.html"
_GOOGLE: Final = "https://cloud.google.com/storage/docs/authentication/managing-hmackeys"
_AZURE: Final = "https://learn.microsoft.com/azure/storage/common/storage-sas-overview"
_R2: Final = "https://developers.cloudflare.com/r2/api/tokens/"
_TITLES: Final = {"s3": ("AWS", "R2", "MinIO"), "gcs": ("Google",), "azure": ("Azure",)}


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """The tabs of the chosen store, or of all while none is chosen."""
    values = settings if isinstance(settings, Mapping) else settings.model_dump()
    bucket = str(values.get("bucket") or "BUCKET")
    prefixes = [str(prefix) for prefix in values.get("prefixes") or [""]]
    policy = json.dumps(policy_document(bucket, prefixes), indent=2)
    made = [
        SetupText("AWS: user and policy", _aws(policy), "bash", _AWS),
        SetupText("AWS: policy only", policy, "json"),
        SetupText("R2: token", _r2(bucket), link=_R2),
        SetupText("MinIO: user and policy", _minio(policy), "bash"),
        SetupText("Google: service account and HMAC key", google_commands(bucket), "bash", _GOOGLE),
        SetupText("Azure: shared access signature", azure_commands(bucket), "bash", _AZURE),
        SetupText("Prefixes", _PREFIXES),
    ]
    wanted = _TITLES.get(str(values.get("provider") or ""))
    return [text for text in made if wanted is None or text.title.startswith((*wanted, "Prefixes"))]


def _aws(policy: str) -> str:
    return f"""cat > portcullis.json <<'JSON'
{policy}
JSON
aws iam create-user --user-name portcullis-logs
aws iam put-user-policy --user-name portcullis-logs --policy-name portcullis --policy-document file://portcullis.json
# Prints the access key id and the secret, once. Objects encrypted with KMS also need kms:Decrypt on their key.
aws iam create-access-key --user-name portcullis-logs
"""


def _minio(policy: str) -> str:
    return f"""cat > portcullis.json <<'JSON'
{policy}
JSON
mc admin policy create "$ALIAS" portcullis portcullis.json
mc admin user add "$ALIAS" portcullis-logs "$SECRET"
mc admin policy attach "$ALIAS" portcullis --user portcullis-logs
"""


def _r2(bucket: str) -> str:
    return f"""Make an R2 API token with the permission "Object Read only" for the bucket {bucket} alone.
Enter its access key id and secret, and https://<account id>.r2.cloudflarestorage.com as endpoint."""


_PREFIXES: Final = """Dates in a prefix keep the lists short: only recent days are looked at.

AWS load balancers     AWSLogs/111122223333/elasticloadbalancing/eu-west-1/{yyyy}/{mm}/{dd}/
AWS WAF                AWSLogs/111122223333/WAFLogs/eu-west-1/my-acl/{yyyy}/{mm}/{dd}/
CloudFront             cdn/E2EXAMPLE.{yyyy}-{mm}-{dd}
Cloudflare Logpush     http_requests/{yyyy}{mm}{dd}/
Google log sink        requests/{yyyy}/{mm}/{dd}/
Azure Application Gateway (container insights-logs-applicationgatewayaccesslog)
  resourceId=/SUBSCRIPTIONS/<id>/RESOURCEGROUPS/<group>/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/<name>/\
y={yyyy}/m={mm}/d={dd}/
"""
