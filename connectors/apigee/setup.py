"""How a service account gets what it needs: one custom role to read, one to block; a switch for security actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.apigee.permissions import READ, WRITE
from connectors.base.google.roles import DOCUMENTATION, CustomRole, gcloud, terraform
from connectors.base.google.trust import trust_texts
from connectors.base.manifest import ConnectorSettings, SetupText

ROLES: Final = (
    CustomRole("portcullisApigeeRead", "Apigee read", READ),
    CustomRole("portcullisApigeeBlock", "Apigee write", WRITE),
)
_SERVICES: Final = ("cloudresourcemanager.googleapis.com", "logging.googleapis.com")
_ACTIONS: Final = "https://cloud.google.com/apigee/docs/api-security/security-actions-api"
_LOGGING: Final = (
    "https://cloud.google.com/apigee/docs/api-platform/reference/policies/message-logging-policy"
)
#: Flow variables by the name they are logged under.
_LOGGED: Final = (
    "messageid", "environment.name", "apiproxy.name", "proxy.basepath", "current.flow.name", "request.verb", "request.uri",
    "request.header.host", "request.header.user-agent", "client.resolved.ip", "developer.app.name", "response.status.code",
    "client.received.start.timestamp", "target.host", "target.response.status.code",
)  # fmt: skip


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has the issuer and subject that are trusted when there is no key."""
    organization = _value(settings, "organization") or "ORGANIZATION"
    project = _value(settings, "project_id") or _value(settings, "organization") or "PROJECT"
    read, write = ROLES
    return [
        SetupText("Read access: gcloud", gcloud(read, project, _SERVICES), "bash", link=DOCUMENTATION),
        SetupText(
            "Read access: Terraform", terraform(read, project, account=True), "terraform", link=DOCUMENTATION
        ),
        *trust_texts(project, context),
        SetupText("Blocking: gcloud", gcloud(write, project), "bash", link=DOCUMENTATION, access="write"),
        SetupText(
            "Blocking: Terraform", terraform(write, project), "terraform", link=DOCUMENTATION, access="write"
        ),
        SetupText(
            "Log every call",
            _policy(_value(settings, "message_log") or "apigee-portcullis"),
            "xml",
            link=_LOGGING,
        ),
        SetupText("Switch security actions on", _switch(organization), "bash", link=_ACTIONS, access="write"),
    ]


def _value(settings: ConnectorSettings | Mapping[str, Any], name: str) -> str:
    found = settings.get(name) if isinstance(settings, Mapping) else getattr(settings, name, None)
    return found if isinstance(found, str) else ""


def _switch(organization: str) -> str:
    return f"""# Needs the add-on Advanced API Security, for the organization or for the environment (pay-as-you-go).
# Once per environment; it may take ten minutes until a security action works.
CONFIG=organizations/{organization}/environments/ENVIRONMENT/securityActionsConfig
curl -fsS -X PATCH -H "Authorization: Bearer $(gcloud auth print-access-token)" -H 'content-type: application/json' \\
  "https://apigee.googleapis.com/v1/$CONFIG?updateMask=enabled" -d '{{"enabled": true}}'
"""


def _policy(log: str) -> str:
    """The message logging policy that writes what ``connectors.apigee.messages`` reads."""
    names = {"client.resolved.ip": "ax_resolved_client_ip"}
    members = ",\n      ".join(f'"{names.get(name, name)}": "{{escapeJSON({name})}}"' for name in _LOGGED)
    return f"""<!-- Put this into the PostClientFlow of each proxy, or into a shared flow of the PostProxyFlowHook.
     Enter {log} as message log in the settings.
     Deploy the proxy with a service account that has roles/logging.logWriter. -->
<MessageLogging continueOnError="true" enabled="true" name="ML-Portcullis">
  <CloudLogging>
    <LogName>projects/{{organization.name}}/logs/{log}</LogName>
    <Message contentType="application/json" defaultVariableValue="">{{
      {members}
    }}</Message>
  </CloudLogging>
</MessageLogging>
"""
