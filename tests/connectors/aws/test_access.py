"""Access checks: each permission by one real call, never an exception for a refusal."""

from __future__ import annotations

import pytest

from connectors.aws.access import Access
from connectors.aws.identity import AwsPlatformIdentity
from connectors.aws.permissions import READ, WRITE
from connectors.base.capabilities import Grant
from connectors.base.errors import SettingsError


def test_every_needed_action_gets_a_row_and_what_moto_serves_is_granted(moto):
    rows = {row.action: row for row in Access(moto.settings(), moto.egress, session=moto.session()).check()}
    assert {need.action for need in READ + WRITE} <= rows.keys()
    for action in (
        "sts:AssumeRole",
        "apigateway:GET",
        "wafv2:GetWebACL",
        "logs:FilterLogEvents",
        "s3:GetObject",
    ):
        assert rows[action].grant is Grant.GRANTED, rows[action]


def test_a_role_that_lets_us_in_without_the_external_id_is_reported_with_the_condition_to_add(moto):
    rows = Access(moto.settings(), moto.egress, session=moto.session()).check()
    proof = next(row for row in rows if row.action.endswith("without external id"))
    assert proof.grant is Grant.DENIED
    assert '"sts:ExternalId"' in proof.fix


def test_the_check_leaves_nothing_behind(moto):
    Access(moto.settings(), moto.egress, session=moto.session()).check()
    waf = moto.admin("wafv2")
    assert waf.list_ip_sets(Scope="REGIONAL")["IPSets"] == []
    assert waf.list_rule_groups(Scope="REGIONAL")["RuleGroups"] == []


def test_without_a_network_nothing_is_called_granted(moto):
    settings = moto.settings(endpoint_url="http://127.0.0.1:9")
    rows = Access(settings, moto.egress, session=moto.session(settings)).check()
    assert {row.grant for row in rows} == {Grant.UNKNOWN} or Grant.GRANTED not in {row.grant for row in rows}


def test_a_deployment_without_an_identity_says_which_variables_are_missing():
    with pytest.raises(SettingsError, match="PORTCULLIS_AWS_SECRET_ACCESS_KEY"):
        AwsPlatformIdentity.from_environment({"PORTCULLIS_AWS_ACCESS_KEY_ID": "AKIA"})


@pytest.mark.asvs("16.2.5")
def test_the_identity_never_shows_its_secret():
    identity = AwsPlatformIdentity(access_key_id="AKIA", principal_arn="arn", secret_access_key="s3cr3t")
    assert "s3cr3t" not in repr(identity)
