"""decK dumps give the same facts as the Admin API."""

from __future__ import annotations

import pytest

from connectors.base.errors import VendorAnswerError
from connectors.base.model import AuthKind, Completeness
from connectors.kong.deck import load

DUMP = b"""
_format_version: "3.0"
_info: {select_tags: [shop]}
_plugin_configs:
  keys: {key_names: [apikey], key_in_query: true}
services:
  - name: orders
    url: https://orders.internal:8443/v2
    tls_verify: false
    routes:
      - name: orders
        paths: ["/orders", "~/orders/(?<id>[0-9]+)$"]
        hosts: [api.example.com]
        methods: [GET]
        plugins:
          - name: rate-limiting
            config: {minute: 60, limit_by: ip, policy: local}
    plugins:
      - name: key-auth
        _config: keys
  - not an object
plugins:
  - name: http-log
    config: {http_endpoint: "https://user:pw@logs.example.com/in?token=1", headers: {X-Token: s3cret}}
consumers:
  - username: ann
    keyauth_credentials: [{key: topsecret}]
upstreams:
  - name: orders.internal
    targets: [{target: "10.0.0.1:80"}]
"""


def test_nesting_and_shared_plugin_configs_are_resolved():
    snapshot = load(DUMP, "kong.yaml", "").snapshot
    paths = {route.path: route for route in snapshot.routes}
    assert set(paths) == {"/orders", "/orders/{id}"}
    route = paths["/orders/{id}"]
    assert [auth.kind for auth in route.auth] == [AuthKind.API_KEY]
    assert route.auth[0].location == "query"
    assert [(limit.limit, limit.window_seconds, limit.key) for limit in route.rate_limits] == [(60, 60, "ip")]
    assert snapshot.upstreams[0].url == "https://orders.internal:8443/v2"
    assert snapshot.upstreams[0].tls_verified is False


def test_what_is_no_object_is_reported_with_its_place_and_the_rest_is_read():
    loaded = load(DUMP, "kong.yaml", "")
    assert [(error.pointer, len(loaded.snapshot.services)) for error in loaded.errors] == [("/services/1", 1)]


def test_no_credential_and_no_log_token_is_kept():
    text = repr(load(DUMP, "kong.yaml", "").snapshot)
    assert "topsecret" not in text
    assert "s3cret" not in text
    assert "user:pw" not in text


def test_the_gateways_own_settings_are_unknown():
    assert load(DUMP, "kong.yaml", "").snapshot.completeness("settings") is Completeness.UNKNOWN


@pytest.mark.parametrize("data", [b"", b"a: [", b"{}", b"[1]", b"\xff\xfe"])
def test_other_documents_are_refused_in_words(data):
    with pytest.raises(VendorAnswerError, match=r"\w"):
        load(data, "x", "")


def test_a_member_that_should_be_a_list_is_reported():
    assert load(b"_format_version: '3.0'\nservices: 3", "x", "").errors[0].pointer == "/services"
