"""How load balancer logs come to us: a log sink, a topic, and a push subscription with a signed token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.google.roles import DOCUMENTATION, CustomRole, gcloud, terraform
from connectors.base.google.trust import trust_texts
from connectors.base.manifest import ConnectorSettings, SetupText
from connectors.cloudarmor.permissions import GROUPS, READ, WRITE

ROLES: Final = (
    CustomRole("portcullisRead", "read", READ),
    CustomRole("portcullisBlock", "write", WRITE),
    CustomRole("portcullisGroups", "groups", GROUPS),
)
_SERVICES: Final = (
    "compute.googleapis.com",
    "logging.googleapis.com",
    "cloudresourcemanager.googleapis.com",
)
_PUSH: Final = "https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions"
_LOGGING: Final = "https://cloud.google.com/armor/docs/request-logging"
_TYPES: Final = "http_load_balancer OR http_external_regional_lb_rule OR internal_http_lb_rule"


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab; ``context`` has ``ingest_url``, ``ingest_token``, and the issuer and subject of federation."""
    account = _value(settings, "service_account") or "portcullis-push@PROJECT.iam.gserviceaccount.com"
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    project = _value(settings, "project_id") or "PROJECT"
    read, write, groups = ROLES
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
            "Blocking with address groups (Enterprise)",
            gcloud(groups, project),
            "bash",
            link=DOCUMENTATION,
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
