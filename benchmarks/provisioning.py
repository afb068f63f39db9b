"""A company's first provisioning, its daily changes and a leaver's end, over HTTP requests to the whole application.

``python -m benchmarks.provisioning [--people 1000]`` starts a PostgreSQL of its own in a temporary folder (crash-safe
settings), makes a workspace, and sends what Okta and Entra ID send, one request after the other. Entra ID asks a service
for 25 requests a second.
"""

from __future__ import annotations

import argparse
import secrets
import time
from datetime import timedelta
from itertools import cycle
from typing import Any

from benchmarks.tenants import line, server, timed

ROOT = "/scim/v2"
DOMAIN = "bench.test"


def person(number: int) -> dict[str, Any]:
    """What Entra ID sends for a new user."""
    email = f"person-{number}@{DOMAIN}"
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "externalId": f"external-{number}",
        "userName": email,
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": email}],
        "name": {"formatted": "given family", "familyName": "family", "givenName": "given"},
    }


class Caller:
    """An identity provider with its tokens, used in turn: each is slowed down at 30 requests a second."""

    def __init__(self, host: str, tokens: list[str]) -> None:
        from django.test import Client

        self.clients = cycle(Client(HTTP_HOST=host, HTTP_AUTHORIZATION=f"Bearer {token}") for token in tokens)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request; an answer that is none is an error of the measurement."""
        import orjson

        data = orjson.dumps(body) if body is not None else b""
        answer = next(self.clients).generic(
            method, f"{ROOT}{path}", data, content_type="application/scim+json"
        )
        if answer.status_code >= 400:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.content[:300]!r}")
        return answer.json() if answer.content else None


def prepared() -> Caller:
    """A workspace with a proved domain, rules and a token."""
    import django

    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from tenants.isolation.context import tenant_context
    from tenants.orgs.provisioning import migrate_platform
    from tenants.orgs.services import create_tenant
    from tenants.scim import services
    from tenants.sso.models import Domain
    from tenants.sso.services import change_policy

    settings.SPARE_SCHEMAS = 0
    migrate_platform()
    org = create_tenant("Bench", "bench", f"owner@{DOMAIN}", secrets.token_urlsafe(24))
    with tenant_context(org.schema_name):
        Domain.objects.create(name=DOMAIN, challenge="bench", verified_at=timezone.now())
        change_policy(rules=[("soc", "responder")], default_role="viewer")
        end = timezone.now() + timedelta(days=1)
        tokens = [services.create_token("bench", end, None).secret for _ in range(2)]
    return Caller("bench.localhost", tokens)


def measure(caller: Caller, people: int) -> None:
    """Print one line per kind of request."""
    ids: list[str] = []

    def sent(method: str, path: str, body: Any = None) -> float:
        return timed(lambda: caller.send(method, path, body))

    def made(number: int) -> float:
        return timed(lambda: ids.append(caller.send("POST", "/Users", person(number))["id"]))

    def patched(path: str, operation: dict[str, Any]) -> float:
        return sent("PATCH", path, {"Operations": [operation]})

    print(f"{'milliseconds':58s} {'median':>9s} {'95 %':>9s} {'count':>6s}")
    began = time.perf_counter()
    found = [
        (sent("GET", f'/Users?filter=userName+eq+"person-{number}@{DOMAIN}"'), made(number))
        for number in range(people)
    ]
    rate = 2 * people / (time.perf_counter() - began)
    line("look a user up by userName", [seconds for seconds, _ in found])
    note = f"{rate:.0f} requests a second, looking up and making in turn; 25 are asked for"
    line("make a user", [seconds for _, seconds in found], note)
    group = f"/Groups/{caller.send('POST', '/Groups', {'displayName': 'everyone'})['id']}"
    add = {"op": "Add", "path": "members", "value": [{"value": id_} for id_ in ids]}
    line(f"put {people} people into a group", [patched(group, add)])
    line(
        f"rename it: {people} roles change, 100 of them at once",
        [patched(group, {"op": "replace", "value": {"displayName": "soc"}})],
    )
    line("read it without members", [sent("GET", f"{group}?excludedAttributes=members") for _ in range(50)])
    for what, path, value in (
        ("change a name", "displayName", "Changed"),
        ("put somebody out", "active", "False"),
        ("let somebody in again", "active", "True"),
    ):
        operation = {"op": "Replace", "path": path, "value": value}
        line(what, [patched(f"/Users/{id_}", operation) for id_ in ids[:200]])


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="benchmarks.provisioning", description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    people = parser.parse_args().people
    with server():
        measure(prepared(), people)


if __name__ == "__main__":
    main()
