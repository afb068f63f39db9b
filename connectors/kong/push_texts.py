"""Texts that set up Kong's http-log plugin so that it pushes calls to us."""

from __future__ import annotations

from typing import Final

_QUEUE: Final = "max_batch_size: 200, max_coalescing_delay: 2, max_entries: 20000, max_retry_time: 600"


def push_curl(base: str, url: str, token: str, authorization: str = "") -> str:
    """One call of the API; ``authorization`` is an option of curl that ends in a blank."""
    return f"""# Sends one record per request to us, in batches. The queue is in memory: a crash loses it.
curl -fsS -X POST {base}/plugins {authorization}-H 'content-type: application/json' -d '{{
  "name": "http-log",
  "instance_name": "portcullis-http-log",
  "tags": ["portcullis-logs"],
  "config": {{
    "http_endpoint": "{url}",
    "headers": {{"Authorization": "Bearer {token}"}},
    "queue": {{"max_batch_size": 200, "max_coalescing_delay": 2, "max_entries": 20000, "max_retry_time": 600}}
  }}
}}'
"""


def push_deck(url: str, token: str, workspace: str) -> str:
    """A file for decK."""
    where = f"_workspace: {workspace}\n" if workspace else ""
    return f"""_format_version: "3.0"
{where}plugins:
  - name: http-log
    instance_name: portcullis-http-log
    tags: [portcullis-logs]
    config:
      http_endpoint: "{url}"
      headers:
        Authorization: "Bearer {token}"
      queue: {{{_QUEUE}}}
"""


def push_terraform(url: str, token: str, *, konnect: bool = False) -> str:
    """A resource of Kong's provider for self-hosted gateways, or of the one for Konnect."""
    provider, kind = ("konnect", "konnect_gateway") if konnect else ("kong-gateway", "kong-gateway")
    where = "\n  control_plane_id = var.control_plane_id" if konnect else ""
    return f"""# Provider Kong/{provider}
resource "{kind}_plugin_http_log" "portcullis" {{{where}
  enabled       = true
  instance_name = "portcullis-http-log"
  tags          = ["portcullis-logs"]
  config = {{
    http_endpoint = "{url}"
    headers       = {{ Authorization = jsonencode("Bearer {token}") }}
    queue = {{
      max_batch_size       = 200
      max_coalescing_delay = 2
      max_entries          = 20000
      max_retry_time       = 600
    }}
  }}
}}
"""
