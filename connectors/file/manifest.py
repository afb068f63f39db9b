"""The file connector's card."""

from __future__ import annotations

from pydantic import Field

from connectors.base.capabilities import Capability
from connectors.base.manifest import ConnectorKind, Manifest, PushSettings, SourceField


class FileSettings(PushSettings):
    """What to assume where a file does not say it."""

    default_host: str | None = Field(
        default=None,
        title="Host name",
        description="Used for calls and documents that name no host, such as api.example.com.",
        pattern=r"^[A-Za-z0-9.-]{1,253}$",
    )


MANIFEST = Manifest(
    key="file",
    title="Files and log lines",
    vendor="File",
    kind=ConnectorKind.FILE,
    capabilities=frozenset({Capability.RECEIVE_CALLS}),
    settings=FileSettings,
    summary="Access logs, OpenAPI documents and decK dumps as files; log lines pushed by any shipper.",
    field_matrix=(
        SourceField(
            source="file.clf",
            known=("method", "path", "query", "status", "client_ip", "user_agent", "response_bytes"),
            unknown=("headers", "body", "ja3", "ja4", "upstream", "request_bytes", "consumer"),
            note="Times have one second. Host and latency are read when they stand behind the user agent.",
        ),
        SourceField(
            source="har.entries",
            known=(
                "method",
                "path",
                "query",
                "host",
                "status",
                "latency_ms",
                "user_agent",
                "headers",
                "body",
            ),
            unknown=("client_ip", "principal", "consumer", "ja3", "ja4", "gateway"),
            note="One client's view. Browsers leave credentials out of an export unless asked.",
        ),
    ),
    cannot=(
        "A file says nothing about what happened after it was written.",
        "Lines of combined logs have no id: the same lines in a file of another cut are counted again.",
        "Nothing can be blocked through a file.",
    ),
)
