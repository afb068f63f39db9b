"""What the world sees of the issuer, and what stands in a token."""

from __future__ import annotations

import re
import time

import pytest
from django.test import Client

from controlplane.federation.checks import check_issuer
from controlplane.federation.services import identity_of
from tenants.isolation.context import tenant_context
from tests.controlplane.federation.reading import claims, header, verifies

AUDIENCE = "api://AzureADTokenExchange"
SUBJECT = re.compile(r"workspace:t_[0-9a-f]{16}:connection:con_[0-9a-z]{26}")
CONNECTION = "con_01k8x0000000000000000000aa"


@pytest.fixture
def public(anonymous_client, settings):
    """`public(path)`: what anybody gets on the base domain."""
    settings.ISSUER = "https://portcullis.example"
    client = anonymous_client(None)
    return lambda path: client.get(path)


def token(org, audience: str = AUDIENCE) -> str:
    with tenant_context(org.schema_name):
        return identity_of(CONNECTION).token(audience)


def test_the_discovery_document_leads_to_the_keys(public):
    answer = public("/.well-known/openid-configuration")
    document = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert document["issuer"] == "https://portcullis.example"
    assert document["jwks_uri"] == "https://portcullis.example/.well-known/jwks.json"
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    assert {"response_types_supported", "subject_types_supported"} <= document.keys()


def test_a_set_without_keys_is_kept_by_nobody_and_one_with_keys_for_minutes(public, acme):
    before = public("/.well-known/jwks.json")
    assert before.json() == {"keys": []}
    assert before.headers["Cache-Control"] == "no-store"
    token(acme)
    after = public("/.well-known/jwks.json")
    assert len(after.json()["keys"]) == 1
    assert after.headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.asvs("13.3.2")
