"""Normal traffic: what shoppers, partners, monitors, crawlers and background noise do."""

import random
import time
from collections.abc import Generator, Iterator

from connectors.testkit.doubles.aws.estate import PARTNER_KEYS as AWS_PARTNER_KEYS
from connectors.testkit.doubles.kong.estate import PARTNER_KEYS as KONG_PARTNER_KEYS
from controlplane.demo import company, tokens
from controlplane.demo.traffic.calls import AWS, KONG, Actor, Answer, Call, Client, Step
from controlplane.demo.traffic.world import (
    CRAWLER_ADDRESSES,
    MONITOR_ADDRESSES,
    PARTNER_ADDRESSES,
    Person,
    any_person,
    machine,
)

API, MOBILE, SHOP, PARTNERS = (
    "api.acme.example",
    "mobile.acme.example",
    "shop.acme.example",
    "partners.acme.example",
)
LOGIN = Generator[Step, Answer, str]


def think(chance: random.Random, mean_s: float) -> float:
    """A pause between two calls of a person, in seconds."""
    return min(chance.lognormvariate(0, 0.8) * mean_s, mean_s * 8)


def log_in(who: Person, chance: random.Random, target: str, host: str, path: str) -> LOGIN:
    """Log in, sometimes with a typing error first; returns a token ("" after giving up)."""
    account = company.customer(who.number)
    application = "mobile" if who.mobile else "web"
    if chance.random() < 0.06:
        mistyped = {"email": account.email, "password": account.password + "1", "client": application}
        yield Step(Call(target, host, "POST", path, who.client, json=mistyped), think(chance, 6))
    body = {"email": account.email, "password": account.password, "client": application}
    answer = yield Step(Call(target, host, "POST", path, who.client, json=body), think(chance, 2))
    if answer.status == 0:
        # Left out of a replay of one gateway only: the token the login would have given.
        subject, issuer = f"cust-{who.number}", "mobile-app" if who.mobile else "web-shop"
        return tokens.issue(subject, issuer, int(time.time()))
    return str(answer.json().get("token", ""))


def web_session(chance: random.Random) -> Actor:
    """A shopper on the web site: browse, search, log in, look at orders, buy."""
    who = any_person(chance)
    origin = {"Origin": "https://www.acme.example", "Accept": "application/json"}

    def shop(method: str, path: str, *, token: str = "", json: object = None) -> Call:
        headers = {**origin, **({"Authorization": f"Bearer {token}"} if token else {})}
        return Call(KONG, SHOP, method, path, who.client, headers, json)

    for page in range(1, chance.randrange(2, 5)):
        yield Step(shop("GET", f"/catalog/products?page={page}&size=20"), think(chance, 4))
        number = chance.choice(company.PRODUCTS)
        yield Step(shop("GET", f"/catalog/products/{number}"), think(chance, 6))
        if chance.random() < 0.3:
            yield Step(shop("GET", f"/catalog/products/{number}/reviews"), think(chance, 8))
    if chance.random() < 0.4:
        yield Step(shop("GET", f"/catalog/search?q={chance.choice(company.CATEGORIES)}"), think(chance, 5))
    if chance.random() < 0.45:
        return
    token = yield from log_in(who, chance, KONG, SHOP, "/accounts/login")
    if not token:
        return
    yield Step(shop("GET", "/accounts/me", token=token), think(chance, 2))
    yield from order_pages(who, chance, token)
    if chance.random() < 0.5:
        body = {"orderId": company.orders_of(who.number)[-1], "method": "card"}
        yield Step(shop("POST", "/payments", token=token, json=body), think(chance, 3))
        yield Step(shop("GET", "/payments", token=token), think(chance, 3))
        yield Step(shop("GET", f"/payments/{company.orders_of(who.number)[0]}", token=token), 1)


def order_pages(who: Person, chance: random.Random, token: str) -> Iterator[Step]:
    """Orders of a logged-in customer at the REST API, sometimes a purchase."""
    bearer = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def api(method: str, path: str, json: object = None) -> Call:
        return Call(AWS, API, method, path, who.client, bearer, json)

    yield Step(api("GET", "/me"), think(chance, 1))
    yield Step(api("GET", "/orders?status=open&page=1"), think(chance, 4))
    for number in chance.sample(company.orders_of(who.number), chance.randrange(1, 3)):
        yield Step(api("GET", f"/orders/{number}"), think(chance, 5))
        if chance.random() < 0.5:
            yield Step(api("GET", f"/orders/{number}/items"), think(chance, 4))
    if chance.random() < 0.35:
        item = {"productId": chance.choice(company.PRODUCTS), "quantity": chance.randrange(1, 3)}
        yield Step(api("POST", "/cart/items", item), think(chance, 5))
        yield Step(api("POST", "/checkout", {"payment": "card", "address": "home"}), think(chance, 2))
    if chance.random() < 0.1:
        yield Step(api("PATCH", "/me", {"phone": "+31 6 12345678"}), think(chance, 3))


