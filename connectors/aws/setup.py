"""The wizard's texts for AWS: two roles, each as CloudFormation, Terraform, command line and bare policy.

All of them, and the files under ``infra/``, are made from the one permission list, so that what we ask for is what
we use. Nothing here is a secret: an external id is useless without our principal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from connectors.aws.cloudformation import (
    ORGANIZATION_TEMPLATE,
    ROLES,
    TITLES,
    cloudformation_template,
    organization_template,
    quick_create,
)
from connectors.aws.identity import trusted_principal
from connectors.aws.manifest import AwsSettings
from connectors.aws.permissions import policy_document, trust_document
from connectors.base.manifest import ConnectorSettings, SetupText

_FIREHOSE: Final = "https://docs.aws.amazon.com/firehose/latest/dev/create-destination.html"
_NO_PRINCIPAL: Final = "ASK-YOUR-PORTCULLIS-OPERATOR-FOR-THE-PRINCIPAL-ARN"
#: Marks in generated Terraform that become expressions of variables.
_ACCOUNT: Final = "${var.account_id}"
_GROUP: Final = "@log_groups@"


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab. ``context`` may have ``principal`` and ``template_url`` (where the templates are published).

    For an organisation CloudFormation makes the read role here and, by a stack set, in every account; the other ways make it
    here only.
    """
    values = settings if isinstance(settings, Mapping) else settings.model_dump()
    account = str(values.get("account_id") or "YOUR-ACCOUNT-ID")
    external_id = str(values.get("external_id") or context.get("external_id") or "")
    principal = context.get("principal") or trusted_principal() or _NO_PRINCIPAL
    groups = tuple(values.get("access_log_groups") or _default_groups())
    region = str((values.get("regions") or ["us-east-1"])[0])
    whole = bool(values.get("organization"))
    made: list[SetupText] = []
    for access in ("read", "write"):
        title, policy = TITLES[access], policy_document(access, account, groups, organization=whole)
        trust = trust_document(principal, external_id)
        template, name = cloudformation_template(access, principal, external_id, groups), ROLES[access]
        if whole and access == "read":
            template, name = organization_template(principal, external_id, groups), ORGANIZATION_TEMPLATE
            title = "Read role here and in every account"
        link = quick_create(name, region, principal, external_id, context.get("template_url", ""))
        made += [
            SetupText(f"{title}: CloudFormation", template, "yaml", link, access),
            SetupText(
                f"{TITLES[access]}: Terraform", _terraform(access, trust, policy), "terraform", access=access
            ),
            SetupText(
                f"{TITLES[access]}: AWS CLI", _command_line(access, trust, policy), "bash", access=access
            ),
            SetupText(f"{TITLES[access]}: policy only", _json(policy), "json", access=access),
        ]
    stream = firehose_terraform(context.get("ingest_url", ""), context.get("ingest_token", ""))
    made.append(SetupText("Push logs by Firehose (optional): Terraform", stream, "terraform", _FIREHOSE))
    return made


def firehose_terraform(url: str, token: str) -> str:
    """A delivery stream to our HTTP endpoint; what cannot be delivered for an hour is kept in the customer's bucket."""
    return f"""# A stream for WAF logs must be named aws-waf-logs-*, one for API Gateway access logs amazon-apigateway-*.
resource "aws_kinesis_firehose_delivery_stream" "portcullis" {{
  name        = "aws-waf-logs-portcullis"
  destination = "http_endpoint"

  http_endpoint_configuration {{
    name               = "Portcullis"
    url                = "{url}"
    access_key         = "{token}"
    buffering_size     = 4
    buffering_interval = 60
    retry_duration     = 3600
    role_arn           = aws_iam_role.firehose.arn # may write to the bucket below
    s3_backup_mode     = "FailedDataOnly"

    request_configuration {{
      content_encoding = "GZIP"
    }}
    s3_configuration {{
      role_arn   = aws_iam_role.firehose.arn
      bucket_arn = aws_s3_bucket.undelivered_logs.arn
    }}
  }}
}}
"""


def terraform_module(access: str) -> str:
    """``main.tf`` of the module under ``infra/terraform/modules``; principal, id, account and groups are variables."""
    trust = trust_document("${var.principal_arn}", "${var.external_id}")
    policy = policy_document(access, _ACCOUNT, (_GROUP,))
    return _terraform(access, trust, policy, expressions=True)


def _default_groups() -> list[str]:
    return list(AwsSettings.model_fields["access_log_groups"].default)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2)


def _terraform(
    access: str, trust: dict[str, Any], policy: dict[str, Any], *, expressions: bool = False
) -> str:
    name = ROLES[access]
    label = name.replace("-", "_")
    return f"""resource "aws_iam_role" "{label}" {{
  name                 = "{name}"
  max_session_duration = 3600
  tags                 = {{ portcullis = "{access}" }}

  assume_role_policy = jsonencode({_indented(trust)})
}}

resource "aws_iam_role_policy" "{label}" {{
  name = "portcullis"
  role = aws_iam_role.{label}.id

  policy = jsonencode({_indented(policy, expressions)})
}}

output "role_arn{"" if expressions else f"_{access}"}" {{
  description = "Enter this in Portcullis."
  value       = aws_iam_role.{label}.arn
}}
"""


def _indented(value: Any, expressions: bool = False) -> str:
    """JSON is a valid HCL expression; lists that hold log groups become ``concat`` of a ``for`` expression."""
    if expressions:
        value = _marked(value)
    text = _json(value).replace("\n", "\n  ")
    return text.replace('"@concat(', "concat(").replace(')@"', ")").replace('\\"', '"')


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _marked(inner) for key, inner in value.items()}
    if isinstance(value, list) and any(isinstance(entry, str) and _GROUP in entry for entry in value):
        fixed = [entry for entry in value if _GROUP not in entry]
        pattern = next(entry for entry in value if _GROUP in entry).replace(_GROUP, "${name}")
        return f'@concat({json.dumps(fixed)}, [for name in var.access_log_groups : "{pattern}"])@'
    return [_marked(inner) for inner in value] if isinstance(value, list) else value


def _command_line(access: str, trust: dict[str, Any], policy: dict[str, Any]) -> str:
    name = ROLES[access]
    return f"""cat > trust.json <<'JSON'
{_json(trust)}
JSON
cat > policy.json <<'JSON'
{_json(policy)}
JSON
aws iam create-role --role-name {name} --max-session-duration 3600 --assume-role-policy-document file://trust.json
aws iam put-role-policy --role-name {name} --policy-name portcullis --policy-document file://policy.json
aws iam get-role --role-name {name} --query Role.Arn --output text
"""
