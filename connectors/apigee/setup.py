"""How a service account gets what it needs: one custom role to read, one to block; a switch for security actions."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Mapping
from typing import Any, Final

from connectors.apigee.flow.package import NAME, archive
from connectors.apigee.permissions import FLOW, READ, WRITE
from connectors.base.google.roles import DOCUMENTATION, CustomRole, gcloud, terraform
from connectors.base.google.trust import trust_texts
from connectors.base.manifest import ConnectorSettings, SetupText

ROLES: Final = (
    CustomRole("portcullisApigeeRead", "Apigee read", READ),
    CustomRole("portcullisApigeeBlock", "Apigee write", WRITE),
    CustomRole("portcullisApigeeFlow", "Apigee flow write", FLOW),
)
_SERVICES: Final = ("cloudresourcemanager.googleapis.com", "logging.googleapis.com")
_ACTIONS: Final = "https://cloud.google.com/apigee/docs/api-security/security-actions-api"
_HOOKS: Final = "https://cloud.google.com/apigee/docs/api-platform/fundamentals/flow-hooks"
_BROAD: Final = (
    "# Google has no condition for key value maps of environments: with this role the entries of your other maps could be\n"
    f"# read and changed too. We ask for the map {NAME} alone. Bind the role to single environments instead of the\n"
    "# project where that is narrower (their IAM policy), or block by security actions.\n"
)
_EDGE_ROLES: Final = "https://docs.apigee.com/api-platform/system-administration/edge-built-roles"
_EDGE: Final = (
    "1. Make a machine user for Portcullis and give it the built-in role Read-only Organization Administrator in the\n"
    "   organization. It needs nothing else: Portcullis changes nothing at Apigee Edge.\n"
    "2. Enter its e-mail and password. Where single sign-on is on, leave the user empty and enter an OAuth access token\n"
    "   (get_token); it ends after hours and then has to be entered again.\n"
)
_LOGGING: Final = (
    "https://cloud.google.com/apigee/docs/api-platform/reference/policies/message-logging-policy"
)
#: Flow variables by the name they are logged under. Without ``.values.string`` a header ends at its first comma.
_LOGGED: Final = (
    "messageid", "environment.name", "apiproxy.name", "proxy.basepath", "current.flow.name", "request.verb", "request.uri",
    "request.header.host", "request.header.user-agent.values.string", "client.resolved.ip", "developer.app.name",
    "response.status.code", "client.received.start.timestamp", "target.host", "target.response.status.code",
)  # fmt: skip


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has the issuer and subject that are trusted when there is no key."""
    organization = _value(settings, "organization") or "ORGANIZATION"
    project = _value(settings, "project_id") or _value(settings, "organization") or "PROJECT"
    if _value(settings, "sign_in") == "edge":
        return [SetupText("Apigee Edge: a user who reads", _EDGE, link=_EDGE_ROLES)]
    read, write, flow = ROLES
    enforcer = _value(settings, "enforcer") or "security_actions"
    return [
        SetupText("Read access: gcloud", gcloud(read, project, _SERVICES), "bash", link=DOCUMENTATION),
        SetupText(
            "Read access: Terraform", terraform(read, project, account=True), "terraform", link=DOCUMENTATION
        ),
        *trust_texts(project, context),
        *(_blocking("Blocking", write, project) if enforcer != "shared_flow" else ()),
        *(
            _blocking("Blocking by a shared flow", flow, project, _BROAD)
            if enforcer != "security_actions"
            else ()
        ),
        SetupText(
            "Log every call",
            _policy(_value(settings, "message_log") or "apigee-portcullis"),
            "xml",
            link=_LOGGING,
        ),
        *(
            [
                SetupText(
                    "Switch security actions on", _switch(organization), "bash", link=_ACTIONS, access="write"
                )
            ]
            if enforcer != "shared_flow"
            else []
        ),
        *(
            [
                SetupText(
                    "Beside your own flow hook", _beside(organization), "bash", link=_HOOKS, access="write"
                )
            ]
            if enforcer != "security_actions"
            else []
        ),
    ]


def _blocking(title: str, role: CustomRole, project: str, warning: str = "") -> list[SetupText]:
    return [
        SetupText(
            f"{title}: gcloud", warning + gcloud(role, project), "bash", link=DOCUMENTATION, access="write"
        ),
        SetupText(
            f"{title}: Terraform",
            warning + terraform(role, project),
            "terraform",
            link=DOCUMENTATION,
            access="write",
        ),
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


def _beside(organization: str) -> str:
    """How a customer whose hook is taken lets the own shared flow call ours."""
    written = "\n".join(textwrap.wrap(base64.b64encode(archive()).decode(), 120))
    return f"""# Only where the flow hook PreProxyFlowHook runs a shared flow of yours: ours is never put in its place.
# 1. Deploy our shared flow, once per environment.
ORG=https://apigee.googleapis.com/v1/organizations/{organization} ENVIRONMENT=ENVIRONMENT
TOKEN=$(gcloud auth print-access-token)
base64 -d > {NAME}.zip <<'ZIP'
{written}
ZIP
REVISION=$(curl -fsS -H "Authorization: Bearer $TOKEN" -F file=@{NAME}.zip \\
  "$ORG/sharedflows?action=import&name={NAME}" | jq -r .revision)
curl -fsS -X POST -H "Authorization: Bearer $TOKEN" \\
  "$ORG/environments/$ENVIRONMENT/sharedflows/{NAME}/revisions/$REVISION/deployments?override=true"
# 2. Add this policy to your shared flow and make it its first step, without a condition; deploy your shared flow.
#    <FlowCallout name="FC-Portcullis"><SharedFlowBundle>{NAME}</SharedFlowBundle></FlowCallout>
# 3. Attach your shared flow with continueOnError false: with true Apigee may let pass what ours refuses.
# 4. For blocks of apps, the same for the flow hook PreTargetFlowHook, if it is taken too.
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
