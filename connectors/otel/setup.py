"""How spans come to us: the collector, or an SDK by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.manifest import ConnectorSettings, SetupText


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has ``ingest_url`` and ``ingest_token``."""
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    collector = f"""# OpenTelemetry Collector: server spans only, before any sampling
processors:
  filter/portcullis:
    error_mode: ignore
    traces:
      span: ['kind != SPAN_KIND_SERVER']
  batch/portcullis:
    send_batch_size: 2000
    send_batch_max_size: 2000
exporters:
  otlphttp/portcullis:
    traces_endpoint: {url}
    compression: gzip
    headers:
      Authorization: "Bearer {token}"
service:
  pipelines:
    traces/portcullis:
      receivers: [otlp]
      processors: [filter/portcullis, batch/portcullis]
      exporters: [otlphttp/portcullis]
"""
    sdk = f"""# Any SDK, without a collector (the address is used as it is, nothing is appended)
export OTEL_TRACES_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={url}
export OTEL_EXPORTER_OTLP_TRACES_HEADERS="Authorization=Bearer%20{token}"
export OTEL_TRACES_SAMPLER=always_on
# Stable names of HTTP attributes, where the instrumentation still has the old ones:
export OTEL_SEMCONV_STABILITY_OPT_IN=http
"""
    docs = "https://opentelemetry.io/docs/specs/otel/protocol/exporter/"
    return [
        SetupText("Collector", collector, "yaml"),
        SetupText("SDK: environment", sdk, "bash", link=docs),
    ]
