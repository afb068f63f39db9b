"""How load balancer logs come to us: a log sink, a topic, and a push subscription with a signed token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.manifest import ConnectorSettings, PermissionNeed, SetupText
from connectors.cloudarmor.permissions import GROUPS, READ, WRITE

_ROLES: Final = "https://cloud.google.com/iam/docs/creating-custom-roles"
_SERVICES: Final = (
    "compute.googleapis.com",
    "logging.googleapis.com",
    "cloudresourcemanager.googleapis.com",
)
_PUSH: Final = "https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions"
_LOGGING: Final = "https://cloud.google.com/armor/docs/request-logging"
_TYPES: Final = "http_load_balancer OR http_external_regional_lb_rule OR internal_http_lb_rule"


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has ``ingest_url`` and ``ingest_token``."""
    account = _value(settings, "service_account") or "portcullis-push@PROJECT.iam.gserviceaccount.com"
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    project = _value(settings, "project_id") or "PROJECT"
    return [
        SetupText("Read access: gcloud", _role("read", project), "bash", link=_ROLES),
        SetupText("Read access: Terraform", _role_terraform("read", project), "terraform", link=_ROLES),
        SetupText("Blocking: gcloud", _role("write", project), "bash", link=_ROLES, access="write"),
        SetupText(
            "Blocking: Terraform", _role_terraform("write", project), "terraform", link=_ROLES, access="write"
        ),
        SetupText(
            "Blocking with address groups (Enterprise)",
            _role("groups", project),
            "bash",
            link=_ROLES,
            access="write",
        ),
        SetupText("Switch logging on", _logging(), "bash", link=_LOGGING),
        SetupText("Pub/Sub push: gcloud", _gcloud(url, account), "bash", link=_PUSH),
        SetupText("Pub/Sub push: Terraform", _terraform(url, account), "terraform", link=_PUSH),
        SetupText("Forward entries yourself", _forward(url, token), "bash"),
    ]


def _value(settings: ConnectorSettings | Mapping[str, Any], name: str) -> str:
    found = settings.get(name) if isinstance(settings, Mapping) else getattr(settings, name, None)
    return found if isinstance(found, str) else ""


def needs_of(role: str) -> tuple[PermissionNeed, ...]:
    """The permissions of one of the custom roles: read, write, groups."""
    return {"read": READ, "write": WRITE, "groups": GROUPS}[role]


def role_fix(need: PermissionNeed, project: str) -> str:
    """The command that adds one permission to the custom role it belongs to."""
    role = next(name for name in ("read", "write", "groups") if need in needs_of(name))
    return (
        f"gcloud iam roles update {_role_id(role)} --project={project} --add-permissions={need.action}\n"
        "If the role does not exist yet, run the set-up text that makes it."
    )


def _role_id(role: str) -> str:
    return {"read": "portcullisRead", "write": "portcullisBlock", "groups": "portcullisGroups"}[role]


def _role(role: str, project: str) -> str:
    permissions = ",".join(need.action for need in needs_of(role))
    account = f"portcullis@{project}.iam.gserviceaccount.com"
    lines = [f"PROJECT={project}"]
    if role == "read":
        lines += [
            f'gcloud services enable {" ".join(_SERVICES)} --project="$PROJECT"',
            'gcloud iam service-accounts create portcullis --project="$PROJECT" --display-name=Portcullis',
        ]
    lines += [
        f'gcloud iam roles create {_role_id(role)} --project="$PROJECT" --stage=GA \\',
        f"  --title='Portcullis {role}' --permissions={permissions}",
        f'gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:{account}" \\',
        f'  --role="projects/$PROJECT/roles/{_role_id(role)}" --condition=None',
    ]
    if role == "read":
        lines += [
            "# Paste the whole file into the settings, then delete it.",
            f"gcloud iam service-accounts keys create portcullis-key.json --iam-account={account}",
        ]
    return "\n".join(lines) + "\n"


def _role_terraform(role: str, project: str) -> str:
    permissions = ",\n    ".join(f'"{need.action}"' for need in needs_of(role))
    account = ""
    if role == "read":
        account = f"""resource "google_service_account" "portcullis" {{
  project      = "{project}"
  account_id   = "portcullis"
  display_name = "Portcullis"
}}

"""
    return f"""{account}resource "google_project_iam_custom_role" "portcullis_{role}" {{
  project     = "{project}"
  role_id     = "{_role_id(role)}"
  title       = "Portcullis {role}"
  permissions = [
    {permissions},
  ]
}}

resource "google_project_iam_member" "portcullis_{role}" {{
  project = "{project}"
  role    = google_project_iam_custom_role.portcullis_{role}.id
  member  = "serviceAccount:portcullis@{project}.iam.gserviceaccount.com"
}}
"""


def _logging() -> str:
    return """# Requests are only logged where the backend service says so. 1.0 logs every one of them.
gcloud compute backend-services update BACKEND_SERVICE --global --enable-logging --logging-sample-rate=1.0
# Which value a Cloud Armor rule matched (optional; it may hold personal data):
gcloud compute security-policies update POLICY --log-level=VERBOSE
"""


def _gcloud(url: str, account: str) -> str:
    name = account.partition("@")[0]
    return f"""# Enter {account} as service account in the settings.
PROJECT=$(gcloud config get-value project)
NUMBER=$(gcloud projects describe "$PROJECT" --format='value(projectNumber)')
gcloud pubsub topics create portcullis-requests
gcloud logging sinks create portcullis-requests \\
  "pubsub.googleapis.com/projects/$PROJECT/topics/portcullis-requests" \\
  --log-filter='resource.type=({_TYPES}) AND httpRequest.requestMethod:*'
gcloud pubsub topics add-iam-policy-binding portcullis-requests --role=roles/pubsub.publisher \\
  --member="$(gcloud logging sinks describe portcullis-requests --format='value(writerIdentity)')"
gcloud iam service-accounts create {name}
gcloud iam service-accounts add-iam-policy-binding '{account}' --role=roles/iam.serviceAccountTokenCreator \\
  --member="serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
gcloud pubsub subscriptions create portcullis-requests --topic=portcullis-requests --ack-deadline=30 \\
  --push-endpoint='{url}' \\
  --push-auth-service-account='{account}' \\
  --push-auth-token-audience='{url}'
"""


def _terraform(url: str, account: str) -> str:
    return f"""resource "google_pubsub_topic" "portcullis" {{ name = "portcullis-requests" }}

resource "google_logging_project_sink" "portcullis" {{
  name                   = "portcullis-requests"
  destination            = "pubsub.googleapis.com/${{google_pubsub_topic.portcullis.id}}"
  filter                 = "resource.type=({_TYPES}) AND httpRequest.requestMethod:*"
  unique_writer_identity = true
}}

resource "google_pubsub_topic_iam_member" "portcullis" {{
  topic  = google_pubsub_topic.portcullis.id
  role   = "roles/pubsub.publisher"
  member = google_logging_project_sink.portcullis.writer_identity
}}

resource "google_pubsub_subscription" "portcullis" {{
  name                 = "portcullis-requests"
  topic                = google_pubsub_topic.portcullis.id
  ack_deadline_seconds = 30
  push_config {{
    push_endpoint = "{url}"
    oidc_token {{
      service_account_email = "{account}"
      audience              = "{url}"
    }}
  }}
}}
"""


def _forward(url: str, token: str) -> str:
    return f"""# Log entries as JSON, an array or one per line, plain or gzip. Files of a bucket can also be uploaded.
curl -fsS -X POST '{url}' -H 'Authorization: Bearer {token}' \\
  -H 'content-type: application/json' --data-binary @entries.json
"""
