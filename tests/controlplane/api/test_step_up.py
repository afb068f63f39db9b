"""Dangerous acts need fresh proof of who sits there: every route that should, found by itself, and no other way in."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.urls import get_resolver

from controlplane.api.permissions import _Permission, needs_step_up
from tenants.members.permissions import ALL, PEOPLE_ONLY, STEP_UP, TOKEN_SCOPES
from tenants.orgs.types import OrgInfo
from tests.clients import TenantClient, machine, member
from tests.database import PASSWORD
from tests.isolation.routes import Route, _walk
from tests.isolation.test_routes import undone
from tests.tenants.accounts.people import later, sign_in

SAFE = {"get", "head", "options"}
#: What the product promises to ask for (ASVS 7.5.3), by route and method; the test below finds any that is missing here.
PROMISED = {
    ("blocks$", "post"), ("blocks/undo-all", "post"), ("promote", "post"), ("approve", "post"), ("extend", "post"),
    ("protected-networks$", "post"), ("protected-networks/", "delete"), ("tokens$", "post"), ("tokens/", "delete"),
    ("members$", "post"), ("members/", "patch"), ("members/", "delete"), ("clear-factors", "post"), ("end-sessions", "post"),
    ("invitations$", "post"), ("resend", "post"), ("invitations/", "delete"), ("archives$", "post"), ("/file", "get"),
    ("tenant/deletion", "post"), ("sign-in-policy", "patch"), ("account/email$", "post"),
    ("sso/", "post"), ("sso/", "patch"), ("sso/", "delete"),
}  # fmt: skip
FREE = {("undo$", "post"), ("tenant/deletion", "delete")}


def found() -> Iterator[tuple[Route, str, Any, str, frozenset[str]]]:
    """Every route of REST with each of its methods: (route, method, view, action, permissions)."""
    patterns = {}
    for entry, route in zip(
        _entries(), _walk(get_resolver("controlplane.config.urls").url_patterns, ""), strict=True
    ):
        patterns[route] = entry.callback
    for route, callback in patterns.items():
        view = getattr(callback, "cls", None)
        if view is None or not route.pattern.startswith("api/v1/"):
            continue
        for method in set(route.methods) - {"head"}:  # DRF answers it as it answers GET
            action = (getattr(callback, "actions", None) or {}).get(method, method)
            yield route, method, view, action, permissions(view, method, action)


def _entries() -> list[Any]:
    from django.urls import URLPattern, URLResolver

    from tests.isolation.routes import CATCH_ALL

    def walk(patterns: list[Any]) -> Iterator[Any]:
        for entry in patterns:
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns)
            elif isinstance(entry, URLPattern) and str(entry.pattern) not in CATCH_ALL:
                yield entry

    return list(walk(get_resolver("controlplane.config.urls").url_patterns))


def permissions(view: Any, method: str, action: str) -> frozenset[str]:
    """The permission strings a method of a view needs; usually one, none for one's own account."""
    made = view()
    made.request = type("R", (), {"method": method.upper()})()
    made.action = action
    rules = [rule for rule in made.get_permissions() if isinstance(rule, _Permission)]
    return frozenset(rule.wanted(view, action) for rule in rules)


def asked(route: Route, method: str, view: Any, action: str, names: frozenset[str]) -> bool:
    return any(needs_step_up(view, action, method.upper(), name) for name in names or {""})


def promised(route: Route, method: str, among: set[tuple[str, str]]) -> bool:
    address = route.pattern.replace("\\Z", "$").removesuffix("$") + "$"
    return any(part in address and method == wanted for part, wanted in among)


@pytest.mark.asvs("7.5.3")
def test_every_change_with_a_dangerous_permission_asks_or_says_why_not() -> None:
    seen = 0
    for route, method, view, action, names in found():
        if method not in SAFE and names & STEP_UP:
            seen += 1
            free = action in view.without_step_up
            assert asked(route, method, view, action, names) is not free, f"{method} {route.pattern}"
            assert not free or len(view.without_step_up[action]) > 20
    assert seen >= 25


@pytest.mark.asvs("7.5.3")
def test_the_routes_that_ask_are_the_promised_ones() -> None:
    asking = [(route, method) for route, method, *rest in found() if asked(route, method, *rest)]
    assert [f"{m} {r.pattern}" for r, m in asking if not promised(r, m, PROMISED)] == []
    free = [
        (route, method)
        for route, method, view, action, _ in found()
        if action in getattr(view, "without_step_up", {})
    ]
    assert [f"{m} {r.pattern}" for r, m in free if not promised(r, m, FREE)] == []
    for part, method in PROMISED:
        assert any(promised(r, m, {(part, method)}) for r, m in asking), (part, method)


