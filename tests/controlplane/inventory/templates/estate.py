"""Seeded synthetic estates: operations with values of known kinds, real calls and noise."""

import random
import uuid
from collections.abc import Callable

import pyarrow as pa

WORDS = [
    *("amber", "birch", "cobalt", "dune", "ember", "fjord", "glade", "harbor", "isle"),
    *("juniper", "kelp", "lagoon", "maple", "nectar", "opal", "pebble", "quartz", "ridge"),
]
ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

VALUES: dict[str, Callable[[random.Random], str]] = {
    "uuid": lambda r: str(uuid.UUID(int=r.getrandbits(128))),
    "int": lambda r: str(r.randrange(10_000, 9_999_999)),
    "hash": lambda r: f"{r.getrandbits(160) | 1 << 159:040x}",
    "email": lambda r: f"{r.choice(WORDS)}{r.randrange(99)}@example.org",
    "token": lambda r: (
        "".join(r.choice("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(22))
        + "4Qz"
    ),
    "code": lambda r: f"INV-{r.randrange(1000, 99_999)}",
    "locale": lambda r: r.choice(["en-US", "de-DE", "fr-FR", "pt-BR", "sv-SE"]),
    "name": lambda r: f"{r.choice(['maria', 'peter', 'olivia', 'henry'])}.{r.choice(WORDS)}{r.randrange(99)}",
    "slug": lambda r: f"{r.choice(WORDS)}-{r.choice(WORDS)}-{r.randrange(999)}",
    "date": lambda r: f"20{r.randrange(10, 30)}-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}",
    "redacted": lambda r: f"~email.{r.getrandbits(64):016x}",
}

HOST = "shop.example"
OPERATIONS = [
    ("GET", "/v1/orders", 30),
    ("POST", "/v1/orders", 20),
    ("GET", "/v1/orders/{uuid}", 60),
    ("GET", "/v1/orders/{uuid}/items", 30),
    ("DELETE", "/v1/orders/{uuid}/items/{int}", 9),
    ("POST", "/v1/orders/search", 12),
    ("GET", "/v1/customers/{int}", 40),
    ("PATCH", "/v1/customers/{int}/settings", 4),
    ("GET", "/v1/invoices/{code}", 25),
    ("POST", "/v1/invoices/{code}/refunds", 2),
    ("GET", "/v1/shops/{slug}/products", 40),
    ("GET", "/v1/shops/{slug}/reviews", 40),
    ("GET", "/v1/shops/{slug}", 40),
    ("GET", "/health", 10),
]
SCANS = [
    "/.env",
    "/.git/config",
    "/wp-login.php",
    "/admin.php",
    "/backup.zip",
    "/cgi-bin/luci",
    "/phpmyadmin/",
]


def fill(template: str, rng: random.Random) -> str:
    """A path of a template, each `{kind}` replaced by a value of that kind."""
    return "/".join(VALUES[part[1:-1]](rng) if part.startswith("{") else part for part in template.split("/"))


def table(rows: list[tuple[str, str, str, int | None]]) -> pa.Table:
    """Rows (method, host, path, status) as the learner's input."""
    method, host, path, status = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table(
        {
            "method": pa.array(method, pa.string()),
            "host": pa.array(host, pa.string()),
            "path": pa.array(path, pa.string()),
            "status": pa.array(status, pa.int16()),
            "response_bytes": pa.nulls(len(rows), pa.int64()),
        }
    )


def estate(seed: int, noise: bool = True) -> list[tuple[str, str, str, int | None]]:
    """Shuffled calls of `OPERATIONS` (a few of them refused) with scans among them."""
    rng = random.Random(seed)
    rows: list[tuple[str, str, str, int | None]] = []
    for method, template, count in OPERATIONS:
        for number in range(count):
            status = 404 if number and rng.random() < 0.05 else 200
            rows.append((method, HOST, fill(template, rng), status))
    if noise:
        rows += [("GET", HOST, path, 404) for path in SCANS for _ in range(3)]
        rows += [
            ("GET", HOST, f"/{rng.choice(WORDS)}/{rng.choice(WORDS)}", rng.choice([404, 403]))
            for _ in range(30)
        ]
    rng.shuffle(rows)
    return rows
