"""Envoy's configuration as routes, and what its filters ask of callers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base.errors import SettingsError
from connectors.base.model import AuthKind, Completeness, ConfigSnapshot
from connectors.envoy.access import Access
from connectors.envoy.config import Config
from connectors.envoy.manifest import EnvoySettings
from connectors.envoy.matching import methods_of, path_of
from connectors.testkit.running import local_egress, running_double


@pytest.fixture(scope="module")
def snapshot() -> Iterator[ConfigSnapshot]:
    with running_double("connectors.testkit.doubles.envoy", ["--seed"], ("--admin-port",)) as double:
        settings = EnvoySettings(admin_url=double.control_url)
        yield Config(settings, local_egress(*double.ports)).read_config()


def routes(snapshot: ConfigSnapshot, service: str) -> dict[str, Any]:
    return {route.path: route for route in snapshot.routes if route.service_ref == service}


def test_routes_of_own_and_given_listeners_are_read_with_hosts_methods_and_clusters(snapshot):
    shop = routes(snapshot, "shop")
    assert list(shop) == [
        "/public",
        "/catalog/search",
        "/profile",
        "/orders/{param2}",
        "/stores/{id}/items/{item}",
        "/",
    ]
    assert shop["/orders/{param2}"].methods == ("GET", "DELETE")
    assert shop["/orders/{param2}"].upstream_ref == "orders"
    assert (shop["/profile"].prefix, shop["/catalog/search"].prefix, shop["/"].catch_all) == (
        True,
        False,
        True,
    )
    assert shop["/"].hosts == ("shop.acme.example", "shop.acme.example:8443")
    assert list(routes(snapshot, "partners")) == ["/v1", "/status"]
    assert {section.completeness for section in snapshot.sections} == {Completeness.COMPLETE}


def test_who_has_to_show_what_is_told_route_by_route(snapshot):
    shop, partners = routes(snapshot, "shop"), routes(snapshot, "partners")
    told = {
        path: [(auth.kind, auth.optional) for auth in route.auth]
        for path, route in {**shop, **partners}.items()
    }
    assert told == {
        "/public": [],
        "/catalog/search": [],
        "/profile": [(AuthKind.JWT, True)],
        "/orders/{param2}": [(AuthKind.JWT, False)],
        "/stores/{id}/items/{item}": [],
        "/": [],
        "/v1": [(AuthKind.CUSTOM, True), (AuthKind.MTLS, False)],
        "/status": [(AuthKind.MTLS, False)],
    }


def test_limits_cross_origin_rules_logs_and_upstreams_are_read(snapshot):
    shop = routes(snapshot, "shop")
    (limit,) = shop["/catalog/search"].rate_limits
    assert (limit.limit, limit.window_seconds, limit.key) == (100, 60, "api")
    assert shop["/public"].cors.origins == ("https://acme.example",)
    assert shop["/public"].cors.credentials
    logs = {stage.name: stage.access_log for stage in snapshot.stages}
    assert logs == {"shop": "envoy.access_loggers.file", "partners": ""}
    verified = {upstream.ref: (upstream.url, upstream.tls_verified) for upstream in snapshot.upstreams}
    assert verified == {
        "catalog": ("http://catalog.internal.acme.example:8080", None),
        "accounts": ("https://accounts.internal.acme.example:8443", False),
        "orders": ("https://orders.internal.acme.example:8443", True),
    }


@pytest.mark.parametrize(
    ("match", "template", "prefix"),
    [
        ({"safe_regex": {"regex": "^/v1/[^/]+/notes$"}}, "/v1/{param2}/notes", False),
        ({"safe_regex": {"regex": "/files/.*"}}, "/files", True),
        ({"safe_regex": {"regex": "/a(b|c)+/x"}}, "/", True),
        ({"safe_regex": {"regex": "x"}}, "/", True),
        ({"path_separated_prefix": "/v2"}, "/v2", True),
        ({"prefix": "/v2/"}, "/v2", True),
        ({"prefix": "/"}, "/", True),
        ({}, "/", True),
    ],
)
def test_a_match_is_never_told_narrower_than_it_is(match, template, prefix):
    found = path_of(match)
    assert found is not None
    assert (found.template, found.prefix) == (template, prefix)


def test_a_method_that_is_excluded_or_unreadable_counts_as_any():
    for given in ({"exact": "GET"}, {"safe_regex": {"regex": "GET|POST"}}):
        assert methods_of({"headers": [{"name": ":method", "string_match": given}]})
    assert (
        methods_of({"headers": [{"name": ":method", "invert_match": True, "string_match": {"exact": "GET"}}]})
        == ()
    )
    assert methods_of({"headers": [{"name": ":method", "string_match": {"prefix": "G"}}]}) == ()


def test_without_an_admin_address_nothing_is_called_empty():
    settings, egress = EnvoySettings(), local_egress(1)
    snapshot = Config(settings, egress).read_config()
    assert {section.completeness for section in snapshot.sections} == {Completeness.UNKNOWN}
    with pytest.raises(SettingsError, match="no admin address"):
        Access(settings, egress).check()


def test_a_node_without_any_http_is_complete_and_has_no_routes():
    with running_double("connectors.testkit.doubles.envoy", [], ("--admin-port",)) as double:
        settings = EnvoySettings(admin_url=double.control_url)
        snapshot = Config(settings, local_egress(*double.ports)).read_config()
    assert snapshot.routes == ()
    assert {section.completeness for section in snapshot.sections} == {Completeness.COMPLETE}
