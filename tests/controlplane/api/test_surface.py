"""What the product's addresses give away or let be changed without being asked to: nothing."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from controlplane.config import settings as shipped
from controlplane.connections import services as held
from tenants.isolation.context import no_tenant, tenant_context
from tenants.members.queries import members
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient, anonymous, member
from tests.isolation.routes import Route, foreign_ids, routes
from tests.isolation.test_routes import undone

#: GETs that write, and what: everything else only reads.
WRITING = {
    "archive-file": "records the download",
    "audit-export": "records the download",
}
#: Written by any request of a session or token: when it was last seen.
SEEN = ("accounts_sessionrow", "tokens_apitoken")


@pytest.mark.asvs("4.1.4", "13.4.4")
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "OPTIONS", "DEBUG"])
def test_methods_nobody_offers_are_refused_everywhere(acme: OrgInfo, method: str) -> None:
    client = member(acme, "owner")
    wrong = []
    for address in [route.address({}) for route in routes()] + ["/", "/findings", "/api/nothing"]:
        answer = client.generic(method, address, "", HTTP_X_PROBE="probe-of-trace")
        body = b"" if answer.streaming else answer.content
        harmless = method == "OPTIONS" and not body and "Access-Control-Allow-Origin" not in answer
        if (answer.status_code < 400 and not harmless) or b"probe-of-trace" in body:
            wrong.append(f"{method} {address} -> {answer.status_code}")
    assert wrong == []


@pytest.mark.asvs("13.4.1", "13.4.3")
@pytest.mark.parametrize("slug", ["acme", ""])
def test_no_file_of_the_server_and_no_folder_is_shown(acme: OrgInfo, slug: str) -> None:
    client = TenantClient(slug)
    for path in (
        "/.git/config", "/.git/HEAD", "/.env", "/assets/", "/assets/../../manage.py", "/static/", "/static/..",
        "/static/%2e%2e/%2e%2e/pyproject.toml", "/..%2f..%2fuv.lock", "/manage.py", "/settings.py.bak", "/.data/secret_key",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code in (404, 400), path


def _written(client: TenantClient, org: OrgInfo, address: str) -> tuple[Any, list[str]]:
    """The answer to a GET, and the statements it changed the tenant's tables with."""
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
        if answer.streaming:
            b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    changes = [query["sql"] for query in seen.captured_queries]
    changes = [text for text in changes if text.lstrip().split(" ")[0] in ("INSERT", "UPDATE", "DELETE")]
    return answer, [text[:160] for text in changes if not any(table in text for table in SEEN)]


@pytest.mark.asvs("3.5.3")
def test_reading_changes_nothing(acme: OrgInfo) -> None:
    with tenant_context(acme.schema_name):
        ids = foreign_ids()
    client = member(acme, "owner")
    wrong, answered = [], 0
    for route in _read_by_get():
        with undone():
            answer, changes = _written(client, acme, route.address(ids))
        answered += answer.status_code == 200
        if changes and route.name not in WRITING:
            wrong.append(f"GET {route.pattern} ({route.name}): {changes}")
    assert wrong == []
    assert answered > 30


def _read_by_get() -> Iterator[Route]:
    """Routes of REST with a GET; single sign-on and SCIM begin flows and are protocols of their own."""
    for route in routes():
        if "get" in route.methods and not route.pattern.startswith(("sso/", "scim/", "_allauth/")):
            yield route


