"""How access log lines come to us: a log_format as JSON, and a shipper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.manifest import ConnectorSettings, SetupText

_FORMAT = """# In the http block. escape=json keeps every line readable, whatever clients send.
log_format portcullis escape=json
  '{"msec":"$msec","request_id":"$request_id","remote_addr":"$remote_addr","realip_remote_addr":"$realip_remote_addr",'
  '"host":"$host","request_method":"$request_method","request_uri":"$request_uri","server_protocol":"$server_protocol",'
  '"status":"$status","request_time":"$request_time","request_length":"$request_length","bytes_sent":"$bytes_sent",'
  '"upstream_addr":"$upstream_addr","upstream_status":"$upstream_status",'
  '"upstream_response_time":"$upstream_response_time","remote_user":"$remote_user",'
  '"http_user_agent":"$http_user_agent","content_type":"$content_type","sent_http_content_type":"$sent_http_content_type"}';
access_log /var/log/nginx/api.json portcullis;
"""


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has ``ingest_url`` and ``ingest_token``."""
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    vector = f"""[sources.nginx]
type = "file"
include = ["/var/log/nginx/api.json"]

[sinks.portcullis]
type = "http"
inputs = ["nginx"]
uri = "{url}"
encoding.codec = "text"
framing.method = "newline_delimited"
request.headers.Authorization = "Bearer {token}"
batch.max_events = 2000
"""
    curl = f"""# One push by hand, plain or gzip.
curl -fsS -X POST '{url}' -H 'Authorization: Bearer {token}' --data-binary @/var/log/nginx/api.json
"""
    docs = "https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format"
    return [
        SetupText("nginx: log format", _FORMAT, "nginx", link=docs),
        SetupText("Vector", vector, "toml"),
        SetupText("curl", curl, "bash"),
    ]
