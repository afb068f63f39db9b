"""Calls and configuration documents with a secret in every place that can carry one."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.samples import DECK, OPENAPI, START_MS, Call, apigee, aws_access, aws_waf, kong
from tests.security.planting import Planter

TELLING = ("token", "api_key", "password", "session", "client_secret", "sig", "Authorization", "JSESSIONID")
_numbers = itertools.count(1)


def call(path: str = "/orders", query: str = "", agent: str = "ShopApp/3.1") -> Call:
    """One call of its own."""
    n = next(_numbers)
    return Call(f"{n:032x}", START_MS + n * 500, "POST", path, query, 200, f"203.0.113.{n % 200}", agent)


def bare_calls(planter: Planter, source: str) -> Iterator[Call]:
    """Secrets in what every log has: path, query and user agent."""
    name = itertools.cycle(TELLING)
    for secret in planter.issued(f"{source}: query value"):
        yield call(query=f"page=2&note={quote(secret, safe='')}")
    for secret in planter.named(f"{source}: query value under a telling name"):
        yield call(query=f"page=2&{next(name)}={quote(secret, safe='')}")
    for secret in planter.issued(f"{source}: query name"):
        yield call(query=f"{quote(secret, safe='')}=1&page=2")
    for secret in planter.issued(f"{source}: query without a name"):
        yield call(query=quote(secret, safe=""))
    for secret in planter.issued(f"{source}: part of the path"):
        yield call(path=f"/reset/{quote(secret, safe='')}/done")
    for secret in planter.named(f"{source}: parameter of the path"):
        yield call(path=f"/cart;{next(name)}={quote(secret, safe='')}/items")
    for secret in planter.issued(f"{source}: user agent"):
        yield call(agent=f"Agent/1.0 ({secret})")


def kong_records(planter: Planter, source: str) -> Iterator[dict[str, Any]]:
    """Kong's records, which also have headers, bodies and callers."""
    for plain in bare_calls(planter, source):
        yield kong(plain)
    for header, value in (
        ("authorization", "Bearer {}"),
        ("cookie", "theme=dark; sid={}; a=b"),
        ("x-api-key", "{}"),
        ("apikey", "{}"),
        ("x-forwarded-for", "{}"),
        ("x-own", "{}"),
        ("referer", "https://shop.example.test/?token={}"),
    ):
        for secret in planter.named(f"{source}: header {header}"):
            record = kong(call())
            record["request"]["headers"][header] = value.format(secret)
            yield record
    for secret in planter.named(f"{source}: basic credentials"):
        record = kong(call())
        pair = base64.b64encode(f"ann:{secret}".encode()).decode()
        record["request"]["headers"]["authorization"] = f"Basic {pair}"
        yield record
    for side in ("request", "response"):
        for secret in planter.document(f"{source}: {side} body"):
            record = kong(call())
            record[side]["body"] = json.dumps(
                {"user": {"note": secret, "password": secret}, "list": [secret]}
            )
            yield record
        for secret in planter.issued(f"{source}: name in a {side} body"):
            record = kong(call())
            record[side]["body"] = json.dumps({"user": {secret: {"n": 1, "email": "a@example.com"}}})
            yield record
    for secret in planter.named(f"{source}: answered cookie"):
        record = kong(call())
        record["response"]["headers"]["set-cookie"] = f"sid={secret}; Path=/"
        yield record
    for secret in planter.issued(f"{source}: consumer"):
        yield kong(call()) | {"consumer": {"id": "c-1", "username": secret}}
    for secret in planter.document(f"{source}: custom fields"):
        yield kong(call()) | {"credential": secret, "upstream_uri": f"/x?token={quote(secret, safe='')}"}


