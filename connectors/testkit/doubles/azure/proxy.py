"""The data plane: requests by their Host header through the WAF policy in their way, to the backend and into the logs."""

import threading
import uuid
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.azure.edge import Place, place
from connectors.testkit.doubles.azure.evaluation import Counters, Outcome, WebRequest, front_door, gateway
from connectors.testkit.doubles.azure.log_tables import LogTables
from connectors.testkit.doubles.azure.store import Store
from connectors.testkit.doubles.client_facts import client_facts, visible_headers
from connectors.testkit.doubles.upstream import Upstream

_SAID = {"Block": ("Block", "Blocked"), "Allow": ("Allow", "Allowed"), "Log": ("Log", "Log")}


class Proxy:
    """Front Door's edge and the Application Gateway in one listener."""

    def __init__(self, store: Store, logs: LogTables, upstream: Upstream) -> None:
        self._store, self._logs, self._upstream = store, logs, upstream
        self._counters, self._lock = Counters(), threading.Lock()

    def answer(self, request: Request) -> Response:
        """Answer one request of a client."""
        facts = client_facts(request)
        query = request.query_string.decode()
        raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path
        path = str(raw).partition("?")[0]
        seen = WebRequest(
            method=request.method,
            host=request.host,
            target=f"{path}?{query}" if query else path,
            headers=visible_headers(request),
            peer=facts.address,
            country=facts.country,
            body=request.get_data(as_text=True),
            time_ms=facts.time_ms,
        )
        with self._store.lock:
            found = place(self._store, request.host, path)
        if found is None:
            return Response("Our services aren't available right now", 404)
        outcome = Outcome("", ())
        if found.policy is not None:
            evaluate = front_door if found.product == "front_door" else gateway
            with self._lock:
                outcome = evaluate(found.policy, seen, self._counters)
        answer = self._finished(seen, outcome)
        self._log(found, seen, outcome, answer)
        return answer

    def _finished(self, seen: WebRequest, outcome: Outcome) -> Response:
        if outcome.action in ("block", "jschallenge"):
            return Response(f"<html><title>{outcome.action}</title></html>", 403, content_type="text/html")
        if outcome.action == "redirect":
            return Response("", 302)
        got = self._upstream.send(seen.method, seen.target, seen.headers, seen.body.encode())
        return Response(got.body, got.status, list(got.headers))

    def _log(self, found: Place, seen: WebRequest, outcome: Outcome, answer: Response) -> None:
        at = datetime.fromtimestamp(seen.time_ms / 1000, UTC).isoformat().replace("+00:00", "Z")
        reference = uuid.uuid4().hex
        if found.product == "front_door":
            self._front_door_log(found, seen, outcome, answer, at, reference)
        else:
            self._gateway_log(found, seen, outcome, answer, at, reference)

    def _front_door_log(
        self, found: Place, seen: WebRequest, outcome: Outcome, answer: Response, at: str, reference: str
    ) -> None:
        shared = {"TimeGenerated": at, "ResourceId": found.resource.upper(), "trackingReference_s": reference}
        address = f"https://{seen.host.partition(':')[0]}:443{seen.target}"
        self._logs.add(
            "AzureDiagnostics",
            {
                **shared,
                "Category": "FrontDoorAccessLog",
                "httpMethod_s": seen.method,
                "httpVersion_s": "2.0.0.0",
                "requestUri_s": address,
                "requestBytes_s": str(len(seen.body)),
                "responseBytes_s": str(len(answer.get_data())),
                "userAgent_s": seen.header("User-Agent") or "",
                "clientIp_s": seen.forwarded,
                "socketIp_s": seen.peer,
                "timeTaken_s": "0.012",
                "routingRuleName_s": found.rule,
                "httpStatusCode_s": str(answer.status_code),
                "hostName_s": seen.host.partition(":")[0],
                "clientCountry_s": seen.country,
            },
        )
        for rule, action in outcome.matched:
            self._logs.add(
                "AzureDiagnostics",
                {
                    **shared,
                    "Category": "FrontDoorWebApplicationFirewallLog",
                    "clientIP_s": seen.forwarded,
                    "socketIP_s": seen.peer,
                    "requestUri_s": address,
                    "ruleName_s": rule,
                    "policy_s": (found.policy or {}).get("name", ""),
                    "policyMode_s": _mode(found).lower(),
                    "action_s": _SAID.get(action, (action, action))[0],
                    "host_s": seen.host.partition(":")[0],
                },
            )

    def _gateway_log(
        self, found: Place, seen: WebRequest, outcome: Outcome, answer: Response, at: str, reference: str
    ) -> None:
        path, _, query = seen.target.partition("?")
        shared = {"TimeGenerated": at, "_ResourceId": found.resource.lower(), "TransactionId": reference}
        self._logs.add(
            "AGWAccessLogs",
            {
                **shared,
                "ClientIp": seen.peer,
                "HttpMethod": seen.method,
                "HttpStatus": answer.status_code,
                "RequestUri": path,
                "RequestQuery": query,
                "OriginalRequestUriWithArgs": seen.target,
                "OriginalHost": seen.host.partition(":")[0],
                "UserAgent": seen.header("User-Agent") or "",
                "TimeTaken": 0.012,
                "InstanceId": "appgw_1",
            },
        )
        for rule, action in outcome.matched:
            said = _SAID.get(action, (action, action))[1]
            if _mode(found) == "Detection" and said == "Blocked":
                said = "Detected"
            self._logs.add(
                "AGWFirewallLogs",
                {
                    **shared,
                    "ClientIp": seen.peer,
                    "RequestUri": path,
                    "RuleSetType": "Custom",
                    "RuleId": rule,
                    "Action": said,
                    "Hostname": seen.host.partition(":")[0],
                    "PolicyId": (found.policy or {}).get("id", ""),
                    "InstanceId": "appgw_1",
                },
            )


def _mode(found: Place) -> str:
    policy: Any = found.policy or {}
    return str(((policy.get("properties") or {}).get("policySettings") or {}).get("mode", "Prevention"))
