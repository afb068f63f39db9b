"""Reading a Kong workspace: what is declared, what is in force, and what is not known."""

from __future__ import annotations

import pytest

from connectors.base.model import AuthKind, Completeness, ConfigSnapshot, Route
from connectors.kong.config import Config
from connectors.testkit.running import Fault


@pytest.fixture
def snapshot(kong) -> ConfigSnapshot:
    return Config(kong.settings, kong.egress).read_config()


def _route(snapshot: ConfigSnapshot, name: str) -> Route:
    return next(route for route in snapshot.routes if route.evidence["route"]["name"] == name)


def test_every_declared_route_is_read_with_its_service_hosts_and_methods(snapshot):
    route = _route(snapshot, "payments-create")
    service = next(service for service in snapshot.services if service.ref == route.service_ref)
    assert (service.name, route.path, route.methods) == ("payments", "/payments", ("POST",))
    assert route.hosts == ("shop.acme.example",)
    assert len(snapshot.routes) == 14
    assert {section.completeness for section in snapshot.sections} == {Completeness.COMPLETE}


def test_regex_paths_become_templates(snapshot):
    assert _route(snapshot, "payments-read").path == "/payments/{id}"
    assert _route(snapshot, "payments-refund").path == "/payments/{param2}/refund"
    assert _route(snapshot, "payments-read").evidence["match"] == "exact"


def test_a_service_plugin_protects_its_routes_and_a_route_plugin_wins_over_it(snapshot):
    assert [auth.kind for auth in _route(snapshot, "payments-create").auth] == [AuthKind.JWT]
    assert [auth.kind for auth in _route(snapshot, "partners-orders").auth] == [AuthKind.API_KEY]
    assert _route(snapshot, "catalog-list").auth == ()
    assert _route(snapshot, "catalog-list").auth_known


def test_an_anonymous_consumer_makes_authentication_optional(snapshot):
    (auth,) = _route(snapshot, "catalog-search").auth
    assert auth.kind is AuthKind.API_KEY
    assert auth.optional
    assert auth.location == "query"


def test_a_terminated_anonymous_consumer_makes_authentication_mandatory(kong):
    anonymous = next(entry for entry in kong.all("consumers") if entry["username"] == "anonymous")
    kong.admin(
        "POST",
        "/plugins",
        {"name": "request-termination", "consumer": {"id": anonymous["id"]}, "config": {"status_code": 401}},
    )
    found = Config(kong.settings, kong.egress).read_config()
    (auth,) = _route(found, "catalog-search").auth
    assert not auth.optional
    assert auth.details["anonymous_terminated"]


def test_cors_and_catch_all_and_unverified_tls_are_facts(snapshot):
    cors = _route(snapshot, "catalog-list").cors
    assert cors is not None
    assert (cors.origins, cors.credentials) == (("*",), True)
    assert _route(snapshot, "catch-all").catch_all
    partners = next(u for u in snapshot.upstreams if u.url.startswith("https://partners"))
    assert partners.tls_verified is False


def test_load_balanced_targets_are_shown_with_the_upstream(snapshot):
    payments = next(u for u in snapshot.upstreams if "payments" in u.url)
    assert payments.kind == "load_balanced"
    assert payments.evidence["targets"] == [{"target": "10.20.0.11:8080", "weight": 100}]


def test_the_gateways_own_facts_are_settings_without_secrets(snapshot):
    values = {setting.name: setting.value for setting in snapshot.settings}
    assert values["version"] == "3.9.1"
    assert values["router_flavor"] == "traditional_compatible"
    assert values["admin_listen"][0].startswith("0.0.0.0:")
    assert values["managed_by"] == "admin-api"


def test_lists_longer_than_a_page_are_read_to_the_end(kong):
    for number in range(1005):
        kong.admin("POST", "/consumers", {"username": f"many-{number:04}"})
    found = Config(kong.settings, kong.egress).read_config()
    assert sum(consumer.name.startswith("many-") for consumer in found.consumers) == 1005


@pytest.mark.parametrize(
    ("status", "body"), [(403, ""), (500, "boom"), (200, "<html>"), (200, {"data": "x"})]
)
@pytest.mark.asvs("16.5.3")
def test_plugins_that_cannot_be_read_leave_authentication_unknown_never_open(kong, status, body):
    kong.double.order(Fault(status=status, operation="GET /plugins", body=body))
    found = Config(kong.settings, kong.egress).read_config()
    assert found.completeness("plugins") is Completeness.UNKNOWN
    assert found.completeness("routes") is Completeness.PARTIAL
    assert not any(route.auth_known for route in found.routes)
    assert all(stage.access_log is None for stage in found.stages)


def test_a_missing_page_makes_the_whole_section_unknown(kong):
    kong.double.order(
        Fault(status=200, operation="GET /routes", body={"data": [], "next": "/routes?offset=x"})
    )
    found = Config(kong.settings, kong.egress).read_config()
    assert found.completeness("routes") is Completeness.UNKNOWN
