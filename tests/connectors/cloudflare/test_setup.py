"""The wizard's texts for Cloudflare: what they ask for is what the connector uses, and what they set up works."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.base.manifest import SetupText
from connectors.cloudflare.manifest import MANIFEST, CloudflareSettings
from connectors.cloudflare.setup import texts
from tests.connectors.cloudflare.conftest import ACCOUNT

CONTEXT = {"ingest_url": "https://acme.portcullis.example/api/v1/ingest/con_1", "ingest_token": "tok-123"}


def by_title() -> dict[str, SetupText]:
    return {text.title: text for text in texts({"account_id": ACCOUNT}, CONTEXT)}


def test_the_link_fills_in_reading_and_nothing_else():
    link = by_title()["API token for reading"].link
    keys = json.loads(parse_qs(urlsplit(link).query)["permissionGroupKeys"][0])
    assert {entry["type"] for entry in keys} == {"read"}
    assert {"key": "zone", "type": "read"} in keys


def test_the_link_for_blocking_asks_for_editing_only_where_we_write():
    text = by_title()["API token for reading and blocking"]
    keys = json.loads(parse_qs(urlsplit(text.link).query)["permissionGroupKeys"][0])
    assert [entry["key"] for entry in keys if entry["type"] == "edit"] == ["account_rule_lists"]
    assert "Zone WAF: Edit" in text.body  # cannot be filled in by a link
    assert text.access == "write"


@pytest.mark.parametrize(
    ("title", "access"), [("API token for reading", "read"), ("API token for reading and blocking", "write")]
)
def test_link_and_text_and_terraform_name_every_permission_of_the_manifest(title, access):
    wanted = {
        need.action.rpartition(" ")[0]
        for need in MANIFEST.permissions
        if access == "write" or need.access == "read"
    }
    body, terraform = by_title()[title].body, by_title()[f"{title}: Terraform"].body
    assert all(f"{group}: " in body for group in wanted)
    named = {
        name
        for part in re.findall(r"portcullis_(?:zone|wide)    = (\[.*\])", terraform)
        for name in json.loads(part)
    }
    assert {name.rpartition(" ")[0] for name in named} == wanted
    assert ("Zone WAF Write" in named) is (access == "write")
    assert terraform.count("{") == terraform.count("}")


def test_every_request_of_the_check_is_one_cloudflare_answers(cloudflare):
    body = by_title()["Check a token: curl"].body
    zone = cloudflare.zone()
    asked = re.findall(r'^ask "[^"]+" "([^"]+)"$', body, re.MULTILINE)
    assert len(asked) > 8
    for path in asked:
        filled = path.replace("$ZONE_ID", zone).replace("$ACCOUNT_ID", ACCOUNT)
        filled = filled.replace("$SINCE", "2026-01-01T00:00:00Z").replace("$BEFORE", "2026-01-01T01:00:00Z")
        cloudflare.send("GET", filled)


@pytest.mark.parametrize("dataset", ["HTTP requests", "Firewall events"])
def test_the_logpush_job_is_one_cloudflare_takes(cloudflare, dataset):
    body = by_title()[f"{dataset}: API"].body
    job = json.loads(body[body.index("--data '") + 8 : body.rindex("'")])
    made = cloudflare.send("POST", f"/zones/{cloudflare.zone()}/logpush/jobs", job)
    assert "tok-123" in made["destination_conf"]
    cloudflare.send("DELETE", f"/zones/{cloudflare.zone()}/logpush/jobs/{made['id']}")


def test_texts_can_be_made_for_a_draft_and_for_settings():
    assert all(text.body for text in texts({}, CONTEXT))
    assert all(text.body for text in texts(CloudflareSettings(), CONTEXT))
