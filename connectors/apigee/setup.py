"""How a service account gets what it needs: one custom role to read, one to block; a switch for security actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.apigee.permissions import READ, WRITE
from connectors.base.manifest import ConnectorSettings, PermissionNeed, SetupText

_ROLES: Final = "https://cloud.google.com/iam/docs/creating-custom-roles"
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
_ROLE_IDS: Final = {"read": "portcullisApigeeRead", "write": "portcullisApigeeBlock"}


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; nothing in them is made by us."""
    organization = _value(settings, "organization") or "ORGANIZATION"
    project = _value(settings, "project_id") or _value(settings, "organization") or "PROJECT"
    return [
        SetupText("Read access: gcloud", _role("read", project), "bash", link=_ROLES),
        SetupText("Read access: Terraform", _role_terraform("read", project), "terraform", link=_ROLES),
        SetupText("Blocking: gcloud", _role("write", project), "bash", link=_ROLES, access="write"),
        SetupText(
            "Blocking: Terraform", _role_terraform("write", project), "terraform", link=_ROLES, access="write"
        ),
        SetupText(
            "Log every call",
            _policy(_value(settings, "message_log") or "apigee-portcullis"),
            "xml",
            link=_LOGGING,
        ),
        SetupText("Switch security actions on", _switch(organization), "bash", link=_ACTIONS, access="write"),
    ]


def role_fix(need: PermissionNeed, project: str) -> str:
    """The command that adds one permission to the custom role it belongs to."""
    role = "read" if need in READ else "write"
    return (
        f"gcloud iam roles update {_ROLE_IDS[role]} --project={project} --add-permissions={need.action}\n"
        "If the role does not exist yet, run the set-up text that makes it."
    )


def _value(settings: ConnectorSettings | Mapping[str, Any], name: str) -> str:
    found = settings.get(name) if isinstance(settings, Mapping) else getattr(settings, name, None)
    return found if isinstance(found, str) else ""


def _needs(role: str) -> tuple[str, ...]:
    return tuple(need.action for need in (READ if role == "read" else WRITE))


def _role(role: str, project: str) -> str:
    account = f"portcullis@{project}.iam.gserviceaccount.com"
    lines = [f"PROJECT={project}"]
    if role == "read":
        lines += [
            'gcloud services enable cloudresourcemanager.googleapis.com logging.googleapis.com --project="$PROJECT"',
            'gcloud iam service-accounts create portcullis --project="$PROJECT" --display-name=Portcullis',
        ]
    lines += [
        f'gcloud iam roles create {_ROLE_IDS[role]} --project="$PROJECT" --stage=GA \\',
        f"  --title='Portcullis Apigee {role}' --permissions={','.join(_needs(role))}",
        f'gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:{account}" \\',
        f'  --role="projects/$PROJECT/roles/{_ROLE_IDS[role]}" --condition=None',
    ]
    if role == "read":
        lines += [
            "# Paste the whole file into the settings, then delete it.",
            f"gcloud iam service-accounts keys create portcullis-key.json --iam-account={account}",
        ]
    return "\n".join(lines) + "\n"


def _role_terraform(role: str, project: str) -> str:
    permissions = ",\n    ".join(f'"{action}"' for action in _needs(role))
    account = ""
    if role == "read":
        account = f"""resource "google_service_account" "portcullis" {{
  project      = "{project}"
  account_id   = "portcullis"
  display_name = "Portcullis"
}}

"""
    return f"""{account}resource "google_project_iam_custom_role" "portcullis_apigee_{role}" {{
  project     = "{project}"
  role_id     = "{_ROLE_IDS[role]}"
  title       = "Portcullis Apigee {role}"
  permissions = [
    {permissions},
  ]
}}

resource "google_project_iam_member" "portcullis_apigee_{role}" {{
  project = "{project}"
  role    = google_project_iam_custom_role.portcullis_apigee_{role}.id
  member  = "serviceAccount:portcullis@{project}.iam.gserviceaccount.com"
}}
"""


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
