"""Acme's data: customers with passwords, orders, payments and products, the same in every process.

Everything is computed from ids, so the backend, the traffic generator and tests agree without sharing a file.
"""

import hashlib
import random
from dataclasses import dataclass
from typing import Any

CUSTOMERS = range(1001, 1601)
PRODUCTS = range(1, 641)
ORDERS_PER_CUSTOMER = 6
FIRST_ORDER = 500_000
WEAK_PASSWORD_SHARE = 40
"""One customer in this many uses a password that is on every stuffing list."""

FIRST_NAMES = (
    "Ada",
    "Bram",
    "Chiara",
    "Dmitri",
    "Elif",
    "Femi",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaito",
    "Lena",
)
LAST_NAMES = (
    "Okafor",
    "Lind",
    "Moreau",
    "Nakata",
    "Ortiz",
    "Petrov",
    "Quist",
    "Rossi",
    "Sand",
    "Tanaka",
    "Ueda",
)
CATEGORIES = ("shoes", "jackets", "tents", "lamps", "bags", "stoves")


@dataclass(frozen=True)
class Customer:
    """One person with an account."""

    number: int
    email: str
    password: str
    name: str


def _pick(kind: str, number: int) -> random.Random:
    # Reproducible sample data, nothing secret.
    return random.Random(f"{kind}:{number}")  # noqa: S311


def customer(number: int) -> Customer:
    """The customer with this number (any of ``CUSTOMERS``)."""
    chance = _pick("customer", number)
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    strong = hashlib.blake2s(f"acme:{number}".encode(), digest_size=6).hexdigest()
    password = "Summer2024!" if number % WEAK_PASSWORD_SHARE == 0 else f"{last}-{strong}"
    return Customer(number, f"{first}.{last}.{number}@mail.example".lower(), password, f"{first} {last}")


def customer_number(email: str) -> int | None:
    """The number of the customer with this e-mail address; None when nobody has it."""
    digits = email.partition("@")[0].rpartition(".")[2]
    if not digits.isdigit() or int(digits) not in CUSTOMERS:
        return None
    return int(digits) if customer(int(digits)).email == email.lower() else None


def orders_of(number: int) -> list[int]:
    """Order numbers of one customer."""
    first = FIRST_ORDER + (number - CUSTOMERS.start) * ORDERS_PER_CUSTOMER
    return list(range(first, first + ORDERS_PER_CUSTOMER))


def owner_of(order: int) -> int | None:
    """The customer an order belongs to; None when there is no such order."""
    number = CUSTOMERS.start + (order - FIRST_ORDER) // ORDERS_PER_CUSTOMER
    return number if order >= FIRST_ORDER and number in CUSTOMERS else None


def product(number: int, *, details: bool = False) -> dict[str, Any]:
    """A product as the catalogue shows it, with its description when ``details``."""
    chance = _pick("product", number)
    category = chance.choice(CATEGORIES)
    shown: dict[str, Any] = {
        "id": number,
        "sku": f"AC-{number:05d}",
        "name": f"{category[:-1].title()} {chance.choice(('Nord', 'Alto', 'Fjord', 'Terra'))} {number}",
        "category": category,
        "price": {"amount": round(chance.uniform(9, 480), 2), "currency": "EUR"},
        "stock": chance.randrange(0, 240),
    }
    if details:
        shown["description"] = "Light, sturdy and made to be repaired. " * chance.randrange(4, 12)
        shown["images"] = [
            f"https://img.acme.example/{number}/{n}.jpg" for n in range(chance.randrange(2, 6))
        ]
    return shown


def order(number: int, *, items: bool = True) -> dict[str, Any]:
    """An order with the personal data a real one carries."""
    chance = _pick("order", number)
    owner = customer(owner_of(number) or CUSTOMERS.start)
    lines: list[dict[str, Any]] = [
        {"product": product(chance.choice(PRODUCTS)), "quantity": chance.randrange(1, 4)}
        for _ in range(chance.randrange(1, 5))
    ]
    total = sum(line["product"]["price"]["amount"] * line["quantity"] for line in lines)
    shown: dict[str, Any] = {
        "id": number,
        "status": chance.choice(("paid", "packed", "shipped", "delivered", "returned")),
        "customerId": owner.number,
        "total": {"amount": round(total, 2), "currency": "EUR"},
        "placedAt": f"2026-{chance.randrange(1, 12):02d}-{chance.randrange(1, 29):02d}T09:30:00Z",
    }
    if items:
        address = {"street": f"{chance.randrange(1, 99)} Harbour Road", "city": "Utrecht", "country": "NL"}
        shown |= {"items": lines, "shipTo": {"name": owner.name, **address}, "email": owner.email}
    return shown


def profile(number: int) -> dict[str, Any]:
    """A customer's account as the API shows it: personal data."""
    person, chance = customer(number), _pick("profile", number)
    return {
        "id": number,
        "email": person.email,
        "name": person.name,
        "phone": f"+31 6 {chance.randrange(10_000_000, 99_999_999)}",
        "birthYear": chance.randrange(1950, 2006),
        "iban": f"NL{chance.randrange(10, 99)}ACME{chance.randrange(10**9, 10**10 - 1)}",
        "loyaltyPoints": chance.randrange(0, 9000),
    }


def payment(number: int) -> dict[str, Any]:
    """A payment with a masked card."""
    chance = _pick("payment", number)
    return {
        "id": f"pay_{number}",
        "orderId": number,
        "amount": order(number, items=False)["total"],
        "method": chance.choice(("card", "ideal", "paypal")),
        "card": {"brand": "visa", "last4": f"{chance.randrange(0, 10_000):04d}"},
        "status": chance.choice(("captured", "captured", "captured", "refunded")),
    }
