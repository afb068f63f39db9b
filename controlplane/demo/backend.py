"""Acme's application behind all gateways: ``python -m controlplane.demo.backend --port P``.

Answers plausible JSON. Its one deliberate hole: ``GET /orders/{id}`` does not check whose order it is (BOLA).
``X-Acme-Latency-Ms`` tells the doubles how long the work would have taken; nothing sleeps.
"""

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

import orjson
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.serving import json_response, listen, serve_until_stopped, wsgi
from controlplane.demo import company, tokens

Answer = tuple[int, Any]
LATENCY_MS = {"login": 140, "list": 45, "detail": 18, "write": 80, "search": 110, "health": 1}


class Backend:
    """All of Acme's services in one process. Holds no state: writes are answered, not kept."""

    def __init__(self, seed: int = 7) -> None:
        self._chance = random.Random(seed)  # noqa: S311
        self._routes: list[tuple[str, str, str, Callable[..., Answer]]] = [
            ("GET", "/health", "health", self._health),
            ("POST", "/login", "login", self._login),
            ("POST", "/accounts/login", "login", self._login),
            ("GET", "/me", "detail", self._me),
            ("PATCH", "/me", "write", self._me),
            ("GET", "/accounts/me", "detail", self._me),
            ("GET", "/accounts/<int:number>", "detail", self._account),
            ("GET", "/customers/<int:number>", "detail", self._account),
            ("GET", "/orders", "list", self._orders),
            ("POST", "/orders", "write", self._created),
            ("GET", "/orders/<int:number>", "detail", self._order),
            ("PATCH", "/orders/<int:number>", "write", self._order),
            ("DELETE", "/orders/<int:number>", "write", self._order),
            ("GET", "/orders/<int:number>/items", "detail", self._own_items),
            ("POST", "/cart/items", "write", self._created),
            ("POST", "/checkout", "write", self._created),
            ("GET", "/payments", "list", self._payments),
            ("POST", "/payments", "write", self._created),
            ("GET", "/payments/<int:number>", "detail", self._payment),
            ("POST", "/payments/<int:number>/refund", "write", self._created),
            ("GET", "/catalog/products", "list", self._products),
            ("GET", "/catalog/products/<int:number>", "detail", self._product),
            ("GET", "/catalog/products/<int:number>/reviews", "list", self._reviews),
            ("GET", "/catalog/search", "search", self._search),
            ("GET", "/partners/orders", "list", self._partner_orders),
            ("GET", "/partners/stock", "list", self._stock),
            ("GET", "/reports/daily", "list", self._report),
            ("GET", "/feed", "list", self._products),
            ("POST", "/devices", "write", self._created),
            ("GET", "/", "health", self._health),
        ]
        rules = [Rule(path, methods=[verb], endpoint=n) for n, (verb, path, _, _) in enumerate(self._routes)]
        self._map = Map(rules, strict_slashes=False)

    def answer(self, request: Request) -> Response:
        """Answer one request from a gateway."""
        try:
            found, arguments = self._map.bind("backend").match(request.path, request.method)
        except HTTPException as error:
            return json_response({"error": error.name}, error.code or 404, {"X-Acme-Latency-Ms": "2"})
        _, _, kind, handler = self._routes[found]
        status, body = handler(request, **arguments)
        latency = round(LATENCY_MS[kind] * self._chance.lognormvariate(0, 0.4))
        return json_response(body, status, {"X-Acme-Latency-Ms": str(latency), "Server": "acme/4.2"})

    def _health(self, _request: Request) -> Answer:
        return 200, {"status": "ok"}

    def _login(self, request: Request) -> Answer:
        try:
            given = orjson.loads(request.get_data())
            email, password = str(given["email"]), str(given["password"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return 400, {"error": "email and password are required"}
        number = company.customer_number(email)
        if number is None or company.customer(number).password != password:
            return 401, {"error": "invalid_credentials"}
        application = "mobile-app" if given.get("client") == "mobile" else "web-shop"
        token = tokens.issue(f"cust-{number}", application, int(time.time()))
        return 200, {
            "token": token,
            "tokenType": "Bearer",
            "expiresIn": tokens.LIFETIME_S,
            "customerId": number,
        }

    def _caller(self, request: Request) -> int | None:
        claims = tokens.claims_of(request.headers.get("Authorization", ""))
        return int(str(claims["sub"]).removeprefix("cust-")) if claims else None

    def _me(self, request: Request) -> Answer:
        number = self._caller(request)
        return (200, company.profile(number)) if number else (401, {"error": "unauthorized"})

    def _account(self, _request: Request, number: int) -> Answer:
        return (
            (200, company.profile(number)) if number in company.CUSTOMERS else (404, {"error": "not_found"})
        )

    def _orders(self, request: Request) -> Answer:
        number = self._caller(request)
        if number is None:
            return 401, {"error": "unauthorized"}
        if "'" in request.args.get("status", ""):
            return 500, {"error": 'syntax error at or near "\'" LINE 1: SELECT * FROM orders WHERE status = '}
        return 200, {"items": [company.order(n, items=False) for n in company.orders_of(number)], "total": 6}

    def _order(self, _request: Request, number: int) -> Answer:
        return (200, company.order(number)) if company.owner_of(number) else (404, {"error": "not_found"})

    def _own_items(self, request: Request, number: int) -> Answer:
        owner = company.owner_of(number)
        if owner is None:
            return 404, {"error": "not_found"}
        return (
            (200, company.order(number)["items"])
            if owner == self._caller(request)
            else (403, {"error": "forbidden"})
        )

    def _created(self, _request: Request, number: int = 0) -> Answer:
        return 201, {
            "id": f"{self._chance.getrandbits(48):012x}",
            "status": "accepted",
            "ref": number or None,
        }

    def _payments(self, request: Request) -> Answer:
        number = self._caller(request)
        return 200, {"items": [company.payment(n) for n in company.orders_of(number)] if number else []}

    def _payment(self, request: Request, number: int) -> Answer:
        owner = company.owner_of(number)
        if owner is None:
            return 404, {"error": "not_found"}
        return (
            (200, company.payment(number))
            if owner == self._caller(request)
            else (403, {"error": "forbidden"})
        )

    def _products(self, request: Request) -> Answer:
        page, size = _number(request, "page", 1), min(_number(request, "size", 20), 100)
        chosen = list(company.PRODUCTS)[(page - 1) * size : page * size]
        return 200, {
            "items": [company.product(n) for n in chosen],
            "page": page,
            "total": len(company.PRODUCTS),
        }

    def _product(self, _request: Request, number: int) -> Answer:
        known = number in company.PRODUCTS
        return (200, company.product(number, details=True)) if known else (404, {"error": "not_found"})

    def _reviews(self, _request: Request, number: int) -> Answer:
        reviews = [{"stars": (number * n) % 5 + 1, "text": "Does what it should. " * n} for n in range(1, 6)]
        return 200, {"product": number, "items": reviews}

    def _search(self, request: Request) -> Answer:
        text = request.args.get("q", "").lower()
        found = [
            company.product(n)
            for n in company.PRODUCTS
            if text and text in company.product(n)["name"].lower()
        ]
        return 200, {"items": found[:20], "total": len(found)}

    def _partner_orders(self, _request: Request) -> Answer:
        return 200, {"items": [company.order(company.FIRST_ORDER + n * 7, items=False) for n in range(25)]}

    def _stock(self, _request: Request) -> Answer:
        return 200, {
            "items": [{"sku": f"AC-{n:05d}", "stock": company.product(n)["stock"]} for n in range(1, 101)]
        }

    def _report(self, _request: Request) -> Answer:
        return 200, {"orders": 1822, "revenue": {"amount": 148_220.4, "currency": "EUR"}}


def _number(request: Request, name: str, default: int) -> int:
    raw = request.args.get(name, "")
    return max(1, int(raw)) if raw.isdigit() else default


def main() -> None:
    """Run the backend until stopped."""
    parser = argparse.ArgumentParser(prog="controlplane.demo.backend", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    serve_until_stopped([listen(wsgi(Backend().answer), parser.parse_args().port)])


if __name__ == "__main__":
    main()
