"""CloudFormation templates of the roles: one role in one account, or in every account of an organisation.

Sources: CloudFormation template reference (AWS::IAM::Role, AWS::CloudFormation::StackSet), "Quick-create links".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import yaml

from connectors.aws.permissions import policy_document, trust_document

ROLES: Final = {"read": "portcullis-read", "write": "portcullis-blocking"}
TITLES: Final = {"read": "Read role", "write": "Blocking role (only if blocks may be pushed)"}
#: Name of the template, of its stack and of its stack set.
ORGANIZATION_TEMPLATE: Final = "portcullis-read-organization"

#: Said in the template itself: a second stack would fail at the name of the role.
_UPDATE: Final = """\
# If this account has the stack portcullis-read already, update that stack with this template instead of creating another
# one: both make the role portcullis-read. In accounts of the units that have such a role of their own, the stack set makes
# none and reports it; what connects those stays as it is. Delete their stack to have the stack set's role there.
"""


def cloudformation_template(access: str, principal: str, external_id: str, groups: Sequence[str]) -> str:
    """A template that makes one role; the account is the one it is created in."""
    return _yaml(_role_template(access, principal, external_id, groups))


def organization_template(principal: str, external_id: str, groups: Sequence[str]) -> str:
    """A template for the management account: its own read role, and the same role in every account of the chosen units.

    A stack set with service-managed permissions deploys to accounts that join later by itself, and takes the role away from
    those that leave. It never deploys to the management account.
    """
    template = _role_template("read", principal, external_id, groups, organization=True)
    inner = _role_template("read", "", "", groups)
    template["Description"] = (
        "Portcullis: read role in this account and in every account of the organisation."
    )
    template["Parameters"] |= {
        "OrganizationalUnitIds": {
            "Type": "CommaDelimitedList",
            "Description": "Units whose accounts are connected (ou-...), or the root (r-...) for all of them.",
        },
        "CallAs": {
            "Type": "String",
            "AllowedValues": ["SELF", "DELEGATED_ADMIN"],
            "Default": "SELF",
            "Description": "DELEGATED_ADMIN when this is not the management account.",
        },
    }
    template["Resources"]["Accounts"] = {
        "Type": "AWS::CloudFormation::StackSet",
        "DependsOn": "Role",
        "Properties": {
            "StackSetName": ORGANIZATION_TEMPLATE,
            "Description": "The read role of Portcullis.",
            "PermissionModel": "SERVICE_MANAGED",
            "CallAs": {"Ref": "CallAs"},
            "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": False},
            "ManagedExecution": {"Active": True},
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            # One account that cannot take the role must not keep it from the others.
            "OperationPreferences": {"FailureTolerancePercentage": 100, "MaxConcurrentPercentage": 25},
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": {"Ref": name}}
                for name in ("PrincipalArn", "ExternalId")
            ],
            "StackInstancesGroup": [
                {
                    # A delegated administrator is in a unit itself, and its role is made above.
                    "DeploymentTargets": {
                        "OrganizationalUnitIds": {"Ref": "OrganizationalUnitIds"},
                        "AccountFilterType": "DIFFERENCE",
                        "Accounts": [{"Ref": "AWS::AccountId"}],
                    },
                    "Regions": [{"Ref": "AWS::Region"}],
                }
            ],
            "TemplateBody": _Text(_yaml(inner)),
        },
    }
    return _UPDATE + _yaml(template)


def _role_template(
    access: str, principal: str, external_id: str, groups: Sequence[str], *, organization: bool = False
) -> dict[str, Any]:
    policy = _substituted(
        policy_document(access, "${AWS::AccountId}", tuple(groups), organization=organization)
    )
    trust = trust_document("@principal", "@external")
    statement = trust["Statement"][0]
    statement["Principal"]["AWS"] = {"Ref": "PrincipalArn"}
    statement["Condition"]["StringEquals"]["sts:ExternalId"] = {"Ref": "ExternalId"}
    parameters: dict[str, dict[str, Any]] = {
        "PrincipalArn": {"Type": "String", "Description": "The AWS principal of Portcullis."},
        "ExternalId": {
            "Type": "String",
            "Description": "The external id of this connection.",
            "MinLength": 16,
        },
    }
    for name, value in (("PrincipalArn", principal), ("ExternalId", external_id)):
        if value:
            parameters[name]["Default"] = value
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Portcullis: {TITLES[access].lower()}. Made from its permission list.",
        "Parameters": parameters,
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": ROLES[access],
                    "MaxSessionDuration": 3600,
                    "AssumeRolePolicyDocument": trust,
                    "Policies": [{"PolicyName": "portcullis", "PolicyDocument": policy}],
                    "Tags": [{"Key": "portcullis", "Value": access}],
                },
            }
        },
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }


class _Text(str):
    """Text that is written line by line."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes ``_Text`` as a block."""


_Dumper.add_representer(
    _Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
)


def _yaml(template: dict[str, Any]) -> str:
    dumped = yaml.dump(template, Dumper=_Dumper, sort_keys=False, width=120, default_flow_style=False)
    return str(dumped)


def _substituted(value: Any) -> Any:
    """Strings that name the account become ``Fn::Sub`` expressions."""
    if isinstance(value, dict):
        return {key: _substituted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_substituted(inner) for inner in value]
    return {"Fn::Sub": value} if isinstance(value, str) and "${" in value else value


def quick_create(name: str, region: str, principal: str, external_id: str, base: str) -> str:
    """CloudFormation's review page with the published template, or its upload page when none is published."""
    console = f"https://{region}.console.aws.amazon.com/cloudformation/home?region={region}#/stacks"
    if not base:
        return f"{console}/create/template"
    parameters = {
        "templateURL": f"{base.rstrip('/')}/{name}.yaml",
        "stackName": name,
        "param_PrincipalArn": principal,
        "param_ExternalId": external_id,
    }
    return f"{console}/quickcreate?{urlencode(parameters, quote_via=quote)}"