@pytest.mark.asvs("8.2.3", "15.3.3")
def test_fields_nobody_offered_are_not_set(committed_db: object, acme: OrgInfo) -> None:
    client = member(acme, "owner")
    with tenant_context(acme.schema_name):
        made = held.create("kong", "Kong", {"admin_url": "https://kong.example", "admin_token": "t0ken"})
        viewer = next(row for row in members() if row.role == "viewer")
    evil = {
        "id": "con_evil", "status": "connected", "created_at": "2000-01-01T00:00:00Z", "generated": {"external_id": "x"},
        "secrets": "x", "ingest_token_hash": "x", "tenant": "globex", "schema_name": "public", "is_superuser": True,
        "is_staff": True, "user_id": "usr_evil", "email": "evil@evil.test", "password": "evil", "slug": "evil",
        "delete_after": "2000-01-01T00:00:00Z", "created_by": "usr_evil", "secret_hash": "x", "last_used_at": None,
    }  # fmt: skip
    expiry = (timezone.now() + timedelta(days=1)).isoformat()
    for method, address, wanted in (
        ("patch", f"/api/v1/connections/{made.id}", {"name": "Renamed"}),
        ("patch", f"/api/v1/members/{viewer.id}", {"role": "analyst"}),
        ("patch", "/api/v1/tenant", {"name": "Renamed"}),
        ("patch", "/api/v1/session", {"theme": "dark"}),
        ("post", "/api/v1/tokens", {"name": "t", "scopes": ["findings.read"], "expires_at": expiry}),
    ):
        answer = getattr(client, method)(address, {**evil, **wanted})
        assert answer.status_code in (200, 201), (address, answer.content)
        told = json.dumps(answer.json())
        assert "evil" not in told, address
        assert "2000-01-01" not in told, address
    with tenant_context(acme.schema_name), connection.cursor() as cursor:
        tables = ("accounts_user", "members_membership", "connections_connection", "tokens_apitoken")
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table} AS r WHERE to_jsonb(r)::text LIKE '%evil%'")
            assert cursor.fetchone() == (0,), table
    assert client.get("/api/v1/session").json()["tenant"]["slug"] == "acme"


@pytest.mark.asvs("15.3.7")
def test_a_parameter_counts_where_it_belongs_and_once(acme: OrgInfo) -> None:
    client = member(acme, "owner")
    count = lambda query: len(client.get(f"/api/v1/members?{query}").json()["data"])  # noqa: E731
    assert (count("limit=2"), count("limit=3&limit=2"), count("limit=2&limit=3")) == (2, 2, 3)
    # The address does not fill in for the body, nor a form for JSON.
    assert client.patch("/api/v1/session?theme=dark", {}).json()["user"]["theme"] == "system"
    form = "application/x-www-form-urlencoded"
    assert client.generic("PATCH", "/api/v1/session", "theme=dark", content_type=form).status_code == 415
    # Nor does it stand for a header or cookie.
    stranger = anonymous(acme)
    for query in ("Authorization=Bearer+x", "portcullis_session=x", "csrfmiddlewaretoken=x"):
        assert stranger.get(f"/api/v1/members?{query}").status_code == 401
    twice = '{"theme": "dark", "theme": "light"}'
    answer = client.generic("PATCH", "/api/v1/session", twice, content_type="application/json")
    assert answer.json()["user"]["theme"] == "light"
    assert client.get("/api/v1/session").json()["user"]["theme"] == "light"


@pytest.mark.asvs("13.4.2", "16.3.4", "16.5.1", "16.5.4")
def test_an_unexpected_failure_is_logged_says_nothing_of_the_inside_and_ends_nothing(
    committed_db: object, acme: OrgInfo, caplog: pytest.LogCaptureFixture
) -> None:
    assert shipped.DEBUG is False
    client = member(acme, "owner")
    with no_tenant(), connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {acme.schema_name}.findings_finding RENAME TO elsewhere")
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/v1/findings")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (500, "unexpected")
    assert set(body) <= {"type", "title", "status", "code", "detail", "request_id"}
    told = answer.content.decode().lower()
    assert not any(
        word in told for word in ("findings_finding", "select", "traceback", "psycopg", "django", ".py")
    )
    assert "unexpected error" in caplog.text
    assert "findings_finding" in caplog.text
    assert client.get("/api/v1/members").status_code == 200
