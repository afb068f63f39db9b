"""Apigee signs in without a key by the same way as Cloud Armor (whose tests try what can go wrong)."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.apigee.access import Access
from connectors.apigee.config import Config
from connectors.apigee.manifest import ApigeeSettings
from connectors.apigee.setup import texts
from connectors.base.capabilities import Grant
from connectors.base.google.trust import PROOF, condition
from connectors.base.model import Completeness
from tests.connectors.apigee.world import ORGANIZATION
from tests.connectors.issuer import SUBJECT, Named, running_issuer

POOL = "projects/123456789/locations/global/workloadIdentityPools/portcullis"
GIVEN = {
    "organization": ORGANIZATION,
    "sign_in": "federation",
    "workload_provider": f"{POOL}/providers/con-01k8x",
    "federated_account": f"portcullis@{ORGANIZATION}.iam.gserviceaccount.com",
}


def test_an_organization_is_read_and_the_trust_proven_without_any_key_of_it(gateway):
    settings = ApigeeSettings.model_validate(GIVEN | {"api_url": gateway.base})
    with running_issuer() as issuer:
        provider = {"issuer": issuer.url, "condition": condition(SUBJECT)}
        member = f"principal://iam.googleapis.com/{POOL}/subject/{SUBJECT}"
        body = {
            "providers": {settings.workload_provider: provider},
            "members": {settings.federated_account: [member]},
        }
        gateway.knob("POST", "federation", body)
        snapshot = Config(settings, gateway.egress, Named(issuer)).read_config()
        rows = {row.action: row.grant for row in Access(settings, gateway.egress, Named(issuer)).check()}
    assert [s.name for s in snapshot.sections if s.completeness is not Completeness.COMPLETE] == []
    assert rows[PROOF] is Grant.GRANTED
    assert set(rows.values()) == {Grant.GRANTED}


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        (("sign_in",), "service_account_key"),
        (("workload_provider",), "workload_provider"),
        (("federated_account",), "federated_account"),
    ],
)
def test_what_the_chosen_way_needs_is_required(left_out, missing):
    with pytest.raises(ValidationError) as refused:
        ApigeeSettings.model_validate({name: GIVEN[name] for name in GIVEN if name not in left_out})
    assert [(entry["type"], entry["loc"]) for entry in refused.value.errors()] == [("missing", (missing,))]


def test_the_texts_name_issuer_and_subject():
    context = {"federation_issuer": "https://portcullis.example", "federation_subject": SUBJECT}
    made = [text.body for text in texts(GIVEN, context) if text.title.startswith("Sign in without a key")]
    assert len(made) == 2
    assert all(condition(SUBJECT) in body and "https://portcullis.example" in body for body in made)