def unreadable(planter: Planter, source: str) -> Iterator[bytes]:
    """Records that nobody can read."""
    for secret in planter.named(f"{source}: record without a time"):
        record = kong(call(query=f"password={quote(secret, safe='')}")) | {"started_at": "never"}
        record["request"]["headers"] = {"authorization": f"Bearer {secret}", "cookie": f"sid={secret}"}
        yield json.dumps(record).encode()
    for secret in planter.named(f"{source}: record cut off"):
        yield json.dumps({"request": {"headers": {"x-api-key": secret}}, "token": secret}).encode()[:-20]
    for secret in planter.named(f"{source}: no record at all"):
        yield json.dumps({"password": secret, "a": [secret, {"key": secret}]}).encode()


def nginx_line(entry: Call, referer: str = "-") -> bytes:
    """A line in the combined format."""
    request = f'"{entry.method} {entry.target} HTTP/1.1" 200 92 "{referer}" "{entry.agent}"'
    return f"{entry.ip} - - [28/Sep/2026:02:00:12 +0000] {request}\n".encode()


def log_files(planter: Planter) -> Iterator[tuple[str, bytes]]:
    """File name and content of a log in each shape."""
    yield (
        "kong.jsonl",
        b"".join(
            [json.dumps(r).encode() + b"\n" for r in kong_records(planter, "kong file")]
            + [line + b"\n" for line in unreadable(planter, "kong file")]
        ),
    )
    for name, shape in (("access.jsonl", aws_access), ("waf.jsonl", aws_waf), ("apigee.jsonl", apigee)):
        lines = [json.dumps(shape(entry)).encode() for entry in bare_calls(planter, name)]
        for secret in planter.named(f"{name}: fields of the customer's own"):
            own = {"authorization": f"Bearer {secret}", "apiKey": secret, "cookie": f"sid={secret}"}
            lines.append(json.dumps(shape(call()) | own).encode())
        yield name, b"\n".join(lines) + b"\n"
    lines = [nginx_line(entry) for entry in bare_calls(planter, "nginx")]
    for secret in planter.named("nginx: referer"):
        lines.append(nginx_line(call(), f"https://shop.example.test/?token={quote(secret, safe='')}"))
    for secret in planter.named("nginx: user name"):
        lines.append(nginx_line(call()).replace(b" - - ", f" - {secret} ".encode(), 1))
    for secret in planter.named("nginx: no line of a log"):
        lines.append(f"login failed password={secret} Authorization: Bearer {secret}\n".encode())
    yield "access.log", b"".join(lines)


def openapi_document(planter: Planter) -> bytes:
    """A document whose texts and examples hold secrets, and whose broken parts do."""
    document: dict[str, Any] = json.loads(json.dumps(OPENAPI))
    order = document["paths"]["/orders/{id}"]["get"]
    order["description"] = " ".join(planter.issued("openapi: description"))
    order["parameters"] += [
        {"name": f"p{n}", "in": "query", "schema": {"type": "string", "default": s}, "example": s}
        for n, s in enumerate(planter.document("openapi: example and default"))
    ]
    order["x-amazon-apigateway-integration"] = {
        "requestParameters": {
            f"integration.request.header.h{n}": f"'{s}'"
            for n, s in enumerate(planter.document("openapi: extension"))
        }
    }
    order["requestBody"] = {
        "content": {
            f"application/x{n}+json": {
                "schema": {"type": "object", "properties": {"card": {"type": "string", "enum": [s]}}},
                "examples": {"x": {"value": {"password": s}}},
            }
            for n, s in enumerate(planter.document("openapi: enumeration"))
        }
    }
    document["servers"] += [
        {"url": f"https://ann:{s}@shop.example.test/v1"} for s in planter.named("openapi: server")
    ]
    document["servers"] += [
        {"url": "https://shop.example.test/v1?key={key}", "variables": {"key": {"default": s}}}
        for s in planter.named("openapi: variable of a server")
    ]
    for secret in planter.issued("openapi: path that is none"):
        document["paths"][f"reset-{secret}"] = {"get": {}}
    for n, secret in enumerate(planter.document("openapi: operation that is none")):
        document["paths"][f"/broken/{n}"] = {"get": secret}
    return json.dumps(document).encode()


