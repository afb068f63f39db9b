"""What every answer tells a browser, and what cookies are like over HTTPS."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test.utils import override_settings

from tenants.isolation.context import tenant_context
from tenants.orgs.types import OrgInfo
from tenants.tokens.queries import tokens
from tests.clients import TenantClient, member
from tests.isolation.routes import foreign_ids, routes

#: Answered before anything else, for whoever watches the process; no browser is sent there.
WATCHED = ("/healthz", "/readyz")
POLICY = {
    "default-src": ["'self'"], "script-src": ["'self'"], "connect-src": ["'self'"], "object-src": ["'none'"],
    "base-uri": ["'none'"], "frame-ancestors": ["'none'"], "form-action": ["'self'"],
}  # fmt: skip


def answers(acme: OrgInfo, **headers: Any) -> Iterator[tuple[str, Any]]:
    """An answer of every address, found or not, allowed or not, at a workspace and at the base domain."""
    with tenant_context(acme.schema_name):
        ids = foreign_ids()
    for client in (member(acme, "owner"), TenantClient("acme"), TenantClient()):
        addresses = [route.address(ids) for route in routes()]
        for address in [
            *addresses,
            "/",
            "/findings",
            "/api/nothing",
            "/nothing.png",
            "/api/v1/signup/slug?slug=x",
        ]:
            yield address, client.get(address, **headers)
        yield "POST /api/v1/tokens", client.post("/api/v1/tokens", {}, **headers)


def wrong(address: str, answer: HttpResponse) -> list[str]:
    """What an answer lacks."""
    said = dict(
        part.strip().partition(" ")[::2] for part in answer.get("Content-Security-Policy", "").split(";")
    )
    missing = [name for name, sources in POLICY.items() if said.get(name, "").split() != sources]
    expected = {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
    }  # fmt: skip
    missing += [name for name, value in expected.items() if answer.get(name) != value]
    if answer.get("Referrer-Policy") not in ("same-origin", "no-referrer"):
        missing.append("Referrer-Policy")
    missing += [name for name in answer.headers if name.lower().startswith("access-control-")]
    kind = answer.get("Content-Type", "")
    has_body = answer.streaming or bool(answer.content)
    if has_body and (not kind or (kind.startswith("text/") and "charset=utf-8" not in kind.lower())):
        missing.append(f"Content-Type {kind!r}")
    if "javascript" in kind:
        missing.append("a script")
    private = re.match(r"/(api/v1|_allauth|scim|session)/", address) and answer.status_code != 404
    if private and "no-store" not in answer.get("Cache-Control", ""):
        missing.append("Cache-Control")
    return [f"{address}: {name}" for name in missing]


@pytest.mark.asvs("3.2.1", "3.4.2", "3.4.3", "3.4.4", "3.4.5", "3.4.6", "3.4.8", "3.5.6", "3.5.8")
@pytest.mark.asvs("4.1.1", "14.2.2", "14.2.3", "14.3.2")
def test_every_answer_of_every_address_carries_them(acme: OrgInfo) -> None:
    found = [
        line
        for address, answer in answers(acme, HTTP_ORIGIN="https://evil.example", QUERY_STRING="callback=x")
        for line in wrong(address, answer)
    ]
    assert found == [], "\n".join(found)


def shipped(**environment: str) -> dict[str, Any]:
    """The product's settings as a process with this environment has them."""
    names = (
        "SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE",
        "SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "SSO_COOKIE_NAME",
        "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE", "CSRF_COOKIE_SAMESITE",
        "CSRF_COOKIE_DOMAIN", "CSRF_COOKIE_PATH", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    )  # fmt: skip
    code = (
        "import json, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'controlplane.config.settings'\n"
        f"from django.conf import settings; print(json.dumps({{name: getattr(settings, name) for name in {names!r}}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.3", "3.3.4", "3.4.1")
def test_over_https_cookies_are_of_this_host_alone_and_browsers_keep_to_it(acme: OrgInfo) -> None:
    found = shipped(PORTCULLIS_HTTPS="1")
    for kind in ("SESSION", "CSRF"):
        assert found[f"{kind}_COOKIE_SECURE"] is True
        assert found[f"{kind}_COOKIE_SAMESITE"] in ("Lax", "Strict")
        assert found[f"{kind}_COOKIE_NAME"].startswith("__Host-")
        assert (found[f"{kind}_COOKIE_DOMAIN"], found[f"{kind}_COOKIE_PATH"]) == (None, "/")
    assert found["SSO_COOKIE_NAME"].startswith("__Host-")
    assert found["SESSION_COOKIE_HTTPONLY"] is True
    assert found["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert found["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True
    with override_settings(
        SECURE_HSTS_SECONDS=found["SECURE_HSTS_SECONDS"], SECURE_HSTS_INCLUDE_SUBDOMAINS=True
    ):
        for slug in ("acme", ""):
            for path in ("/", "/api/v1/session", "/api/nothing", "/nothing.png"):
                answer = TenantClient(slug).get(path, secure=True)
                assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", (
                    slug,
                    path,
                )


@pytest.mark.asvs("12.2.1", "4.1.2")
def test_over_https_whoever_comes_without_it_is_refused_before_anything_is_read(
    acme: OrgInfo, api_client: Callable[..., TenantClient]
) -> None:
    machine = api_client(acme, ["findings.read"])
    with override_settings(HTTPS_ONLY=True):
        for path in ("/", "/api/v1/session", "/api/v1/findings", "/static/nothing.png", "/api/nothing"):
            answer = machine.get(path)
            assert (answer.status_code, answer.json()["code"]) == (403, "https-needed"), path
            assert "Location" not in answer
        assert machine.post("/api/v1/session", {"email": "a@b.test"}).json()["code"] == "https-needed"
        assert machine.get("/healthz").status_code == 200
        with tenant_context(acme.schema_name):
            assert [token.last_used_at for token in tokens()] == [None]
        assert machine.get("/api/v1/findings", secure=True).status_code == 200
