"""How a customer trusts one connection of ours by name, as commands and as Terraform, and the proof that it trusts no other.

Sources: "Configure Workload Identity Federation with other identity providers", "Let customers access their Google Cloud
resources from your product or service".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import ConnectorError, PermissionMissing
from connectors.base.google.federation import ExchangeRefused, FederatedTokens
from connectors.base.google.tokens import Tokens
from connectors.base.identity import caution
from connectors.base.manifest import SetupText

PROOF: Final = "sts.token of another workspace"
_PURPOSE: Final = (
    "Proof that your identity provider refuses other workspaces (protects you from the confused deputy)."
)
_DOCUMENTATION: Final = "https://cloud.google.com/iam/docs/workload-identity-federation-with-other-providers"
#: The pool the texts make; its providers are one per connection, so that each has a condition of its own.
_POOL: Final = "portcullis"


def condition(subject: str) -> str:
    """The attribute condition that admits one connection and nobody else."""
    return f"assertion.sub == '{subject}'"


def proof(tokens: Tokens) -> list[Permission]:
    """Show Google a token of a workspace that does not exist: denied when it is taken. Nothing to prove with a key."""
    if not isinstance(tokens, FederatedTokens):
        return []
    try:
        federated = tokens.stranger()
    except ExchangeRefused as error:
        if error.reason == "unauthorized_client":
            return [_row(Grant.GRANTED, "Google refused, as it must.")]
        return [_row(Grant.UNKNOWN, error.what)]
    except ConnectorError as error:
        return [_row(Grant.UNKNOWN, error.what)]
    detail = "The provider admits every workspace of this Portcullis"
    try:
        tokens.taken(federated)
    except PermissionMissing:
        detail += ". Only the service account's own policy keeps them from reading your project."
    except ConnectorError as error:
        detail += (
            f". Whether the service account lets them read your project could not be tested: {error.what}"
        )
    else:
        detail += ", and the service account lets each of them read your project."
    return [_row(Grant.DENIED, detail, "Give the provider the attribute condition of the set-up texts.")]


def _row(grant: Grant, detail: str, fix: str = "") -> Permission:
    return Permission(PROOF, _PURPOSE, "read", grant, detail, fix, proof=True)


def trust_texts(project: str, context: Mapping[str, str]) -> list[SetupText]:
    """The two tabs; ``context`` has ``federation_issuer`` and ``federation_subject``."""
    issuer, subject = context.get("federation_issuer", ""), context.get("federation_subject", "")
    provider = context.get("connection_id", "").replace("_", "-") or _POOL
    title = "Sign in without a key"
    return [
        SetupText(f"{title}: gcloud", _gcloud(project, provider, issuer, subject), "bash", _DOCUMENTATION),
        SetupText(
            f"{title}: Terraform", _terraform(project, provider, issuer, subject), "terraform", _DOCUMENTATION
        ),
    ]


def _gcloud(project: str, provider: str, issuer: str, subject: str) -> str:
    return f"""{caution(issuer)}# Lets this connection, and no other, take the service account of "Read access".
# That then needs no key.
PROJECT={project}
PROVIDER={provider}
NUMBER=$(gcloud projects describe "$PROJECT" --format='value(projectNumber)')
gcloud services enable iam.googleapis.com sts.googleapis.com iamcredentials.googleapis.com --project="$PROJECT"
# One pool for all connections of this project: where it exists, leave this out.
gcloud iam workload-identity-pools create {_POOL} --project="$PROJECT" --location=global --display-name=Portcullis
gcloud iam workload-identity-pools providers create-oidc "$PROVIDER" --project="$PROJECT" --location=global \\
  --workload-identity-pool={_POOL} --issuer-uri='{issuer}' \\
  --attribute-mapping='google.subject=assertion.sub' \\
  --attribute-condition="{condition(subject)}"
gcloud iam service-accounts add-iam-policy-binding "portcullis@$PROJECT.iam.gserviceaccount.com" --project="$PROJECT" \\
  --role=roles/iam.workloadIdentityUser \\
  --member="principal://iam.googleapis.com/projects/$NUMBER/locations/global/workloadIdentityPools/{_POOL}/subject/{subject}"
# Enter what this prints as workload identity provider, and portcullis@{project}.iam.gserviceaccount.com as service account.
gcloud iam workload-identity-pools providers describe "$PROVIDER" --project="$PROJECT" --location=global \\
  --workload-identity-pool={_POOL} --format='value(name)'
"""


def _terraform(project: str, provider: str, issuer: str, subject: str) -> str:
    return f"""{caution(issuer)}# Beside "Read access: Terraform" with its service account. One pool serves all connections.
resource "google_project_service" "portcullis" {{
  for_each = toset(["iam.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com"])
  project  = "{project}"
  service  = each.value
}}

resource "google_iam_workload_identity_pool" "portcullis" {{
  project                   = "{project}"
  workload_identity_pool_id = "{_POOL}"
  display_name              = "Portcullis"
}}

resource "google_iam_workload_identity_pool_provider" "portcullis" {{
  project                            = "{project}"
  workload_identity_pool_id          = google_iam_workload_identity_pool.portcullis.workload_identity_pool_id
  workload_identity_pool_provider_id = "{provider}"
  attribute_mapping                  = {{ "google.subject" = "assertion.sub" }}
  attribute_condition                = "{condition(subject)}"
  oidc {{
    issuer_uri = "{issuer}"
  }}
}}

resource "google_service_account_iam_member" "portcullis_federation" {{
  service_account_id = google_service_account.portcullis.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${{google_iam_workload_identity_pool.portcullis.name}}/subject/{subject}"
}}

output "workload_identity_provider" {{
  description = "Enter this in Portcullis."
  value       = google_iam_workload_identity_pool_provider.portcullis.name
}}
"""