def deck_document(planter: Planter) -> bytes:
    """A dump with the credentials of plugins, consumers, upstreams and certificates."""
    lines = [DECK, "plugins:"]

    def plugin(name: str, channel: str, config: str) -> None:
        for secret in planter.named(f"decK: {channel}"):
            lines.append(f"  - name: {name}\n    config: {config % json.dumps(secret)}")

    plugin("openid-connect", "client secret", "{issuer: https://idp.example.com, client_secret: [%s]}")
    plugin("aws-lambda", "AWS secret", "{aws_key: AKIAIOSFODNN7EXAMPLE, aws_secret: %s, function_name: f}")
    plugin("request-transformer", "header to add", '{add: {headers: [x-own, %s], querystring: ["k:v"]}}')
    plugin(
        "http-log", "header of a log", "{http_endpoint: https://l.example.com, headers: {Authorization: %s}}"
    )
    plugin("session", "key of sessions", "{secret: %s, cookie_name: s}")
    plugin("rate-limiting", "redis", "{minute: 5, policy: redis, redis: {host: r, password: %s}}")
    for secret in planter.named("decK: address with credentials"):
        lines.append(
            f"  - name: http-log\n    config: {{http_endpoint: 'https://u:{quote(secret, safe='')}@l.example.com'}}"
        )
    lines += ["consumers:", "  - username: app"]
    for kind, place in (
        ("keyauth_credentials", "key"), ("basicauth_credentials", "password"), ("jwt_secrets", "secret"),
        ("hmacauth_credentials", "secret"), ("oauth2_credentials", "client_secret"),
    ):  # fmt: skip
        lines.append(f"    {kind}:")
        lines += [
            f"      - {{username: ann, {place}: {json.dumps(s)}}}" for s in planter.named(f"decK: {kind}")
        ]
    lines.append("certificates:")
    for secret in planter.document("decK: certificate's key"):
        lines.append(f"  - {{cert: none, key: {json.dumps(secret)}, snis: [{{name: shop.example.test}}]}}")
    lines.append("_plugin_configs:")
    for n, secret in enumerate(planter.named("decK: shared configuration")):
        lines.append(f"  shared{n}: {{client_secret: {json.dumps(secret)}}}")
    for secret in planter.document("decK: entry that is none"):
        lines.append(f"upstreams: [{json.dumps(secret)}]")
        break
    return "\n".join(lines).replace("services:\n", _service(planter), 1).encode() + b"\n"


def _service(planter: Planter) -> str:
    """A list of services that begins with one whose address holds credentials."""
    first = "".join(
        f"  - {{name: up{n}, url: 'https://u:{quote(s, safe='')}@up.internal/v1'}}\n"
        for n, s in enumerate(planter.named("decK: address of a service"))
    )
    return f"services:\n{first}"


def broken_documents(planter: Planter) -> Iterator[tuple[str, bytes]]:
    """Documents that cannot be read, with a secret at the place that breaks."""
    for secret in planter.named("decK: broken at the secret"):
        yield "kong.yaml", f'_format_version: "3.0"\nplugins:\n  - config: {{password: *{secret}}}\n'.encode()
    for secret in planter.named("decK: value of an unknown kind"):
        yield "kong.yaml", f'_format_version: "3.0"\nplugins: [{{password: !{secret} x}}]\n'.encode()
    for secret in planter.named("openapi: broken at the secret"):
        yield "shop.yaml", f"openapi: 3.0.3\ninfo: {{title: *{secret}}}\npaths: {{}}\n".encode()
    for secret in planter.document("openapi: cut off"):
        yield (
            "shop.json",
            json.dumps({"openapi": "3.0.3", "x": {"password": secret}, "paths": {}}).encode()[:-6],
        )
