"""The wizard's texts for Kong."""

from __future__ import annotations

import json

import yaml

from connectors.kong.form import KongSettings
from connectors.kong.setup import texts

CONTEXT = {"ingest_url": "https://acme.portcullis.example/api/v1/ingest/con_1", "ingest_token": "tok-123"}


def _texts():
    return texts(KongSettings(admin_url="https://kong.example/admin-api"), CONTEXT)


def test_every_way_to_push_calls_carries_our_address_and_token():
    pushing = [text for text in _texts() if text.title.startswith("Send calls")]
    assert len(pushing) == 3
    assert all(CONTEXT["ingest_url"] in text.body and "tok-123" in text.body for text in pushing)


def test_the_deck_text_is_yaml_and_the_curl_text_holds_json():
    by_title = {text.title: text.body for text in _texts()}
    plugin = yaml.safe_load(by_title["Send calls: decK"])["plugins"][0]
    assert plugin["config"]["headers"] == {"Authorization": "Bearer tok-123"}
    curl = by_title["Send calls: Admin API"]
    assert json.loads(curl[curl.index("-d '") + 4 : curl.rindex("'")])["name"] == "http-log"


def test_reading_and_writing_are_granted_apart():
    by_title = {text.title: text for text in _texts()}
    assert "DELETE" not in by_title["Protect the Admin API: read access"].body
    assert by_title["Protect the Admin API: read and write access"].access == "write"


def test_texts_can_be_made_for_a_draft_without_an_address():
    assert all(text.body for text in texts({}, CONTEXT))
