"""The wizard's texts for Cloudflare: an API token, and one Logpush job per dataset to our address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from connectors.base.manifest import ConnectorSettings, SetupText
from connectors.cloudflare.token_setup import token_texts

_DOCS: Final = "https://developers.cloudflare.com/logs/get-started/enable-destinations/http/"
_REQUEST_FIELDS: Final = (
    "RayID", "EdgeStartTimestamp", "EdgeEndTimestamp", "ZoneName", "ClientRequestHost", "ClientRequestMethod",
    "ClientRequestURI", "ClientRequestProtocol", "ClientIP", "ClientASN", "ClientCountry",
    "ClientRequestUserAgent", "ClientRequestBytes", "EdgeResponseStatus", "EdgeResponseBytes",
    "EdgeResponseContentType", "OriginIP", "OriginResponseStatus", "OriginResponseDurationMs", "JA3Hash", "JA4",
    "SecurityAction", "SecurityRuleIDs", "WebAssetsOperationID", "RequestHeaders",
)  # fmt: skip
_EVENT_FIELDS: Final = (
    "RayID", "Datetime", "Action", "RuleID", "MatchIndex", "Source", "ClientIP", "ClientASN", "ClientCountry",
    "ClientRequestHost", "ClientRequestMethod", "ClientRequestPath", "ClientRequestQuery",
    "ClientRequestProtocol", "ClientRequestUserAgent", "EdgeResponseStatus",
)  # fmt: skip


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has ``ingest_url`` and ``ingest_token``, ``settings`` may lack the account yet."""
    values = settings if isinstance(settings, Mapping) else settings.model_dump()
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    destination = f"{url}?header_Authorization={quote(f'Bearer {token}')}&tags=dataset:portcullis"
    return [
        *token_texts(str(values.get("account_id") or "YOUR-ACCOUNT-ID")),
        SetupText(
            "HTTP requests: API", _job("http_requests", _REQUEST_FIELDS, destination), "bash", link=_DOCS
        ),
        SetupText(
            "Firewall events: API", _job("firewall_events", _EVENT_FIELDS, destination), "bash", link=_DOCS
        ),
        SetupText("HTTP requests: Terraform", _terraform(destination), "terraform", link=_DOCS),
    ]


def _job(dataset: str, fields: tuple[str, ...], destination: str) -> str:
    job = {
        "name": f"portcullis-{dataset.replace('_', '-')}",
        "dataset": dataset,
        "enabled": True,
        "max_upload_bytes": 5_000_000,
        "max_upload_interval_seconds": 30,
        "output_options": {"field_names": list(fields), "timestamp_format": "rfc3339", "sample_rate": 1},
        "destination_conf": destination,
    }
    return f"""# A token with "Logs: Edit" for the zone. Cloudflare sends a small test first; we answer it.
curl -fsS -X POST "https://api.cloudflare.com/client/v4/zones/$ZONE_ID/logpush/jobs" \\
  -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" -H 'content-type: application/json' \\
  --data '{json.dumps(job, indent=2)}'
"""


def _terraform(destination: str) -> str:
    fields = ", ".join(f'"{name}"' for name in _REQUEST_FIELDS)
    return f"""resource "cloudflare_logpush_job" "portcullis" {{
  zone_id          = var.zone_id
  name             = "portcullis-http-requests"
  dataset          = "http_requests"
  enabled          = true
  destination_conf = "{destination}"
  output_options = {{
    field_names      = [{fields}]
    timestamp_format = "rfc3339"
    sample_rate      = 1
  }}
}}
"""
