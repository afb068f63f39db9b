"""Set-up texts: every way grants exactly the permission list, and the files customers run are the same texts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from connectors.aws.cloudformation import cloudformation_template, organization_template
from connectors.aws.manifest import MANIFEST, AwsSettings
from connectors.aws.permissions import READ, WRITE, policy_document
from connectors.aws.setup import terraform_module, texts
from connectors.base import registry

INFRA = Path(__file__).parents[3] / "infra"
GROUPS = list(AwsSettings.model_fields["access_log_groups"].default)
SETTINGS = {
    "account_id": "123456789012",
    "regions": ["eu-west-1"],
    "external_id": "5b0f4b1c-7f5e-4a9e-9d7c-0d6a4f1c2b3a",
}
CONTEXT = {"principal": "arn:aws:iam::999988887777:user/portcullis"}
NEEDS = {"read": READ, "write": WRITE}


def body(access: str, language: str) -> str:
    return next(
        text.body for text in texts(SETTINGS, CONTEXT) if (text.access, text.language) == (access, language)
    )


@pytest.mark.parametrize("access", ["read", "write"])
@pytest.mark.parametrize("language", ["yaml", "terraform", "bash", "json"])
def test_every_text_names_exactly_the_permissions_we_need(access, language):
    found = set(
        re.findall(
            r"\b(?:apigateway|wafv2|logs|s3|cloudtrail|elasticloadbalancing|cloudfront):[A-Za-z]+\b(?!:)",
            body(access, language),
        )
    )
    assert found == {need.action for need in NEEDS[access]}


def test_the_bare_policy_is_the_policy_the_double_enforces():
    assert json.loads(body("read", "json")) == policy_document("read", "123456789012", tuple(GROUPS))


@pytest.mark.parametrize("access", ["read", "write"])
@pytest.mark.parametrize("language", ["yaml", "terraform", "bash"])
def test_every_role_trusts_only_our_principal_with_the_external_id(access, language):
    text = body(access, language)
    assert CONTEXT["principal"] in text
    assert str(SETTINGS["external_id"]) in text
    assert "sts:ExternalId" in text


def test_the_template_is_yaml_whose_role_has_the_same_statements():
    template = yaml.safe_load(body("read", "yaml"))
    policy = template["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"]
    plain = json.loads(json.dumps(policy).replace("${AWS::AccountId}", "123456789012"))
    unsubstituted = [
        [entry["Fn::Sub"] if isinstance(entry, dict) else entry for entry in statement["Resource"]]
        for statement in plain["Statement"]
    ]
    expected = policy_document("read", "123456789012", tuple(GROUPS))["Statement"]
    assert unsubstituted == [statement["Resource"] for statement in expected]


def test_the_quick_create_link_carries_template_principal_and_external_id():
    made = texts(SETTINGS, {**CONTEXT, "template_url": "https://templates.example/"})
    link = next(text.link for text in made if text.language == "yaml" and text.access == "read")
    assert link.startswith(
        "https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/quickcreate?"
    )
    assert "templateURL=https%3A%2F%2Ftemplates.example%2Fportcullis-read.yaml" in link
    assert f"param_ExternalId={SETTINGS['external_id']}" in link


def test_a_draft_without_settings_already_has_texts():
    assert len(texts({"external_id": SETTINGS["external_id"]}, {})) == 9


def test_a_policy_fits_an_inline_role_policy():
    for access in ("read", "write"):
        policy = policy_document(access, "123456789012", tuple(GROUPS))
        assert len(json.dumps(policy, separators=(",", ":"))) < 10_240


@pytest.mark.parametrize(
    ("access", "template", "module"),
    [
        ("read", "portcullis-read.yaml", "aws_read_role"),
        ("write", "portcullis-blocking.yaml", "aws_blocking_role"),
    ],
)
def test_the_files_customers_run_are_made_from_the_permission_list(access, template, module):
    written = (INFRA / "cloudformation" / template).read_text()
    assert written == cloudformation_template(access, "", "", GROUPS)
    directory = INFRA / "terraform" / "modules" / module
    assert (directory / "main.tf").read_text() == terraform_module(access)
    used = set(re.findall(r"var\.(\w+)", (directory / "main.tf").read_text()))
    declared = set(re.findall(r'variable "(\w+)"', (directory / "variables.tf").read_text()))
    assert used == declared


def test_an_organisations_template_makes_the_same_role_in_every_account_of_the_chosen_units():
    whole = yaml.safe_load(organization_template(CONTEXT["principal"], str(SETTINGS["external_id"]), GROUPS))
    role, stack_set = whole["Resources"]["Role"], whole["Resources"]["Accounts"]["Properties"]
    inner = yaml.safe_load(stack_set["TemplateBody"])
    assert inner == yaml.safe_load(cloudformation_template("read", "", "", GROUPS))
    assert inner["Resources"]["Role"]["Properties"]["RoleName"] == role["Properties"]["RoleName"]
    passed_on = {entry["ParameterKey"]: entry["ParameterValue"] for entry in stack_set["Parameters"]}
    assert passed_on == {name: {"Ref": name} for name in inner["Parameters"]}
    assert stack_set["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": False}
    assert stack_set["PermissionModel"] == "SERVICE_MANAGED"
    targets = stack_set["StackInstancesGroup"][0]["DeploymentTargets"]
    assert targets["OrganizationalUnitIds"] == {"Ref": "OrganizationalUnitIds"}
    text = organization_template("", "", GROUPS)
    assert text.isascii()  # CloudFormation replaces other characters
    assert len(text) < 51_200  # bytes of a template that is uploaded as it is
    assert (INFRA / "cloudformation" / "portcullis-read-organization.yaml").read_text() == text


def test_the_listing_account_gets_its_role_once_also_when_it_is_in_one_of_the_units():
    whole = yaml.safe_load(organization_template("", "", GROUPS))["Resources"]["Accounts"]
    (instances,) = whole["Properties"]["StackInstancesGroup"]
    assert instances["DeploymentTargets"]["AccountFilterType"] == "DIFFERENCE"
    assert instances["DeploymentTargets"]["Accounts"] == [{"Ref": "AWS::AccountId"}]
    assert whole["DependsOn"] == "Role"


def test_who_connected_the_account_before_is_told_to_update_the_stack_it_has():
    (text,) = (
        text
        for text in texts({**SETTINGS, "organization": True}, CONTEXT)
        if text.access == "read" and text.language == "yaml"
    )
    assert text.body.startswith("# If this account has the stack portcullis-read already, update that stack")


def test_only_the_account_that_lists_the_organisation_is_asked_for_that():
    one, whole = (
        next(
            text
            for text in texts({**SETTINGS, "organization": organization}, CONTEXT)
            if text.access == "read" and text.language == "yaml"
        )
        for organization in (False, True)
    )
    assert "organizations:ListAccounts" not in one.body
    made = yaml.safe_load(whole.body)
    assert "organizations:ListAccounts" in json.dumps(made["Resources"]["Role"])
    assert "organizations:ListAccounts" not in made["Resources"]["Accounts"]["Properties"]["TemplateBody"]


def test_the_read_modules_log_groups_are_an_expression_of_the_variable():
    assert "for name in var.access_log_groups" in terraform_module("read")
    assert "log-group:${name}:*" in terraform_module("read")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account_id": "123"}, "12"),
        ({"regions": ["Frankfurt"]}, "region"),
        ({"regions": []}, "at least 1"),
        ({"role_arn": "arn:aws:iam::999999999999:role/x"}, "belongs to account"),
        ({"blocking_role_arn": "portcullis"}, "not the ARN"),
        ({"endpoint_url": "ftp://x"}, "http"),
        ({"secret_key": "x"}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_words(changes, words):
    values = {**SETTINGS, "role_arn": "arn:aws:iam::123456789012:role/portcullis-read", **changes}
    with pytest.raises(ValueError, match=words):
        AwsSettings(**values)


def test_the_connector_is_found_by_its_folder():
    assert registry.manifests()["aws"] is MANIFEST
    for capability in MANIFEST.capabilities:
        assert registry.implementation("aws", capability)
