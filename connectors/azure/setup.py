"""The wizard's texts for Azure: an application with custom roles to read and to block, and logs pushed or queried."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from connectors.azure.entra import audience
from connectors.azure.permissions import LOGS, READ, WRITE, role_definition
from connectors.base.identity import caution
from connectors.base.manifest import ConnectorSettings, PermissionNeed, SetupText

_DOCS: Final = "https://learn.microsoft.com/azure/azure-monitor/essentials/diagnostic-settings"
_ROLES: Final = "https://learn.microsoft.com/azure/role-based-access-control/custom-roles"
_TRUST: Final = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust"
_SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000000"


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has ``ingest_url``, ``ingest_token``, ``federation_issuer`` and ``federation_subject``.

    ``settings`` may still be empty.
    """
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    subscriptions = tuple(_value(settings, "subscriptions") or (_SUBSCRIPTION,))
    reads = READ if _value(settings, "workspace_id") else tuple(need for need in READ if need not in LOGS)
    front_door = _setting("PROFILE_ID", "FrontDoorAccessLog", "FrontDoorWebApplicationFirewallLog")
    gateway = _setting("GATEWAY_ID", "ApplicationGatewayAccessLog", "ApplicationGatewayFirewallLog")
    return [
        SetupText("Read: Azure CLI", _application(subscriptions, reads), "bash", link=_ROLES),
        SetupText("Read: Terraform", _terraform("read", reads, subscriptions), "terraform", link=_ROLES),
        *_trust(str(_value(settings, "login_url") or ""), context),
        SetupText("Logs to Log Analytics: Front Door", _workspace("PROFILE_ID"), "bash", link=_DOCS),
        SetupText("Logs to Log Analytics: Application Gateway", _workspace("GATEWAY_ID"), "bash", link=_DOCS),
        SetupText("Logs to an Event Hub: Front Door", front_door, "bash", link=_DOCS),
        SetupText("Logs to an Event Hub: Application Gateway", gateway, "bash", link=_DOCS),
        SetupText("Forward: Azure Function", _function(url, token), "python"),
        SetupText("Forward: by hand", _curl(url, token), "bash"),
        SetupText(
            "Block: Azure CLI", _grant("write", WRITE, subscriptions), "bash", link=_ROLES, access="write"
        ),
        SetupText(
            "Block: Terraform",
            _terraform("write", WRITE, subscriptions),
            "terraform",
            link=_ROLES,
            access="write",
        ),
    ]


def _value(settings: ConnectorSettings | Mapping[str, Any], name: str) -> Any:
    return settings.get(name) if isinstance(settings, Mapping) else getattr(settings, name, None)


def _application(subscriptions: tuple[str, ...], needs: tuple[PermissionNeed, ...]) -> str:
    return f"""# 1. An application of its own. Note tenant and appId.
APP_ID=$(az ad app create --display-name Portcullis --sign-in-audience AzureADMyOrg --query appId -o tsv)
az ad sp create --id "$APP_ID"
# Only to sign in with a secret (it ends in a year): note the password.
az ad app credential reset --id "$APP_ID" --display-name portcullis --years 1
# 2. A role that reads exactly what is needed.
{_grant("read", needs, subscriptions)}"""


def _trust(login_url: str, context: Mapping[str, str]) -> list[SetupText]:
    """How the application trusts exactly this connection, instead of a secret."""
    name = context.get("connection_id", "").replace("_", "-") or "portcullis"
    issuer, subject = context.get("federation_issuer", ""), context.get("federation_subject", "")
    credential = {"name": name, "issuer": issuer, "subject": subject, "audiences": [audience(login_url)]}
    commands = f"""{caution(issuer)}# After "Read: Azure CLI", without its secret. Trusts this connection, and no other.
cat > portcullis-trust.json <<'EOF'
{json.dumps(credential, indent=2)}
EOF
az ad app federated-credential create --id "$APP_ID" --parameters portcullis-trust.json
"""
    terraform = f"""{caution(issuer)}# Beside "Read: Terraform", without its password. Trusts this connection, and no other.
resource "azuread_application_federated_identity_credential" "portcullis" {{
  application_id = azuread_application.portcullis.id
  display_name   = "{name}"
  issuer         = "{issuer}"
  subject        = "{subject}"
  audiences      = ["{audience(login_url)}"]
}}
"""
    title = "Sign in without a secret"
    return [
        SetupText(f"{title}: Azure CLI", commands, "bash", link=_TRUST),
        SetupText(f"{title}: Terraform", terraform, "terraform", link=_TRUST),
    ]


def _grant(access: str, needs: tuple[PermissionNeed, ...], subscriptions: tuple[str, ...]) -> str:
    definition = role_definition(access, needs, subscriptions)
    lines = [
        f"cat > portcullis-{access}.json <<'EOF'",
        json.dumps(definition, indent=2),
        "EOF",
        f"az role definition create --role-definition portcullis-{access}.json",
    ]
    for name in subscriptions:
        lines.append(
            f'az role assignment create --assignee "$APP_ID" --role "{definition["Name"]}" --scope /subscriptions/{name}'
        )
    return "\n".join(lines) + "\n"


def _terraform(access: str, needs: tuple[PermissionNeed, ...], subscriptions: tuple[str, ...]) -> str:
    definition = role_definition(access, needs, subscriptions)
    actions = "\n".join(f'      "{action}",' for action in definition["Actions"])
    scopes = ", ".join(f'"{scope}"' for scope in definition["AssignableScopes"])
    application = ""
    if access == "read":
        application = """resource "azuread_application" "portcullis" {
  display_name = "Portcullis"
}

resource "azuread_service_principal" "portcullis" {
  client_id = azuread_application.portcullis.client_id
}

# Only to sign in with a secret.
resource "azuread_application_password" "portcullis" {
  application_id    = azuread_application.portcullis.id
  end_date_relative = "8760h"
}

"""
    return f"""# Providers hashicorp/azurerm and hashicorp/azuread
{application}resource "azurerm_role_definition" "portcullis_{access}" {{
  name              = "{definition["Name"]}"
  description       = "{definition["Description"]}"
  scope             = {scopes.partition(",")[0]}
  assignable_scopes = [{scopes}]
  permissions {{
    actions = [
{actions}
    ]
    not_actions = []
  }}
}}

resource "azurerm_role_assignment" "portcullis_{access}" {{
  for_each           = toset([{scopes}])
  scope              = each.value
  role_definition_id = azurerm_role_definition.portcullis_{access}.role_definition_resource_id
  principal_id       = azuread_service_principal.portcullis.object_id
}}
"""


def _workspace(resource: str) -> str:
    return f"""# Enter the workspace's id in the settings; its records are then pulled.
az monitor diagnostic-settings create --name portcullis --resource "${resource}" --workspace "$WORKSPACE_RESOURCE_ID" \\
  --logs '[{{"categoryGroup": "allLogs", "enabled": true}}]'
"""


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
