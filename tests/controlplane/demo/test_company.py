"""Acme's data and backend."""

import json
from typing import Any

import pytest
from werkzeug.test import Client

from connectors.testkit.doubles.serving import wsgi
from controlplane.demo import company, tokens
from controlplane.demo.backend import Backend


@pytest.fixture(scope="module")
def backend() -> Client:
    return Client(wsgi(Backend().answer))


def log_in(backend: Client, email: str, password: str) -> Any:
    return backend.post("/login", json={"email": email, "password": password})


def test_every_customer_can_log_in_with_their_own_password_only(backend: Client) -> None:
    person, other = company.customer(1001), company.customer(1002)
    assert log_in(backend, person.email, person.password).status_code == 200
    assert log_in(backend, person.email, other.password).status_code == 401
    assert log_in(backend, "nobody@mail.example", person.password).status_code == 401


def test_a_few_customers_have_a_password_of_the_stuffing_lists() -> None:
    weak = [n for n in company.CUSTOMERS if company.customer(n).password == "Summer2024!"]
    assert 0 < len(weak) < len(company.CUSTOMERS) / 20


def test_each_order_has_one_owner() -> None:
    for number in (1001, 1300, 1600):
        assert {company.owner_of(order) for order in company.orders_of(number)} == {number}
    assert company.owner_of(1) is None


def test_foreign_orders_are_shown_to_anyone_but_their_items_are_not(backend: Client) -> None:
    foreign = company.orders_of(1002)[0]
    headers = {"Authorization": f"Bearer {tokens.issue('cust-1001', 'web-shop', 0)}"}
    assert backend.get(f"/orders/{foreign}", headers=headers).status_code == 200
    assert backend.get(f"/orders/{foreign}/items", headers=headers).status_code == 403
    assert backend.get(f"/payments/{foreign}", headers=headers).status_code == 403


def test_a_forged_token_is_nobody() -> None:
    head, _, _ = tokens.issue("cust-1001", "web-shop", 0).rpartition(".")
    assert tokens.claims_of(f"Bearer {head}.AAAA") is None
    assert tokens.claims_of("Bearer") is None


def test_lists_are_bigger_than_details(backend: Client) -> None:
    listing, detail = backend.get("/catalog/products?size=50"), backend.get("/catalog/products/1")
    assert len(json.loads(listing.data)["items"]) == 50
    assert len(listing.data) > len(detail.data)


def test_unknown_paths_and_methods_are_refused(backend: Client) -> None:
    assert backend.get("/wp-admin").status_code == 404
    assert backend.delete("/me").status_code == 405
