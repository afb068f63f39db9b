"""The wizard's texts for Fastly: the log format, the HTTPS endpoint, its challenge, and the Next-Gen WAF's feed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.manifest import ConnectorSettings, SetupText

_DOCS: Final = (
    "https://www.fastly.com/documentation/guides/integrations/logging-endpoints/log-streaming-https"
)
_FORMAT: Final = (
    '{"fastly_service_id":"%{req.service_id}V","request_id":"%{json.escape(req.http.x-request-id)}V",'
    '"time_start":%{time.start.msec}V,"time_elapsed":%{time.elapsed.usec}V,'
    '"client_ip":"%{req.http.Fastly-Client-IP}V","request_method":"%{json.escape(req.method)}V",'
    '"host":"%{json.escape(req.http.host)}V","url":"%{json.escape(req.url)}V","protocol":"%{req.proto}V",'
    '"status":%{resp.status}V,"request_user_agent":"%{json.escape(req.http.User-Agent)}V",'
    '"authorization_present":%{if(req.http.Authorization,"true","false")}V,'
    '"geo_country_code":"%{client.geo.country_code}V","asn":%{client.as.number}V,'
    '"tls_client_ja3_md5":"%{tls.client.ja3_md5}V","backend":"%{req.backend.name}V",'
    '"content_type":"%{json.escape(resp.http.Content-Type)}V","req_body_size":%{req.body_bytes_read}V,'
    '"resp_body_size":%{resp.body_bytes_written}V}'
)


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has ``ingest_url`` and ``ingest_token``."""
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    return [
        SetupText("Log format", _FORMAT, "json", link=_DOCS),
        SetupText("HTTPS endpoint", _endpoint(url, token), "bash", link=_DOCS),
        SetupText("Challenge", _challenge(url), "nginx", link=_DOCS),
        SetupText("Next-Gen WAF: forward requests", _feed(url, token), "bash"),
    ]


def _endpoint(url: str, token: str) -> str:
    return f"""# format.json holds the log format of the first tab, on one line.
fastly logging https create --service-id "$SERVICE_ID" --version latest --autoclone --name portcullis \\
  --url '{url}' --method POST --json-format 2 --content-type application/x-ndjson \\
  --header-name Authorization --header-value 'Bearer {token}' \\
  --request-max-entries 5000 --format "$(cat format.json)"
"""


def _challenge(url: str) -> str:
    host = url.partition("://")[2].partition("/")[0]
    return f"""# In front of {host}: answers Fastly's proof of control. The line is the SHA-256 of the service id:
#   printf %s "$SERVICE_ID" | sha256sum
location = /.well-known/fastly/logging/challenge {{
    default_type text/plain;
    return 200 "SHA256_OF_THE_SERVICE_ID\\n";
}}
"""


def _feed(url: str, token: str) -> str:
    return f"""# Requests of the last ten minutes that are complete (the feed lags by five minutes); "next" leads to more.
curl -fsS "https://dashboard.signalsciences.net/api/v0/corps/$CORP/sites/$SITE/feed/requests?from=$FROM&until=$UNTIL" \\
  -H "x-api-user: $SIGSCI_USER" -H "x-api-token: $SIGSCI_TOKEN" > requests.json
curl -fsS -X POST '{url}' -H 'Authorization: Bearer {token}' \\
  -H 'content-type: application/json' --data-binary @requests.json
"""
