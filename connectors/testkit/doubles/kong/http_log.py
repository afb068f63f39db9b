"""The http-log plugin: the log serializer and the sending queue.

Sources: Kong documentation "Logging plugins" (record layout), kong/pdk/log.lua behaviour (``authorization``
and ``proxy-authorization`` are REDACTED, every other header is logged in clear) and "Plugin queuing"
(batching, retry).
"""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import urllib3

from connectors.testkit.doubles.kong.exchange import Exchange

LOGGER = logging.getLogger(__name__)
HIDDEN = {"authorization", "proxy-authorization"}
WORKSPACE = "0dc6f45b-8f8d-40d2-a504-473544ee190b"


@dataclass(frozen=True)
class Answered:
    """How an exchange ended. Upstream facts are None when a plugin answered."""

    status: int
    headers: dict[str, str]
    body_size: int
    kong_ms: int
    upstream_status: int | None = None
    upstream_ms: int | None = None
    upstream_uri: str = ""


def _headers(exchange: Exchange) -> dict[str, Any]:
    shown: dict[str, Any] = {"host": exchange.host}
    for name, value in exchange.headers:
        key = name.lower()
        value = "REDACTED" if key in HIDDEN else value
        if key in shown and key != "host":
            shown[key] = [*(shown[key] if isinstance(shown[key], list) else [shown[key]]), value]
        else:
            shown[key] = value
    return shown


def log_record(exchange: Exchange, answered: Answered, port: int) -> dict[str, Any]:
    """One record in the serializer's layout."""
    target = f"{exchange.path}?{exchange.query}" if exchange.query else exchange.path
    upstream_ms = answered.upstream_ms
    record: dict[str, Any] = {
        "request": {
            "id": exchange.request_id,
            "method": exchange.method,
            "uri": target,
            "url": f"{exchange.scheme}://{exchange.host}:{port}{target}",
            "size": len(exchange.body) + sum(len(n) + len(v) + 4 for n, v in exchange.headers),
            "querystring": dict(parse_qsl(exchange.query, keep_blank_values=True)),
            "headers": _headers(exchange),
        },
        "response": {
            "status": answered.status,
            "size": answered.body_size + 220,
            "headers": answered.headers,
        },
        "latencies": {
            "kong": answered.kong_ms,
            "proxy": upstream_ms if upstream_ms is not None else -1,
            "request": answered.kong_ms + (upstream_ms or 0),
            "receive": 0,
        },
        "tries": [],
        "client_ip": exchange.client_ip,
        "started_at": exchange.time_ms,
        "source": "exit" if answered.upstream_status is None else "upstream",
        "workspace": WORKSPACE,
        "workspace_name": exchange.workspace,
        "upstream_uri": answered.upstream_uri,
    }
    if answered.upstream_status is not None:
        record["upstream_status"] = str(answered.upstream_status)
        balancer = {"balancer_latency": 0, "balancer_start": exchange.time_ms, "ip": "127.0.0.1"}
        record["tries"] = [balancer | {"port": (exchange.service or {}).get("port", 80)}]
    for name in ("service", "route", "consumer"):
        if (entity := getattr(exchange, name)) is not None:
            record[name] = entity
    if exchange.credential_id:
        record["authenticated_entity"] = {"id": exchange.credential_id}
        record["auth_type"] = exchange.auth_type
    return record


@dataclass
class LogQueue:
    """The in-memory queue of one http-log configuration; its thread lives only while there is something to
    send.
    """

    config: dict[str, Any]
    entries: deque[bytes] = field(default_factory=deque)
    dropped: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: bool = False
    _full: threading.Event = field(default_factory=threading.Event)

    def put(self, record: dict[str, Any]) -> None:
        """Enqueue; beyond ``max_entries`` the oldest entry is dropped."""
        options = self.config["queue"]
        with self._lock:
            self.entries.append(orjson.dumps(record))
            if len(self.entries) > options["max_entries"]:
                self.entries.popleft()
                self.dropped += 1
            if len(self.entries) >= options["max_batch_size"]:
                self._full.set()
            if not self._running:
                self._running = True
                threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self) -> None:
        options = self.config["queue"]
        while True:
            self._full.wait(options["max_coalescing_delay"] if options["max_batch_size"] > 1 else 0)
            with self._lock:
                count = min(len(self.entries), options["max_batch_size"])
                batch = [self.entries.popleft() for _ in range(count)]
                if len(self.entries) < options["max_batch_size"]:
                    self._full.clear()
                if not batch:
                    self._running = False
                    return
            self._send(batch, options)

    def _send(self, batch: list[bytes], options: dict[str, Any]) -> None:
        body = batch[0] if options["max_batch_size"] == 1 else b"[" + b",".join(batch) + b"]"
        delay, deadline = (options["initial_retry_delay"], time.monotonic() + options["max_retry_time"])
        while not self._posted(body):
            if time.monotonic() + delay > deadline:
                self.dropped += len(batch)
                LOGGER.warning("http-log: could not send %d entries, dropped", len(batch))
                return
            time.sleep(delay)
            delay = min(delay * 2, options["max_retry_delay"])

    def _posted(self, body: bytes) -> bool:
        headers = {"Content-Type": self.config["content_type"], **(self.config["headers"] or {})}
        url, host = _reachable(self.config["http_endpoint"])
        headers["Host"] = host
        try:
            answer = POOL.request(
                self.config["method"],
                url,
                body=body,
                headers=headers,
                timeout=self.config["timeout"] / 1000,
                retries=False,
            )
        except urllib3.exceptions.HTTPError:
            return False
        return bool(answer.status < 300)


def _reachable(endpoint: str) -> tuple[str, str]:
    """The URL to connect to and the Host to send: names under ``localhost`` are loopback (RFC 6761 §6.3)."""
    parts = urlsplit(endpoint)
    if not (parts.hostname or "").endswith(".localhost"):
        return endpoint, parts.netloc
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"127.0.0.1{port}").geturl(), parts.netloc


POOL = urllib3.PoolManager(maxsize=8)
