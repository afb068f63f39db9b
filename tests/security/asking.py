"""Requests with a secret in every field a person, a program or a stranger can send one in."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from connectors.testkit.running import free_port
from tests.clients import TenantClient
from tests.security.planting import Planter

#: Gathered before the jobs ran: what waits for one of them stands there.
WAITING = "queue and tables before the jobs"
_addresses = (f"198.51.{a}.{b}" for a in range(100) for b in range(1, 250))
Api = Callable[..., Any]


def elsewhere() -> dict[str, Any]:
    """A client address nobody has used, so that no limit is reached."""
    return {"REMOTE_ADDR": next(_addresses)}


def settings(api: Api, planter: Planter, url: str) -> None:
    """Connections and alert destinations: saved, changed, refused, checked against a server that echoes them."""
    body: dict[str, Any]
    for n, secret in enumerate(planter.named("connection: secret setting")):
        body = {
            "connector": "kong",
            "name": f"Kong {n}",
            "settings": {"admin_url": url, "admin_token": secret},
        }
        made = api("post", "/api/v1/connections", body, HTTP_IDEMPOTENCY_KEY=f"con-{n}").json()["id"]
        api("post", "/api/v1/connections", body, HTTP_IDEMPOTENCY_KEY=f"con-{n}")
        api("post", f"/api/v1/connections/{made}/check")
        token = api("post", f"/api/v1/connections/{made}/rotate-token").json()["ingest_token"]
        planter.made("connection: ingest token", token, "answers")
        for other in itertools.islice(planter.named("connection: changed secret"), 1):
            api("patch", f"/api/v1/connections/{made}", {"settings": {"admin_token": other}})
    for number, wrong in enumerate(
        (
            lambda s: {"admin_url": url, "admin_token": {"value": s}},
            lambda s: {"admin_url": url, "admin_token": [s, 5]},
            lambda s: {"admin_url": url, "admintoken": s},
            lambda s: {"admin_url": f"https://ann:{s}@kong.example.com"},
            lambda s: {"admin_url": url, "token_header": f"Authorization: Bearer {s}"},
            lambda s: {"admin_url": url, "workspace": f"token={s}"},
        )
    ):
        for n, secret in enumerate(planter.named(f"connection: refused setting {number}")):
            body = {"connector": "kong", "name": f"Wrong {number} {n}", "settings": wrong(secret)}
            api("post", "/api/v1/connections", body)
    for n, secret in enumerate(planter.named("alert destination: password")):
        mail: dict[str, Any] = {"host": "127.0.0.1", "port": free_port(), "sender": "a@acme.test"}
        mail |= {"to": ["soc@acme.test"], "username": "soc", "password": secret}
        body = {"connector": "email", "name": f"Mail {n}", "settings": mail}
        made = api("post", "/api/v1/alert-destinations", body).json()["id"]
        api("post", f"/api/v1/alert-destinations/{made}/test")
        api("patch", f"/api/v1/alert-destinations/{made}", {"settings": mail | {"to": [secret]}})
    for n, secret in enumerate(planter.named("alert destination: refused")):
        hook = {"url": f"https://ann:{secret}@hooks.example.com/", "secret": {"x": secret}}
        api("post", "/api/v1/alert-destinations", {"connector": "webhook", "name": f"W{n}", "settings": hook})
    hook = {"connector": "webhook", "name": "Hook", "settings": {"url": url}, "min_severity": "info"}
    made = api("post", "/api/v1/alert-destinations", hook).json()
    planter.made("alert destination: made secret", made["generated"]["secret"], "answers")
    api("post", f"/api/v1/alert-destinations/{made['id']}/test")


def signing_in(api: Api, planter: Planter) -> None:
    """Attempts, resets, links, codes and invitations of people nobody knows, and of those who mistype."""
    body: dict[str, Any]
    for secret in planter.named("sign-in: wrong password"):
        body = {"email": "viewer@acme.test", "password": secret}
        api("post", "/api/v1/session", body, **elsewhere())
    for secret in planter.named("sign-in: password instead of an address"):
        api("post", "/api/v1/session", {"email": secret, "password": "x"}, **elsewhere())
    for secret in planter.issued("sign-in: password typed before the address"):
        body = {"email": f"{secret}@acme.test".replace("$", "."), "password": "x"}
        api("post", "/api/v1/session", body, **elsewhere())
    for secret in planter.named("sign-in: password of another type"):
        api("post", "/api/v1/session", {"email": ["a@acme.test"], "password": {"p": secret}}, **elsewhere())
    for secret in planter.issued("reset: address", WAITING):
        body = {"email": f"{secret}@acme.test".replace("$", ".")}
        api("post", "/api/v1/account/password/reset", body, **elsewhere())
    for secret in planter.named("reset: link and new password"):
        for path in (
            "account/password/reset/confirm",
            "account/email/confirm",
            "invitation/open",
            "invitation/accept",
        ):
            api("post", f"/api/v1/{path}", {"token": secret, "password": secret}, **elsewhere())
    for secret in planter.named("second factor: code"):
        api("post", "/_allauth/browser/v1/auth/2fa/authenticate", {"code": secret}, **elsewhere())
    for secret in planter.named("passkey: answer"):
        body = {"credential": {"id": secret, "response": {"signature": secret}}}
        api("post", "/_allauth/browser/v1/auth/webauthn/login", body, **elsewhere())
    for secret in planter.named("hand-over: token"):
        api("post", "/api/v1/session/handoff", {"token": secret}, **elsewhere())
    for secret in planter.named("sign-up: password"):
        body = {"organisation": "X", "slug": "acme", "email": "x@x.test", "password": secret}
        TenantClient("").post("/api/v1/signup", body, **elsewhere())


def headers(api: Api, planter: Planter, *, signed_in: bool) -> None:
    """Credentials in headers, addresses and cookies, believed or not."""
    who = "member" if signed_in else "stranger"
    for name, value in (
        ("HTTP_AUTHORIZATION", "Bearer {}"),
        ("HTTP_AUTHORIZATION", "Token {}"),
        ("HTTP_AUTHORIZATION", "Basic YW5uOg=={}"),
        ("HTTP_COOKIE", "theme=dark; token={0}" if signed_in else "portcullis_session={0}; csrftoken={0}"),
        ("HTTP_X_API_KEY", "{}"),
        ("HTTP_X_CSRFTOKEN", "{}"),
        ("HTTP_REFERER", "https://acme.localhost/?token={}"),
        ("HTTP_ORIGIN", "https://ann:{}@acme.localhost"),
        ("HTTP_X_FORWARDED_FOR", "{}"),
        ("HTTP_IDEMPOTENCY_KEY", "{}"),
        ("HTTP_ACCEPT_LANGUAGE", "{}"),
    ):
        for secret in planter.named(f"{who}: header {name} {value}"):
            given = {name: value.format(secret)}
            api("get", "/api/v1/findings", **given, **elsewhere())
            api("post", "/api/v1/tokens", {"name": "x"}, **given, **elsewhere())
            api("get", "/scim/v2/Users", **given, **elsewhere())
    for name, value in (("HTTP_USER_AGENT", "Agent/1 (token={})"), ("HTTP_X_REQUEST_ID", "{}")):
        for secret in planter.issued(f"{who}: header {name}"):
            given = {name: value.format(secret)}
            api("get", "/api/v1/session", **given)
            if not signed_in:
                wrong = {"email": "viewer@acme.test", "password": "x"}
                api("post", "/api/v1/session", wrong, **given, **elsewhere())
            api("patch", "/api/v1/tenant", {"name": "Acme"}, **given)
    for secret in planter.named(f"{who}: query of an address"):
        api("get", f"/api/v1/findings?token={secret}&cursor={secret}&severity={secret}&search={secret}")
    for secret in planter.named(f"{who}: path of an address"):
        api("get", f"/api/v1/connections/{secret}")
        api("get", f"/api/v1/{secret}/x")
        api("get", f"/{secret}")


def in_error(api: Api, planter: Planter) -> None:
    """Bodies that cannot be read or mean nothing."""
    paths = itertools.cycle(("connections", "tokens", "members", "blocks", "blocks/preview", "sso/providers"))
    for secret in planter.document("body: broken JSON"):
        broken = json.dumps({"name": "x", "password": secret})[:-3]
        api("post", f"/api/v1/{next(paths)}", broken, content_type="application/json")
    for secret in planter.document("body: wrong types"):
        body = {
            "name": {"token": secret},
            "email": [secret],
            "settings": secret,
            "scopes": secret,
            "match": secret,
        }
        for _ in range(6):
            api("post", f"/api/v1/{next(paths)}", body)
    for secret in planter.issued("body: unknown names"):
        api("post", f"/api/v1/{next(paths)}", {secret: secret, "password": secret})
    for secret in planter.document("body: another media type"):
        api("post", f"/api/v1/{next(paths)}", f"<password>{secret}</password>", content_type="text/xml")
    for secret in planter.document("file: of no known kind"):
        file = SimpleUploadedFile("notes.txt", f"password={secret}\n".encode())
        api("post", "/api/v1/imports", {"file": file}, format="multipart")


def single_sign_on(api: Api, planter: Planter, provider: str) -> None:
    """Providers and provisioning: secrets saved, answers forged, passwords sent along."""
    body: dict[str, Any]
    for secret in planter.named("provider: client secret"):
        api("patch", f"/api/v1/sso/providers/{provider}", {"client_secret": secret})
    for secret in planter.named("provider: refused"):
        body = {"protocol": "oidc", "name": "x", "client_secret": secret}
        api("post", "/api/v1/sso/providers", body | {"settings": {"issuer": f"https://a:{secret}@idp.test"}})
        body = {"protocol": "saml", "name": "x", "metadata": f"<xml>{secret}", "settings": {}}
        api("post", "/api/v1/sso/providers", body)
    for secret in planter.named("sign-on: forged answer"):
        api("get", f"/sso/{provider}/callback?code={secret}&state={secret}", **elsewhere())
        form = {"SAMLResponse": secret, "RelayState": "r"}
        api("post", f"/sso/{provider}/callback", form, format="multipart", **elsewhere())


def provisioning(scim: Api, planter: Planter) -> None:
    """What an identity provider sends with a right token."""
    core, kind = "urn:ietf:params:scim:schemas:core:2.0:User", "application/scim+json"
    for n, secret in enumerate(planter.named("SCIM: password")):
        user = {"schemas": [core], "userName": f"p{n}@acme.test", "password": secret}
        made = scim("post", "/scim/v2/Users", json.dumps(user), content_type=kind).json().get("id", "x")
        operations = [{"op": "replace", "path": "password", "value": secret}]
        change = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
        scim("patch", f"/scim/v2/Users/{made}", json.dumps(change), content_type=kind)
        scim("get", f'/scim/v2/Users?filter=password eq "{secret}"')
        scim("post", "/scim/v2/Users", json.dumps({"password": secret})[:-2], content_type=kind)


def made_secrets(api: Api, planter: Planter, expires: str) -> Iterator[str]:
    """Tokens, seeds and codes that the product makes; yields the SCIM token."""
    body = {"name": "t", "scopes": ["findings.read"], "expires_at": expires}
    kept: dict[str, Any] = {
        "HTTP_IDEMPOTENCY_KEY": "made"
    }  # so that the answer with the secret in it is kept
    answer = api("post", "/api/v1/tokens", body, **kept)
    assert answer.status_code == 201, answer.content
    planter.made("API token", answer.json()["token"], "answers")
    made = api("post", "/api/v1/sso/scim/tokens", {"name": "t", "expires_at": expires}, **kept).json()[
        "token"
    ]
    yield planter.made("SCIM token", made, "answers")
