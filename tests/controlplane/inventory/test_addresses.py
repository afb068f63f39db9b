"""Addresses that lead to one operation are one endpoint."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Route, Service, Stage
from controlplane.inventory.addresses import AddressBook, aliases, declared

API = Service("api", "orders", "rest_api", hosts=("api.example.com",))
EXECUTE = "abc.execute-api.eu-west-1.amazonaws.com"
PROD = Stage(
    "api/prod",
    "api",
    "prod",
    base_path="/shop",
    hosts=("api.example.com",),
    evidence={
        "addresses": [
            {"host": "api.example.com", "basePath": "/shop"},
            {"host": EXECUTE, "basePath": "/prod"},
        ]
    },
)
TEST = Stage("api/test", "api", "test", base_path="/test", hosts=(EXECUTE,))


def snapshot(*routes: Route, stages: tuple[Stage, ...] = (PROD, TEST)) -> ConfigSnapshot:
    return ConfigSnapshot("x", "g", "g", services=(API,), stages=stages, routes=routes)


def operations(taken: ConfigSnapshot) -> list[tuple[str, str, str]]:
    return [(entry.host, entry.method, entry.template) for entry in declared(taken)]


def test_a_route_is_declared_once_per_stage_at_the_address_clients_use() -> None:
    assert operations(snapshot(Route("r", "api", "/orders/{id}", ("get",)))) == [
        ("api.example.com", "GET", "/shop/orders/{id}"),
        (EXECUTE, "GET", "/test/orders/{id}"),
    ]


def test_a_route_deployed_to_one_stage_is_declared_there_only() -> None:
    route = Route("r", "api", "/orders", ("GET",), stage_refs=("api/test",))
    assert operations(snapshot(route)) == [(EXECUTE, "GET", "/test/orders")]


def test_the_routes_own_hosts_win_over_the_stages() -> None:
    route = Route("r", "api", "/orders", (), hosts=("Shop.Example.com",))
    assert operations(snapshot(route, stages=())) == [("shop.example.com", "ANY", "/orders")]


def test_a_catch_all_is_no_operation() -> None:
    assert operations(snapshot(Route("r", "api", "/{proxy+}", (), catch_all=True))) == []


def test_a_call_by_the_vendors_host_is_a_call_to_the_custom_domain() -> None:
    book = AddressBook(aliases(snapshot()))
    assert book.canonical(EXECUTE, "/prod/orders/7") == ("api.example.com", "/shop/orders/7")
    assert book.canonical(EXECUTE, "/prod") == ("api.example.com", "/shop")
    assert book.canonical(EXECUTE, "/production/x") == (EXECUTE, "/production/x")
    assert book.canonical(EXECUTE, "/test/orders") == (EXECUTE, "/test/orders")


def test_every_address_of_a_template_is_found_again() -> None:
    book = AddressBook(aliases(snapshot()))
    found = book.addresses_of("api.example.com", "/shop/orders/{id}")
    assert found == [("api.example.com", "/shop/orders/{id}"), (EXECUTE, "/prod/orders/{id}")]
    for host, template in found:
        assert book.canonical(host, template) == ("api.example.com", "/shop/orders/{id}")
