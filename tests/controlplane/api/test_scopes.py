"""API tokens: every route opens for its scope and for no other, and stays shut without it."""

import json
from typing import Any

import pytest

from controlplane.api.permissions import Member, _Permission
from tenants.members.permissions import ALL, PEOPLE_ONLY, PERMISSIONS, SENTENCES, TOKEN_SCOPES, Role
from tenants.orgs.types import OrgInfo
from tests.clients import machine, member
from tests.controlplane.api.test_step_up import found
from tests.isolation.test_routes import undone


def guarded() -> dict[tuple[str, str], frozenset[str]]:
    """(method, address) → the permissions it needs."""
    return {(method, route.address({})): names for route, method, _, _, names in found() if names}


def code_of(answer: Any) -> str:
    """The problem's code; empty when the answer is none."""
    if not str(answer.get("Content-Type", "")).startswith("application/problem+json"):
        return ""
    return str(json.loads(answer.content)["code"])


@pytest.mark.asvs("8.2.1", "8.3.1")
@pytest.mark.timeout(300)
def test_each_route_needs_its_scope_and_each_scope_opens_only_its_routes(acme: OrgInfo) -> None:
    """The whole matrix in two requests a route: a token with every other scope is refused, so that none of them opens it,
    alone or with others; a token with this scope alone is not.
    """
    wrong: list[str] = []
    opened: set[str] = set()
    others = {scope: machine(acme, sorted(TOKEN_SCOPES - {scope})) for scope in ALL}
    for (method, address), names in guarded().items():
        tries = [(others[name], False) for name in names]
        if names <= TOKEN_SCOPES:
            tries.append((machine(acme, sorted(names)), True))
            opened |= names
        for client, opens in tries:
            with undone():
                answer = client.generic(method.upper(), address, "{}", content_type="application/json")
            refused = answer.status_code == 403 and code_of(answer) == "permission-denied"
            if refused is opens:
                wrong.append(f"{sorted(names)} {opens}: {method} {address} -> {answer.status_code}")
    assert wrong == []
    assert len(opened) >= 18


@pytest.mark.asvs("8.2.1")
def test_what_only_people_may_do_no_token_opens(acme: OrgInfo) -> None:
    client = machine(acme, sorted(TOKEN_SCOPES))
    wrong = []
    for (method, address), names in guarded().items():
        if names & PEOPLE_ONLY:
            with undone():
                answer = client.generic(method.upper(), address, "{}", content_type="application/json")
            if answer.status_code != 403:
                wrong.append(f"{method} {address} -> {answer.status_code}")
    assert wrong == []


def test_every_route_says_who_may_call_it() -> None:
    """A permission, any member, one's own account, or open with a reason; nothing in between."""
    silent = []
    for route, method, view, action, names in found():
        if names or route.open or not hasattr(view, "step_up"):
            continue
        made = view()
        made.request = type("R", (), {"method": method.upper()})()
        made.action = action
        rules = {type(rule).__name__ for rule in made.get_permissions()}
        if not rules & {"Person", Member.__name__, _Permission.__name__}:
            silent.append(f"{method} {route.pattern}: {rules}")
    assert silent == []


def test_every_permission_has_a_sentence_and_the_table_says_who_has_it(acme: OrgInfo) -> None:
    assert set(SENTENCES) == ALL
    rows = member(acme, "viewer").get("/api/v1/permissions?limit=200").json()["data"]
    assert {row["name"] for row in rows} == ALL
    assert all(row["sentence"].endswith(".") for row in rows)
    for row in rows:
        assert row["roles"] == [role.value for role in Role if row["name"] in PERMISSIONS[role]]
    push = next(row for row in rows if row["name"] == "blocks.push")
    assert (push["roles"], push["for_tokens"], push["step_up"]) == (
        ["owner", "admin", "responder"],
        True,
        True,
    )
    roles = member(acme, "viewer").get("/api/v1/roles").json()["data"]
    assert [row["role"] for row in roles] == [role.value for role in Role]
    assert all(row["sentence"] for row in roles)