def test_the_key_set_holds_public_parts_alone(public, acme):
    token(acme)
    (key,) = public("/.well-known/jwks.json").json()["keys"]
    assert key.keys() == {"kty", "use", "alg", "kid", "n", "e"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")


@pytest.mark.parametrize("path", ["openid-configuration", "jwks.json"])
def test_the_issuer_is_only_read(anonymous_client, path):
    assert anonymous_client(None).post(f"/.well-known/{path}").status_code == 405


def test_other_well_known_addresses_are_not_the_dashboard(public):
    assert public("/.well-known/security.txt").status_code == 404


@pytest.mark.asvs("9.2.4")
def test_a_token_is_short_names_its_audience_and_is_signed_by_a_published_key(public, acme):
    made = token(acme)
    said, now = claims(made), time.time()
    assert verifies(made, public("/.well-known/jwks.json").json()["keys"])
    assert header(made)["alg"] == "RS256"
    assert said["iss"] == "https://portcullis.example"
    assert said["aud"] == AUDIENCE
    assert said["iat"] == said["nbf"] <= now < said["exp"] <= now + 600
    assert said["exp"] - said["iat"] <= 600
    assert said.keys() == {"iss", "sub", "aud", "iat", "nbf", "exp", "jti"}
    assert claims(token(acme))["jti"] != said["jti"]


@pytest.mark.asvs("8.4.1")
def test_a_subject_names_exactly_one_connection_of_one_workspace(acme, globex):
    mine, theirs = claims(token(acme))["sub"], claims(token(globex))["sub"]
    assert SUBJECT.fullmatch(mine)
    assert mine == f"workspace:{acme.schema_name}:connection:{CONNECTION}"
    assert theirs == mine.replace(acme.schema_name, globex.schema_name) != mine
    assert len(mine) <= 127, "the most that Google takes"


def test_a_stranger_looks_like_anybody_and_is_nobody(acme, globex):
    with tenant_context(acme.schema_name):
        identity = identity_of(CONNECTION)
        made = {claims(identity.stranger_token(AUDIENCE))["sub"] for _ in range(3)}
    assert len(made) == 3
    for subject in made:
        assert SUBJECT.fullmatch(subject)
        assert acme.schema_name not in subject
        assert globex.schema_name not in subject


@pytest.mark.asvs("8.4.1")
def test_nothing_a_member_can_set_is_in_the_subject_and_it_is_known_before_anything_is_set_up(
    acme, owner_client
):
    client = owner_client(acme)
    made = client.post(
        "/api/v1/connections", {"connector": "cloudarmor", "name": "Edge"}, format="json"
    ).json()
    shown = client.get(f"/api/v1/connections/{made['id']}/setup").json()["generated"]
    assert shown["federation_subject"] == f"workspace:{acme.schema_name}:connection:{made['id']}"
    client.patch(f"/api/v1/connections/{made['id']}", {"name": "Another"}, format="json")
    assert client.get(f"/api/v1/connections/{made['id']}/setup").json()["generated"] == shown
    refused = client.patch(
        f"/api/v1/connections/{made['id']}",
        {"settings": {"federation_subject": "workspace:t_0:connection:con_0"}},
        format="json",
    )
    assert refused.status_code == 422


def test_an_issuer_that_no_vendor_could_reach_is_said_in_the_texts(acme, owner_client, settings):
    client = owner_client(acme)
    made = client.post("/api/v1/connections", {"connector": "azure", "name": "Az"}, format="json").json()
    told = {}
    for address in ("http://localhost", "https://portcullis.example"):
        settings.ISSUER = address
        texts = client.get(f"/api/v1/connections/{made['id']}/setup").json()["texts"]
        told[address] = [
            "ask its operator" in text["body"]
            for text in texts
            if text["title"].startswith("Sign in without")
        ]
    assert told == {"http://localhost": [True, True], "https://portcullis.example": [False, False]}


@pytest.mark.parametrize(
    ("address", "https", "fits"),
    [
        ("https://portcullis.example", True, True),
        ("https://portcullis.example:8443", True, True),
        ("http://localhost:8000", False, True),
        ("http://portcullis.example", True, False),
        ("https://portcullis.example/path", True, False),
        ("https://user@portcullis.example", True, False),
        ("portcullis.example", True, False),
        ("https://[portcullis", True, False),
        ("https://portcullis.example:99999", True, False),
        ("HTTPS://portcullis.example", True, False),
        ("https://other.example", True, False),
        ("", False, False),
    ],
)
def test_a_deployment_does_not_start_with_an_issuer_that_cannot_work(settings, address, https, fits):
    settings.ISSUER, settings.HTTPS_ONLY = address, https
    settings.ALLOWED_HOSTS = ["portcullis.example", "localhost"]
    assert (check_issuer() == []) is fits


def test_a_connector_without_federation_shows_no_subject(acme, owner_client):
    client = owner_client(acme)
    made = client.post("/api/v1/connections", {"connector": "kong", "name": "Kong"}, format="json").json()
    assert not [
        key
        for key in client.get(f"/api/v1/connections/{made['id']}/setup").json()["generated"]
        if "federation" in key
    ]


def test_an_issuer_that_kept_its_name_through_a_move_is_answered_by_it_and_nothing_else_is(any_db, settings):
    settings.ISSUER = "https://before.example"
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "before.example"]
    client = Client(headers={"host": "before.example"})
    document = client.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == "https://before.example"
    assert client.get("/.well-known/jwks.json").json() == {"keys": []}
    others = ("/", "/api/v1/signup", "/.well-known/security.txt", "/static/x")
    assert {client.get(path).status_code for path in others} == {404}
    stranger = Client(headers={"host": f"other.{settings.BASE_DOMAIN}"})
    assert stranger.get("/.well-known/jwks.json").status_code == 404


def test_an_issuer_that_cannot_be_read_hinders_no_other_address(anonymous_client, settings):
    settings.ISSUER = "https://[portcullis"
    assert anonymous_client(None).get("/.well-known/jwks.json").status_code == 200
    assert Client(headers={"host": f"other.{settings.BASE_DOMAIN}"}).get("/.well-known/x").status_code == 404
