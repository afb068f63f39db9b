"""Set-up texts: every way grants exactly the permission list, and the files customers run are the same texts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from connectors.aws.manifest import MANIFEST, AwsSettings
from connectors.aws.permissions import READ, WRITE, policy_document
from connectors.aws.setup import cloudformation_template, terraform_module, texts
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
        re.findall(r"\b(?:apigateway|wafv2|logs|s3|cloudtrail):[A-Za-z]+\b(?!:)", body(access, language))
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
