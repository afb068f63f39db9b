"""How a log shipper sends lines to us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.manifest import ConnectorSettings, SetupText


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """curl, Fluent Bit and Vector; ``context`` has ``ingest_url`` and ``ingest_token``."""
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    host, _, path = url.partition("://")[2].partition("/")
    curl = f"""# One push of log lines, plain or gzip; at most a few thousand lines at a time.
curl -fsS -X POST '{url}' -H 'Authorization: Bearer {token}' \\
  -H 'content-type: text/plain' --data-binary @access.log
"""
    nginx = """# Host and request time behind the user agent let every call find its API.
log_format portcullis '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                      '"$http_referer" "$http_user_agent" host=$host rt=$request_time request_id=$request_id';
access_log /var/log/nginx/api.log portcullis;
"""
    fluent = f"""[OUTPUT]
    Name    http
    Match   *
    Host    {host}
    Port    443
    URI     /{path}
    Format  json_lines
    Header  Authorization Bearer {token}
    tls     On
"""
    vector = f"""[sinks.portcullis]
type = "http"
inputs = ["access_log"]
uri = "{url}"
encoding.codec = "text"
framing.method = "newline_delimited"
request.headers.Authorization = "Bearer {token}"
batch.max_events = 2000
"""
    return [
        SetupText("curl", curl, "bash"),
        SetupText("nginx log format", nginx, "nginx"),
        SetupText(
            "Vector", vector, "toml", link="https://vector.dev/docs/reference/configuration/sinks/http/"
        ),
        SetupText("Fluent Bit (JSON logs)", fluent, "ini"),
    ]
