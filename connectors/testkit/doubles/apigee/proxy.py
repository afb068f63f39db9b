"""The data plane: base paths of environment groups, security actions and flow hooks before each proxy, a message log behind.

The policies of a proxy are not executed: what authentication would tell of an app comes in ``X-Double-App`` and
``X-Double-Developer``. The host picks the environment group; the longest base path picks the proxy.
"""

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.apigee.flow_runtime import FlowFault, FlowRuntime
from connectors.testkit.doubles.apigee.security_actions import Client, decide
from connectors.testkit.doubles.apigee.store import Document, Environment, Store
from connectors.testkit.doubles.client_facts import client_facts, visible_headers
from connectors.testkit.doubles.gcp.log_entries import LogStore
from connectors.testkit.doubles.upstream import Upstream


@dataclass
class Proxy:
    """All environment groups behind one port."""

    store: Store
    logs: LogStore
    upstream: Upstream
    flows: FlowRuntime

    def answer(self, request: Request) -> Response:
        """Answer one client request."""
        started = time.perf_counter()
        raw = request.environ.get("RAW_URI") or request.full_path
        path = raw.partition("?")[0]
        rule = self._rule(request.host.partition(":")[0], path)
        if rule is None:
            return _fault(404, "messaging.adaptors.http.flow.ApplicationNotFound")
        environment = self.store.environments[rule["environment"].rpartition("/")[2]]
        proxy = rule["receiver"].split("/")[3]
        facts = client_facts(request)
        client = Client(
            facts.address, request.method, request.headers.get("User-Agent", ""), facts.country, facts.asn,
            request.headers.get("X-Double-App", ""), request.headers.get("X-Double-Developer", ""),
        )  # fmt: skip
        with self.store.lock:
            effect, action = decide(environment, proxy, client, datetime.now(UTC))
        upstream_status = 0
        refused = self._hooked(environment, request, client, raw) if effect != "deny" else None
        if effect == "deny":
            response = _fault(action["deny"].get("responseCode", 403), "security_action.deny")
        elif refused is not None:
            response = refused
        else:
            added = [(entry["name"], entry["value"]) for entry in action.get("flag", {}).get("headers", ())]
            headers = [*visible_headers(request), ("X-Forwarded-For", facts.address), *added]
            answer = self.upstream.send(request.method, raw, headers, request.get_data())
            response = Response(answer.body, status=answer.status)
            for name, value in answer.headers:
                response.headers[name] = value
            upstream_status = answer.status
        took = round((time.perf_counter() - started) * 1000)
        payload = _variables(request, rule, client, response.status_code, took)
        if upstream_status:
            payload["target.response.status.code"] = upstream_status
        self._log(payload, facts.time_ms / 1000)
        return response

    def _hooked(
        self, environment: Environment, request: Request, client: Client, raw: str
    ) -> Response | None:
        """What the shared flows of the hooks answer; None when the request goes on. The app is known before the target."""
        variables = {"request.verb": request.method, "request.uri": raw, "client.resolved.ip": client.address}
        for name, value in visible_headers(request):
            variables[f"request.header.{name.lower()}"] = value.split(",")[0]
            variables[f"request.header.{name.lower()}.values.string"] = value
        told = {"developer.app.name": client.app, "developer.email": client.developer}
        try:
            self.flows.run(environment, "PreProxyFlowHook", variables)
            variables.update({name: value for name, value in told.items() if value})
            self.flows.run(environment, "PreTargetFlowHook", variables)
        except FlowFault as fault:
            return Response(fault.body, status=fault.status, content_type="application/json")
        return None

    def _rule(self, host: str, path: str) -> Document | None:
        for group, hosts in self.store.groups.items():
            if host in hosts:
                for rule in self.store.rules_of(group):
                    base = str(rule["basepath"]).rstrip("/")
                    if path == base or path.startswith(base + "/"):
                        return rule
        return None

    def _log(self, payload: Document, at: float) -> None:
        entry = {
            "jsonPayload": payload,
            "resource": {"type": "global", "labels": {"project_id": self.store.name}},
            "logName": f"projects/{self.store.name}/logs/apigee-portcullis",
            "severity": "INFO",
        }
        self.logs.write(entry, at=at)


def _variables(request: Request, rule: Document, client: Client, status: int, took: int) -> dict[str, Any]:
    """What the message logging policy of the set-up texts writes, all of it text as Apigee writes templates."""
    raw = request.environ.get("RAW_URI") or request.full_path
    return {
        "messageid": secrets.token_hex(8),
        "environment.name": rule["environment"].rpartition("/")[2],
        "apiproxy.name": rule["receiver"].split("/")[3],
        "proxy.basepath": rule["basepath"],
        "request.verb": request.method,
        "request.uri": raw,
        "request.header.host": request.host,
        "request.header.user-agent.values.string": client.agent,
        "ax_resolved_client_ip": client.address,
        "developer.app.name": client.app,
        "response.status.code": str(status),
        "client.received.start.timestamp": str(round(time.time() * 1000)),
        "total_response_time": str(took),
    }


def _fault(status: int, code: str) -> Response:
    body = f'{{"fault":{{"faultstring":"Refused","detail":{{"errorcode":"{code}"}}}}}}'
    return Response(body, status=status, content_type="application/json")
