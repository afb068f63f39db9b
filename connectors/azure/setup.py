"""How records come to us: a diagnostic setting to an Event Hub, and a Function that forwards its messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.manifest import ConnectorSettings, SetupText

_DOCS: Final = "https://learn.microsoft.com/azure/azure-monitor/essentials/diagnostic-settings"


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has ``ingest_url`` and ``ingest_token``."""
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    front_door = _setting("PROFILE_ID", "FrontDoorAccessLog", "FrontDoorWebApplicationFirewallLog")
    gateway = _setting("GATEWAY_ID", "ApplicationGatewayAccessLog", "ApplicationGatewayFirewallLog")
    return [
        SetupText("Front Door: diagnostic setting", front_door, "bash", link=_DOCS),
        SetupText("Application Gateway: diagnostic setting", gateway, "bash", link=_DOCS),
        SetupText("Forward: Azure Function", _function(url, token), "python"),
        SetupText("Forward: by hand", _curl(url, token), "bash"),
    ]


def _setting(resource: str, *categories: str) -> str:
    logs = ", ".join(f'{{"category": "{name}", "enabled": true}}' for name in categories)
    return f"""# One Event Hub for both logs, so that they arrive together and become one call.
az monitor diagnostic-settings create --name portcullis --resource "${resource}" \\
  --event-hub portcullis --event-hub-rule "$EVENT_HUB_RULE_ID" \\
  --logs '[{logs}]'
"""


def _function(url: str, token: str) -> str:
    return f"""# function_app.py: forwards messages as they are. Keep the token in Key Vault, as PORTCULLIS_TOKEN:
#   {token}
import os
import urllib.request

import azure.functions as func

app = func.FunctionApp()


@app.event_hub_message_trigger(
    arg_name="events", event_hub_name="portcullis", connection="EVENT_HUB", cardinality="many"
)
def forward(events: list[func.EventHubEvent]) -> None:
    body = b"[" + b",".join(event.get_body() for event in events) + b"]"
    request = urllib.request.Request("{url}", body, method="POST")
    request.add_header("Content-Type", "application/json")
    request.add_header("Authorization", "Bearer " + os.environ["PORTCULLIS_TOKEN"])
    urllib.request.urlopen(request, timeout=30).close()  # an error keeps the messages for the next try
"""


def _curl(url: str, token: str) -> str:
    return f"""# A blob of a storage account (insights-logs-…/PT1H.json), plain or gzip. It can also be uploaded.
curl -fsS -X POST '{url}' -H 'Authorization: Bearer {token}' \\
  -H 'content-type: application/json' --data-binary @PT1H.json
"""
