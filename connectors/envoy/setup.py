"""How access log lines come to us: a JSON log, and a shipper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.manifest import ConnectorSettings, SetupText

_ISTIO = """# Istio: log as JSON, on gateways only: istioctl install -f this.yaml, or put it into the mesh config
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec:
  meshConfig:
    accessLogFile: /dev/stdout
    accessLogEncoding: JSON
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: portcullis, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  accessLogging:
    - providers: [{name: envoy}]
"""
_ENVOY = """# Envoy: in the HTTP connection manager
access_log:
  - name: envoy.access_loggers.file
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
      path: /var/log/envoy/access.log
      log_format:
        json_format:
          start_time: "%START_TIME%"
          method: "%REQ(:METHOD)%"
          path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"
          protocol: "%PROTOCOL%"
          authority: "%REQ(:AUTHORITY)%"
          response_code: "%RESPONSE_CODE%"
          response_flags: "%RESPONSE_FLAGS%"
          response_code_details: "%RESPONSE_CODE_DETAILS%"
          bytes_received: "%BYTES_RECEIVED%"
          bytes_sent: "%BYTES_SENT%"
          duration: "%DURATION%"
          upstream_service_time: "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"
          upstream_cluster: "%UPSTREAM_CLUSTER%"
          route_name: "%ROUTE_NAME%"
          downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%"
          x_forwarded_for: "%REQ(X-FORWARDED-FOR)%"
          user_agent: "%REQ(USER-AGENT)%"
          request_id: "%REQ(X-REQUEST-ID)%"
"""


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has ``ingest_url`` and ``ingest_token``."""
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    host, _, path = url.partition("://")[2].partition("/")
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
inputs = ["envoy_access_log"]
uri = "{url}"
encoding.codec = "raw_message"
framing.method = "newline_delimited"
request.headers.Authorization = "Bearer {token}"
batch.max_events = 2000
"""
    return [
        SetupText(
            "Istio: JSON log",
            _ISTIO,
            "yaml",
            link="https://istio.io/latest/docs/tasks/observability/logs/access-log/",
        ),
        SetupText("Envoy: JSON log", _ENVOY, "yaml"),
        SetupText("Vector", vector, "toml"),
        SetupText("Fluent Bit", fluent, "ini"),
    ]
