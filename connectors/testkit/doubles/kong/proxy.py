"""The proxy: match a route, run the effective plugins in priority order, call the upstream, log.

The client address is ``X-Real-IP``, since this node trusts 127.0.0.1 and has ``real_ip_header = X-Real-IP``.
"""

import time
from collections.abc import Callable, Mapping

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.cel_text import CelError
from connectors.testkit.doubles.client_facts import client_facts, visible_headers
from connectors.testkit.doubles.kong.access_plugins import ACCESS, RateLimiter
from connectors.testkit.doubles.kong.conditions import runs
from connectors.testkit.doubles.kong.effective import running
from connectors.testkit.doubles.kong.exchange import Exchange
from connectors.testkit.doubles.kong.http_log import Answered, LogQueue, log_record
from connectors.testkit.doubles.kong.router import Asked, Match, select, upstream_path
from connectors.testkit.doubles.kong.store import Entity, Store
from connectors.testkit.doubles.serving import json_response
from connectors.testkit.doubles.upstream import Upstream, UpstreamAnswer

LOOPBACK = ("127.0.0.1", "localhost")
"""A service on the node itself can only be its Admin API."""

NEVER_FORWARDED = {"connection", "x-real-ip", "host"}


class Proxy:
    """The proxy listener of one node."""

    def __init__(
        self,
        stores: Mapping[str, Store],
        upstream: Upstream,
        port: int,
        admin: Upstream | None = None,
        record: Callable[[Exchange, Answered], None] | None = None,
    ) -> None:
        """``stores`` by workspace share one router. ``record`` is told every answered request, as Konnect is."""
        self._stores = stores
        self._record = record
        self._upstream = upstream
        self._admin = admin
        self._port = port
        self._limiter = RateLimiter()
        self._queues: dict[str, LogQueue] = {}

    def answer(self, request: Request) -> Response:
        """Answer one client request."""
        started = time.perf_counter()
        if request.path == "/_double/log-plugins":
            plugins = [plugin for store in self._stores.values() for plugin in store.all("plugins")]
            return json_response({"http-log": sum(plugin["name"] == "http-log" for plugin in plugins)})
        exchange = exchange_of(request)
        match = self._match(exchange)
        answer: UpstreamAnswer | None = None
        uri = ""
        if match is None:
            response = exchange.refuse(404, "no Route matched with those values")
        elif exchange.scheme == "http" and "http" not in match.route["protocols"]:
            response = exchange.refuse(match.route["https_redirect_status_code"], "Please use HTTPS protocol")
        else:
            refused = self._access(exchange)
            if refused is None:
                uri = upstream_path(match, (exchange.service or {}).get("path"), exchange.path)
                answer = self._forward(exchange, uri)
                response = _downstream(answer)
            else:
                response = refused
        for name, value in exchange.response_headers.items():
            response.headers[name] = value
        response.headers["X-Kong-Request-Id"] = exchange.request_id
        response.headers["Server" if answer is None else "Via"] = (
            "kong/3.9.1" if answer is None else "1.1 kong/3.9.1"
        )
        elapsed = round((time.perf_counter() - started) * 1000)
        self._log(exchange, response, answer, uri, elapsed)
        return response

    def _match(self, exchange: Exchange) -> Match | None:
        headers = {name.lower(): value for name, value in exchange.headers}
        asked = Asked(exchange.method, exchange.host, exchange.path, exchange.scheme, headers)
        match = select([route for store in self._stores.values() for route in store.all("routes")], asked)
        if match is not None:
            exchange.route, ref = match.route, match.route["id"]
            exchange.workspace = next(n for n, store in self._stores.items() if store.find("routes", ref))
            service = match.route["service"]
            exchange.service = self._store(exchange).find("services", service["id"]) if service else None
        return match

    def _store(self, exchange: Exchange) -> Store:
        """The workspace of the matched route: its plugins and consumers are those that count."""
        return self._stores[exchange.workspace]

    def _access(self, exchange: Exchange) -> Response | None:
        for plugin in running(self._store(exchange).all("plugins"), exchange):
            try:
                if not runs(plugin, exchange):
                    continue
            except CelError:
                return exchange.refuse(500, "An unexpected error occurred")
            if plugin["name"] == "rate-limiting":
                refused = self._limiter.run(exchange, plugin)
            elif run := ACCESS.get(plugin["name"]):
                refused = run(exchange, plugin["config"], self._store(exchange))
            else:
                continue
            if refused is not None:
                return refused
        if exchange.service is None:
            return exchange.refuse(503, "no Service found with those values")
        return None

    def _forward(self, exchange: Exchange, uri: str) -> UpstreamAnswer:
        headers = [h for h in exchange.headers if h[0].lower() not in NEVER_FORWARDED]
        headers += [("X-Forwarded-For", exchange.client_ip), ("X-Kong-Request-Id", exchange.request_id)]
        if exchange.consumer:
            headers.append(("X-Consumer-Username", exchange.consumer["username"] or ""))
        target = f"{uri}?{exchange.query}" if exchange.query else uri
        on_node = (exchange.service or {}).get("host") in LOOPBACK
        upstream = self._admin if on_node and self._admin else self._upstream
        return upstream.send(exchange.method, target, headers, exchange.body)

    def _log(
        self, exchange: Exchange, response: Response, answer: UpstreamAnswer | None, uri: str, elapsed_ms: int
    ) -> None:
        answered = Answered(
            response.status_code,
            {name.lower(): value for name, value in response.headers.items()},
            len(response.get_data()),
            max(0, elapsed_ms if answer is None else min(elapsed_ms, 3)),
            answer.status if answer else None,
            answer.latency_ms if answer else None,
            uri,
        )
        if self._record:
            self._record(exchange, answered)
        for plugin in running(self._store(exchange).all("plugins"), exchange):
            if plugin["name"] == "http-log":
                self._queue(plugin).put(log_record(exchange, answered, self._port))

    def _queue(self, plugin: Entity) -> LogQueue:
        queue = self._queues.get(plugin["id"])
        if queue is None or queue.config != plugin["config"]:
            queue = self._queues[plugin["id"]] = LogQueue(plugin["config"])
        return queue


def exchange_of(request: Request) -> Exchange:
    """The request as the node sees it behind its trusted hop."""
    facts = client_facts(request, "X-Real-IP")
    raw = request.environ.get("RAW_URI") or request.path
    path, _, query = raw.partition("?")
    headers = [h for h in visible_headers(request) if h[0].lower() not in ("host", "x-real-ip")]
    return Exchange(
        request.method,
        request.headers.get("X-Forwarded-Proto", "http"),
        request.host.partition(":")[0],
        path,
        query,
        headers,
        request.get_data(),
        facts.address,
        facts.time_ms,
    )


def _downstream(answer: UpstreamAnswer) -> Response:
    response = Response(answer.body, status=answer.status)
    response.headers.clear()
    for name, value in answer.headers:
        response.headers.add(name, value)
    response.headers["X-Kong-Upstream-Latency"] = str(answer.latency_ms)
    return response
