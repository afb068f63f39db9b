"""The wizard's texts for Akamai: a DataStream 2 stream to our address, and forwarding SIEM events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from connectors.base.manifest import ConnectorSettings, SetupText

_DOCS: Final = "https://techdocs.akamai.com/datastream2/docs/stream-custom-https"
_FIELDS: Final = """cp, reqId, reqTimeSec, cliIP, reqHost, reqMethod, reqPath, queryStr, proto, statusCode, UA,
totalBytes, turnAroundTimeMSec, rspContentType, country, asn, securityRules"""


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has ``ingest_url`` and ``ingest_token``."""
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    return [
        SetupText("DataStream 2: what to choose", _choices(url, token), "text", link=_DOCS),
        SetupText("DataStream 2: destination (API)", _destination(url, token), "json", link=_DOCS),
        SetupText("SIEM events: forward", _siem(url, token), "bash"),
    ]


def _choices(url: str, token: str) -> str:
    return f"""Destination      Custom HTTPS
Endpoint URL     {url}
Authentication   Basic, user "portcullis", password:
                 {token}
Log format       JSON, compressed; push frequency 30 seconds; sample rate 100 %
Data sets        {_FIELDS}
"""


def _destination(url: str, token: str) -> str:
    return json.dumps(
        {
            "destination": {
                "destinationType": "HTTPS",
                "displayName": "portcullis",
                "endpoint": url,
                "authenticationType": "BASIC",
                "userName": "portcullis",
                "password": token,
                "compressLogs": True,
                "contentType": "application/json",
            }
        },
        indent=2,
    )


def _siem(url: str, token: str) -> str:
    return f"""# Events of a security configuration, one JSON object per line, as the SIEM API gives them. Keep the offset.
http --auth-type edgegrid -a default: GET "https://$AKAMAI_HOST/siem/v1/configs/$CONFIG_ID?offset=$OFFSET&limit=10000" \\
  > events.jsonl
curl -fsS -X POST '{url}' -H 'Authorization: Bearer {token}' \\
  -H 'content-type: application/x-ndjson' --data-binary @events.jsonl
"""
