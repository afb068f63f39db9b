"""Custom IAM roles for our service account, as commands and as Terraform, made from the permissions a manifest asks for.

Source: "Create and manage custom roles".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.base.manifest import PermissionNeed

DOCUMENTATION: Final = "https://cloud.google.com/iam/docs/creating-custom-roles"


@dataclass(frozen=True, slots=True)
class CustomRole:
    """One role: its id at Google, what it is called (also as a Terraform resource) and what it holds."""

    id: str
    name: str
    needs: tuple[PermissionNeed, ...]


def gcloud(role: CustomRole, project: str, services: Sequence[str] = ()) -> str:
    """Commands that make the role and grant it; with ``services`` also those that come first: APIs, account and key."""
    permissions = ",".join(need.action for need in role.needs)
    account = _account(project)
    lines = [f"PROJECT={project}"]
    if services:
        lines += [
            f'gcloud services enable {" ".join(services)} --project="$PROJECT"',
            'gcloud iam service-accounts create portcullis --project="$PROJECT" --display-name=Portcullis',
        ]
    lines += [
        f'gcloud iam roles create {role.id} --project="$PROJECT" --stage=GA \\',
        f"  --title='Portcullis {role.name}' --permissions={permissions}",
        f'gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:{account}" \\',
        f'  --role="projects/$PROJECT/roles/{role.id}" --condition=None',
    ]
    if services:
        lines += [
            "# Only to sign in with a key: paste the whole file into the settings, then delete it.",
            f"gcloud iam service-accounts keys create portcullis-key.json --iam-account={account}",
        ]
    return "\n".join(lines) + "\n"


def terraform(role: CustomRole, project: str, *, account: bool = False) -> str:
    """The role and its grant as Terraform, with ``account`` also the service account."""
    permissions = ",\n    ".join(f'"{need.action}"' for need in role.needs)
    resource = f"portcullis_{role.name.lower().replace(' ', '_')}"
    first = ""
    if account:
        first = f"""resource "google_service_account" "portcullis" {{
  project      = "{project}"
  account_id   = "portcullis"
  display_name = "Portcullis"
}}

"""
    return f"""{first}resource "google_project_iam_custom_role" "{resource}" {{
  project     = "{project}"
  role_id     = "{role.id}"
  title       = "Portcullis {role.name}"
  permissions = [
    {permissions},
  ]
}}

resource "google_project_iam_member" "{resource}" {{
  project = "{project}"
  role    = google_project_iam_custom_role.{resource}.id
  member  = "serviceAccount:{_account(project)}"
}}
"""


def fix(roles: Sequence[CustomRole], need: PermissionNeed, project: str) -> str:
    """The command that adds one permission to the role it belongs to."""
    role = next(role for role in roles if need in role.needs)
    return (
        f"gcloud iam roles update {role.id} --project={project} --add-permissions={need.action}\n"
        "If the role does not exist yet, run the set-up text that makes it."
    )


def _account(project: str) -> str:
    return f"portcullis@{project}.iam.gserviceaccount.com"