def mobile_session(chance: random.Random) -> Actor:
    """A user of the mobile application at the HTTP API."""
    who = any_person(chance)

    def app(method: str, path: str, *, token: str = "", json: object = None) -> Call:
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        return Call(AWS, MOBILE, method, path, who.client, headers, json)

    yield Step(app("GET", f"/feed?page={chance.randrange(1, 4)}&size=20"), think(chance, 3))
    token = yield from log_in(who, chance, AWS, MOBILE, "/login")
    if not token:
        return
    device = {
        "platform": "ios" if "iPhone" in who.client.user_agent else "android",
        "pushToken": f"p-{who.number}",
    }
    yield Step(app("POST", "/devices", json=device), think(chance, 1))
    yield Step(app("GET", "/me", token=token), think(chance, 3))
    yield Step(app("GET", "/orders", token=token), think(chance, 4))
    for number in chance.sample(company.orders_of(who.number), 2):
        yield Step(app("GET", f"/orders/{number}", token=token), think(chance, 5))
    if chance.random() < 0.4:
        yield Step(app("GET", "/payments", token=token), think(chance, 4))


def partner(name: str, chance: random.Random) -> Actor:
    """A partner's nightly-and-daily integration: fixed address, API key, regular calls."""
    client = machine(PARTNER_ADDRESSES[name], f"{name.removeprefix('partner-')}-sync/2.3", "GB", asn=64_530)
    key = KONG_PARTNER_KEYS[name]
    while True:
        for path in ("/partners/orders", "/partners/stock"):
            if name == "partner-initech":
                call = Call(KONG, PARTNERS, "GET", f"{path}?apikey={key}&page=1", client)
            else:
                call = Call(KONG, PARTNERS, "GET", f"{path}?page=1", client, {"apikey": key})
            yield Step(call, chance.uniform(6, 10))
        if aws_key := AWS_PARTNER_KEYS.get(name):
            for path in ("/partners/orders", "/reports/daily"):
                yield Step(Call(AWS, API, "GET", path, client, {"x-api-key": aws_key}), chance.uniform(8, 14))


def monitor(chance: random.Random) -> Actor:
    """Health checks from two places, every 15 seconds each."""
    while True:
        for address in MONITOR_ADDRESSES:
            client = machine(address, "UptimeProbe/1.9 (+https://status.acme.example)", "NL")
            yield Step(Call(AWS, API, "GET", "/health", client), 0.5)
            yield Step(Call(AWS, MOBILE, "GET", "/health", client), chance.uniform(6.5, 7.5))


def crawler(chance: random.Random) -> Actor:
    """A search engine that reads the catalogue slowly."""
    agent = "Mozilla/5.0 (compatible; SearchBot/2.1; +https://search.example/bot.html)"
    while True:
        client = machine(chance.choice(CRAWLER_ADDRESSES), agent, "US")
        yield Step(
            Call(KONG, SHOP, "GET", f"/catalog/products/{chance.choice(company.PRODUCTS)}", client),
            chance.uniform(9, 20),
        )


def noise(chance: random.Random) -> Actor:
    """What every public address gets: strangers who look once and go away."""
    agents = ("Mozilla/5.0 zgrab/0.x", "curl/8.5.0", "Go-http-client/1.1", "masscan/1.3")
    paths = ("/", "/favicon.ico", "/robots.txt", "/.git/config", "/index.php", "/login", "/actuator/health")
    while True:
        client: Client = machine(
            f"198.18.{chance.randrange(200, 250)}.{chance.randrange(1, 255)}", chance.choice(agents)
        )
        target, host = chance.choice(((KONG, SHOP), (AWS, API), (AWS, MOBILE)))
        yield Step(Call(target, host, "GET", chance.choice(paths), client), chance.expovariate(1 / 18))


def legacy(host: str, chance: random.Random) -> Actor:
    """An old integration that still calls the stage nobody watches."""
    client = machine("203.0.113.90", "Java/1.8.0_191", "NL")
    while True:
        yield Step(Call(AWS, host, "GET", "/v1/health", client), chance.uniform(8, 16))
        number = chance.choice(company.CUSTOMERS)
        yield Step(Call(AWS, host, "GET", f"/v1/customers/{number}", client), chance.uniform(10, 30))