@pytest.mark.asvs("7.5.3")
def test_none_of_them_answers_without_proof_of_late(acme: OrgInfo) -> None:
    client = sign_in(acme, "owner@acme.test")
    later(acme, client, 601)
    wrong, seen = [], 0
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    for route, method, *rest in found():
        client.cookies[settings.SESSION_COOKIE_NAME] = cookie  # signing out is among them
        with undone():
            answer = client.generic(method.upper(), route.address({}), "{}", content_type="application/json")
        code = "" if answer.streaming else (answer.json() or {}).get("code", "") if answer.content else ""
        if asked(route, method, *rest):
            seen += 1
            if (answer.status_code, code) != (403, "step-up-needed"):
                wrong.append(f"{method} {route.pattern} -> {answer.status_code} {code}")
        elif code == "step-up-needed":
            wrong.append(f"{method} {route.pattern} asks although it should not")
    assert wrong == []
    assert seen >= 25


def push(client: TenantClient) -> Any:
    return client.post("/api/v1/blocks", {"preview_id": "x"})


@pytest.mark.asvs("7.5.3")
def test_a_fresh_sign_in_counts_and_runs_out(acme: OrgInfo) -> None:
    client = sign_in(acme, "owner@acme.test")
    assert push(client).status_code == 400  # past the question: the body is wrong
    assert client.get("/api/v1/session").json()["step_up"]["until"] is not None
    later(acme, client, 599)
    assert push(client).status_code == 400
    later(acme, client, 2)
    answer = push(client)
    assert (answer.status_code, answer.json()["code"]) == (403, "step-up-needed")
    assert "password" in answer.json()["action"]
    assert client.get("/api/v1/session").json()["step_up"] == {"until": None, "ways": ["password"]}


def test_the_password_is_proof_and_wrong_ones_are_limited(acme: OrgInfo) -> None:
    client = sign_in(acme, "owner@acme.test")
    later(acme, client, 601)
    for _ in range(5):
        wrong = client.post("/api/v1/session/step-up", {"password": "wrong"})
        assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong-password")
        assert push(client).status_code == 403
    limited = client.post("/api/v1/session/step-up", {"password": PASSWORD})
    assert (limited.status_code, limited.json()["code"]) == (429, "too-many-tries")
    assert int(limited["Retry-After"]) > 60
    other = sign_in(acme, "admin@acme.test")
    later(acme, other, 601)
    assert other.post("/api/v1/session/step-up", {"password": PASSWORD}).status_code == 200
    assert push(other).status_code == 400


def test_another_persons_password_is_no_proof(acme: OrgInfo) -> None:
    client = sign_in(acme, "owner@acme.test")
    later(acme, client, 601)
    client.post(
        "/api/v1/account/password", {"current_password": PASSWORD, "new_password": "plain lantern orchid"}
    )
    later(acme, client, 601)
    assert client.post("/api/v1/session/step-up", {"password": PASSWORD}).status_code == 403


def test_undoing_one_block_and_keeping_the_workspace_never_wait_for_a_password(acme: OrgInfo) -> None:
    client = sign_in(acme, "owner@acme.test")
    later(acme, client, 6000)
    assert client.post("/api/v1/blocks/blk_0/undo").status_code == 404
    assert client.delete("/api/v1/tenant/deletion").status_code == 409


def test_tokens_are_not_asked_and_do_only_what_is_not_for_people(acme: OrgInfo) -> None:
    robot = machine(acme, sorted(TOKEN_SCOPES))
    assert push(robot).status_code == 400
    wrong = []
    for route, method, _, _, names in found():
        if names & PEOPLE_ONLY:
            with undone():
                answer = robot.generic(
                    method.upper(), route.address({}), "{}", content_type="application/json"
                )
            if answer.status_code != 403:
                wrong.append(f"{method} {route.pattern} -> {answer.status_code}")
    assert wrong == []
    assert PEOPLE_ONLY | TOKEN_SCOPES == ALL


def test_a_client_that_never_signed_in_is_told_to_sign_in(acme: OrgInfo) -> None:
    stranger = TenantClient("acme")
    assert push(stranger).status_code == 401
    assert member(acme, "viewer").post("/api/v1/blocks").json()["code"] == "permission-denied"
