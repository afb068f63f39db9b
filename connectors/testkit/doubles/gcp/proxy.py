"""The data plane: an Application Load Balancer whose backend services' policies decide, and which logs each request.

The load balancer is chosen by the host; ``X-Double-…`` headers tell what the connection would (``client_facts``).
"""

import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.client_facts import ClientFacts, client_facts, visible_headers
from connectors.testkit.doubles.gcp.address_groups import AddressGroups
from connectors.testkit.doubles.gcp.cel_evaluation import Asked
from connectors.testkit.doubles.gcp.decisions import Counters, Decision, decide
from connectors.testkit.doubles.gcp.log_entries import LogStore
from connectors.testkit.doubles.gcp.routing import Routed, fits_host, route
from connectors.testkit.doubles.gcp.store import Resource, Store
from connectors.testkit.doubles.upstream import Upstream

_TYPE = "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry"


@dataclass
class Handled:
    """What happened to one request, for its log entry."""

    status: int
    size: int = 0
    details: str = "response_sent_by_backend"
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass
class Proxy:
    """All load balancers of the project behind one port."""

    store: Store
    groups: AddressGroups
    logs: LogStore
    upstream: Upstream
    counters: Counters = field(default_factory=Counters)
    chance: random.Random = field(default_factory=lambda: random.Random(11))  # noqa: S311

    def answer(self, request: Request) -> Response:
        """Answer one client request."""
        started = time.perf_counter()
        host = request.host.partition(":")[0]
        raw = request.environ.get("RAW_URI") or request.full_path
        path, _, query = raw.partition("?")
        url_map = self._url_map(host)
        if url_map is None:
            return Response("no load balancer answers this host", status=404)
        routed = route(url_map, host, path, request.method)
        if routed.redirect is not None:
            return _redirect(routed, host, path)
        backend = self.store.by_link(routed.service)
        if backend is None:
            return Response("the backend service is gone", status=502)
        facts = client_facts(request)
        response, handled = self._pass(request, backend, _asked(request, facts, path, query), raw)
        log = backend.get("logConfig") or {}
        if log.get("enable") and self.chance.random() < log.get("sampleRate", 1.0):
            self._log(request, url_map, backend, facts, handled, started)
        return response

    def _pass(self, request: Request, backend: Resource, asked: Asked, raw: str) -> tuple[Response, Handled]:
        payload: dict[str, Any] = {}
        for member, suffix in (
            ("edgeSecurityPolicy", "EdgeSecurityPolicy"),
            ("securityPolicy", "SecurityPolicy"),
        ):
            policy = self.store.by_link(backend[member]) if backend.get(member) else None
            if policy is None:
                continue
            enforced, previewed = decide(policy, asked, self.groups.items, self.counters, backend["name"])
            payload[f"enforced{suffix}"] = enforced.logged()
            if previewed is not None:
                payload[f"preview{suffix}"] = previewed.logged()
            if enforced.status:
                response = _refused(enforced)
                details = (
                    "denied_by_security_policy"
                    if enforced.outcome == "DENY"
                    else "redirected_by_security_policy"
                )
                return response, Handled(enforced.status, len(response.get_data()), details, payload)
        headers = [*visible_headers(request), ("X-Forwarded-For", asked.ip)]
        answer = self.upstream.send(request.method, raw, headers, request.get_data())
        response = Response(answer.body, status=answer.status)
        for name, value in answer.headers:
            response.headers[name] = value
        return response, Handled(answer.status, len(answer.body), payload=payload)

    def _url_map(self, host: str) -> Resource | None:
        """The map that names the host, else the first one that a forwarding rule reaches."""
        found = [
            entry for scope in self.store.scopes("urlMaps") for entry in self.store.all("urlMaps", scope)
        ]
        for entry in found:
            patterns = [pattern for rule in entry.get("hostRules", ()) for pattern in rule["hosts"]]
            if any(fits_host(pattern, host) for pattern in patterns):
                return entry
        return next((entry for entry in found if entry.get("defaultService")), None)

    def _log(
        self,
        request: Request,
        url_map: Resource,
        backend: Resource,
        facts: ClientFacts,
        handled: Handled,
        started: float,
    ) -> None:
        regional = "region" in url_map
        kind = "http_external_regional_lb_rule" if regional else "http_load_balancer"
        log = "loadbalancing.googleapis.com%2Fexternal_regional_requests" if regional else "requests"
        seen = {"remoteIpInfo": {"asn": facts.asn, "regionCode": facts.country}}
        if facts.ja4:
            seen["tlsJa4Fingerprint"] = facts.ja4  # type: ignore[assignment]
        payload = {
            "@type": _TYPE,
            "statusDetails": handled.details,
            "remoteIp": facts.address,
            **handled.payload,
        }
        if backend.get("securityPolicy"):
            payload["securityPolicyRequestData"] = seen
        entry = {
            "httpRequest": _http_request(request, facts, handled, time.perf_counter() - started),
            "jsonPayload": payload,
            "resource": {
                "type": kind,
                "labels": {
                    "project_id": self.store.project,
                    "url_map_name": url_map["name"],
                    "backend_service_name": backend["name"],
                    "forwarding_rule_name": f"{url_map['name']}-https",
                    "target_proxy_name": f"{url_map['name']}-https",
                    "zone": "global",
                },
            },
            "logName": f"projects/{self.store.project}/logs/{log}",
            "insertId": secrets.token_hex(7),
            "severity": "INFO" if handled.status < 400 else "WARNING",
        }
        self.logs.write(entry, at=facts.time_ms / 1000)


def _asked(request: Request, facts: ClientFacts, path: str, query: str) -> Asked:
    headers: dict[str, str] = {}
    for name, value in visible_headers(request):
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    scheme = request.headers.get("X-Forwarded-Proto", "https")
    return Asked(
        request.method, path, query, scheme, headers, facts.address, facts.country, facts.asn, facts.ja4
    )


def _http_request(request: Request, facts: ClientFacts, handled: Handled, took: float) -> Mapping[str, Any]:
    raw = request.environ.get("RAW_URI") or request.full_path
    return {
        "requestMethod": request.method,
        "requestUrl": f"https://{request.host}{raw}",
        "requestSize": str(len(request.get_data())),
        "status": handled.status,
        "responseSize": str(handled.size),
        "userAgent": request.headers.get("User-Agent", ""),
        "remoteIp": facts.address,
        "latency": f"{took:.6f}s",
        "protocol": "HTTP/2",
    }


def _refused(decision: Decision) -> Response:
    if decision.location:
        return Response("", status=302, headers={"Location": decision.location})
    return Response(f"<html><body>{decision.status}</body></html>", decision.status, content_type="text/html")


def _redirect(routed: Routed, host: str, path: str) -> Response:
    options = routed.redirect or {}
    scheme = "https" if options.get("httpsRedirect") else "http"
    target = f"{scheme}://{options.get('hostRedirect', host)}{options.get('pathRedirect', path)}"
    return Response("", status=301, headers={"Location": target})
