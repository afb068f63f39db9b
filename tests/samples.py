"""One afternoon of a small shop, written in each of the log shapes that can be imported, and documents of its API."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

HOST = "shop.example.test"
START_MS = 1_790_553_612_000
ATTACKER = "198.18.7.7"
INJECTION = "q=1%27%20UNION%20SELECT%20username%2Cpassword%20FROM%20users--%20-"


@dataclass(frozen=True)
class Call:
    """One call: what every shape can say of it. ``at`` in milliseconds."""

    id: str
    at: int
    method: str
    path: str
    query: str
    status: int
    ip: str
    agent: str

    @property
    def target(self) -> str:
        """Path and query as in a request line."""
        return f"{self.path}?{self.query}" if self.query else self.path


def calls() -> Iterator[Call]:
    """240 calls of 30 customers, then 60 injections by one address."""
    for n in range(240):
        path = f"/orders/{10_000 + n * 37}" if n % 3 else "/products"
        ip, at = f"203.0.113.{n % 30}", START_MS + n * 900
        yield Call(f"{n:032x}", at, "GET", path, "", 200, ip, "ShopApp/3.1 (iOS 17.5)")
    for n in range(60):
        query, at = f"{INJECTION}&page={n}", START_MS + 240_000 + n * 400
        yield Call(f"{5000 + n:032x}", at, "GET", "/products", query, 200, ATTACKER, "python-requests/2.31.0")


def aws_access(call: Call) -> dict[str, Any]:
    """A line of an API Gateway stage's access log."""
    return {
        "requestId": call.id, "ip": call.ip, "requestTimeEpoch": call.at, "domainName": HOST, "routeKey": "ANY /{proxy+}",
        "httpMethod": call.method, "path": call.path, "queryString": call.query, "protocol": "HTTP/1.1",
        "status": str(call.status), "responseLength": "92", "responseLatency": "7", "userAgent": call.agent,
        "apiId": "a1b2c3shop", "stage": "prod",
    }  # fmt: skip


def aws_waf(call: Call) -> dict[str, Any]:
    """A record of a WAFv2 web ACL's log."""
    headers = [{"name": "Host", "value": HOST}, {"name": "User-Agent", "value": call.agent}]
    request = {
        "clientIp": call.ip, "country": "DE", "headers": headers, "uri": call.path, "args": call.query,
        "httpVersion": "HTTP/1.1", "httpMethod": call.method, "requestId": call.id,
    }  # fmt: skip
    return {
        "timestamp": call.at, "formatVersion": 1, "terminatingRuleId": "Default_Action", "action": "ALLOW",
        "webaclId": "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/main/a1b2c3d4", "httpSourceName": "APIGW",
        "httpSourceId": "111122223333:a1b2c3shop:prod", "httpRequest": request,
    }  # fmt: skip


def kong(call: Call) -> dict[str, Any]:
    """A line of Kong's file-log or http-log plugin."""
    return {
        "request": {
            "id": call.id, "method": call.method, "uri": call.target, "url": f"https://{HOST}:443{call.target}",
            "size": "579", "querystring": {}, "headers": {"host": HOST, "user-agent": call.agent},
        },
        "response": {"status": call.status, "size": "290", "headers": {"content-type": "application/json"}},
        "latencies": {"request": 8, "kong": 1, "proxy": 7}, "tries": [{"port": 443, "ip": "10.0.0.7"}],
        "client_ip": call.ip, "started_at": call.at, "service": {"id": "svc-shop", "name": "shop"},
        "route": {"id": "rt-shop", "name": "shop-all", "paths": ["/"]},
    }  # fmt: skip


def apigee(call: Call) -> dict[str, Any]:
    """A line of an Apigee message-logging policy."""
    at = datetime.fromtimestamp(call.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "organization": "acme", "environment": "prod", "apiproxy": "shop", "gateway_flow_id": call.id,
        "client_received_start_timestamp": at, "request_verb": call.method, "proxy_basepath": "/",
        "proxy_pathsuffix": call.path, "request_uri": call.target, "response_status_code": call.status,
        "total_response_time": 7, "response_size": 290, "ax_resolved_client_ip": call.ip, "useragent": call.agent,
        "virtual_host": HOST,
    }  # fmt: skip


def _json_lines(shape: Callable[[Call], dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(shape(call)).encode() + b"\n" for call in calls())


def nginx() -> bytes:
    """The combined log format, without a host."""
    lines = []
    for call in calls():
        at = datetime.fromtimestamp(call.at / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        request = f'"{call.method} {call.target} HTTP/1.1" {call.status} 92 "-" "{call.agent}"'
        lines.append(f"{call.ip} - - [{at}] {request}\n")
    return "".join(lines).encode()


#: File name and content per shape.
LOGS: dict[str, tuple[str, bytes]] = {
    "aws.access_json": ("access.jsonl", _json_lines(aws_access)),
    "aws.waf": ("waf.jsonl", _json_lines(aws_waf)),
    "kong.http_log": ("kong.jsonl", _json_lines(kong)),
    "apigee.messages": ("apigee.jsonl", _json_lines(apigee)),
    "file.clf": ("access.log", nginx()),
}

OPENAPI: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1.0"},
    "servers": [{"url": f"https://{HOST}"}],
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/orders/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "security": [{"token": []}],
                "responses": {"200": {"description": "An order"}},
            }
        },
        "/admin/export": {"get": {"responses": {"200": {"description": "All orders"}}}},
    },
}

DECK = """_format_version: "3.0"
services:
  - name: shop
    host: shop.internal
    port: 80
    protocol: http
    routes:
      - name: orders
        paths: [/orders]
        methods: [GET]
        protocols: [http, https]
      - name: admin
        paths: [/admin]
        protocols: [http]
"""
