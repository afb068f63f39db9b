"""The REST edge: problems, cursors, idempotency, OpenAPI, headers."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from openapi_spec_validator import validate

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tenants.tokens.queries import tokens
from tests.clients import TenantClient, anonymous, machine, member


def token_body(name: str = "ci") -> dict[str, object]:
    expiry = timezone.now() + timedelta(days=1)
    return {"name": name, "scopes": ["members.read"], "expires_at": expiry.isoformat()}


@pytest.mark.asvs("16.5.1")
def test_every_error_is_a_problem_with_a_code_and_the_request_id(acme: OrgInfo) -> None:
    client = member(acme, "viewer")
    answers = [
        client.get("/api/v1/members/mbr_nobody"),
        client.get("/api/v1/nothing"),
        client.get("/api/v1/tokens"),
        client.put("/api/v1/members", {}),
        anonymous(acme).get("/api/v1/members"),
        client.generic("POST", "/api/v1/session", "{", content_type="application/json"),
        client.generic("POST", "/api/v1/session", "x=1", content_type="application/x-www-form-urlencoded"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 403, 405, 401, 400, 415]
    for answer in answers:
        body = answer.json()
        assert answer["Content-Type"] == "application/problem+json"
        assert {"type", "title", "status", "code", "request_id"} <= set(body)
        assert body["status"] == answer.status_code
        assert body["request_id"] == answer["X-Request-Id"]


@pytest.mark.asvs("2.2.1")
def test_validation_points_at_the_field(acme: OrgInfo) -> None:
    answer = member(acme, "owner").post("/api/v1/tokens", {"name": "x", "scopes": []})
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert (answer.status_code, pointers) == (400, {"/scopes", "/expires_at"})


def test_pages_follow_each_other_without_loss_while_rows_come_and_go(acme: OrgInfo) -> None:
    client = member(acme, "owner")
    made = [client.post("/api/v1/tokens", token_body(str(number))).json()["id"] for number in range(7)]
    seen, cursor = [], ""
    while True:
        page = client.get(f"/api/v1/tokens?limit=2{cursor}").json()
        seen += [row["id"] for row in page["data"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
        client.post("/api/v1/tokens", token_body("new"))
    assert seen == sorted(made, reverse=True)


@pytest.mark.asvs("9.1.1", "9.2.2")
def test_a_cursor_that_was_changed_or_is_another_lists_is_refused(acme: OrgInfo, globex: OrgInfo) -> None:
    cursor = member(acme, "owner").get("/api/v1/members?limit=2").json()["next"]
    for client, path, value in (
        (member(acme, "owner"), "/api/v1/members", cursor[:-1] + ("A" if cursor[-1] != "A" else "B")),
        (member(acme, "owner"), "/api/v1/roles", cursor),
        (member(globex, "owner"), "/api/v1/members", cursor),
        (member(acme, "owner"), "/api/v1/members", "x"),
    ):
        answer = client.get(path, {"cursor": value})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-cursor")


@pytest.mark.parametrize(("limit", "rows"), [("2", 2), ("0", 6), ("-1", 6), ("x", 6), ("100000", 6)])
def test_limits_outside_the_range_are_the_nearest_fit(acme: OrgInfo, limit: str, rows: int) -> None:
    assert len(member(acme, "owner").get(f"/api/v1/members?limit={limit}").json()["data"]) == rows


def test_the_next_page_is_also_in_the_link_header(acme: OrgInfo) -> None:
    answer = member(acme, "owner").get("/api/v1/members?limit=2")
    found = re.search(r'<([^>]+)>; rel="next"', answer["Link"])
    assert found is not None
    assert len(member(acme, "owner").get(found[1]).json()["data"]) == 2


def test_a_repeat_with_the_same_key_has_one_effect_and_the_same_answer(acme: OrgInfo) -> None:
    client, body = member(acme, "owner"), token_body()
    first = client.post("/api/v1/tokens", body, HTTP_IDEMPOTENCY_KEY="k1")
    second = client.post("/api/v1/tokens", body, HTTP_IDEMPOTENCY_KEY="k1")
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert second["Idempotent-Replay"] == "true"
    with tenant_context(acme.schema_name):
        assert tokens().count() == 1


def test_the_same_key_with_another_body_is_refused_and_another_callers_key_is_another_key(
    acme: OrgInfo,
) -> None:
    client = member(acme, "owner")
    client.post("/api/v1/tokens", token_body("a"), HTTP_IDEMPOTENCY_KEY="k1")
    answer = client.post("/api/v1/tokens", token_body("b"), HTTP_IDEMPOTENCY_KEY="k1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert (
        member(acme, "admin").post("/api/v1/tokens", token_body("b"), HTTP_IDEMPOTENCY_KEY="k1").status_code
        == 201
    )


def test_a_refused_request_keeps_its_answer_too(acme: OrgInfo) -> None:
    client = member(acme, "owner")
    for _ in range(2):
        assert client.post("/api/v1/tokens", {}, HTTP_IDEMPOTENCY_KEY="k2").status_code == 400


@pytest.mark.asvs("8.2.1")
def test_a_token_without_the_scope_is_refused_and_nobody_is_not_a_caller(acme: OrgInfo) -> None:
    assert machine(acme, ["findings.read"]).get("/api/v1/members").status_code == 403
    wrong = anonymous(acme)
    wrong.credentials(HTTP_AUTHORIZATION="Bearer pcl_wrong")
    answer = wrong.get("/api/v1/members")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_the_schema_is_valid_openapi_3_1(acme: OrgInfo) -> None:
    answer = anonymous(acme).get("/api/v1/openapi.json")
    document = json.loads(answer.content)
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_operation_ids_are_unique(acme: OrgInfo) -> None:
    document = json.loads(anonymous(acme).get("/api/v1/openapi.json").content)
    ids = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict)
    ]
    assert len(ids) == len(set(ids))


def test_the_documentation_page_needs_no_inline_script(acme: OrgInfo) -> None:
    page = anonymous(acme).get("/api/docs").content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []


@pytest.mark.parametrize("path", ["/", "/api/v1/session", "/api/v1/nothing", "/endpoints/ept_1"])
@pytest.mark.parametrize("slug", ["acme", ""])
def test_every_answer_carries_the_security_headers(acme: OrgInfo, path: str, slug: str) -> None:
    answer = TenantClient(slug).get(path)
    assert "script-src 'self';" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    if path.startswith("/api/"):
        assert answer["Cache-Control"] == "no-store"


def test_health_answers_for_any_host(any_db: None) -> None:
    client = TenantClient("nobody")
    assert client.get("/healthz").content == b"ok"
    assert client.get("/readyz").json() == {"ready": True, "problems": []}
