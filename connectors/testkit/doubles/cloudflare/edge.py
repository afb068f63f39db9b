"""The edge: custom rules and rate limits of the host's zone, then the backend. What a rule stops is an event.

Facts of the client come as headers of the double (see ``client_facts``). Unproxied hosts do not pass here.
"""

import time
from collections import deque
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.client_facts import client_facts, visible_headers
from connectors.testkit.doubles.cloudflare.evaluation import EdgeRequest, holds
from connectors.testkit.doubles.cloudflare.expression_parser import parse
from connectors.testkit.doubles.cloudflare.lists import Lists
from connectors.testkit.doubles.cloudflare.rule_validity import CUSTOM, RATE
from connectors.testkit.doubles.cloudflare.state import Account, Document, Zone, made_id
from connectors.testkit.doubles.upstream import Upstream

#: What a client without a browser gets.
_STATUS = {"block": 403, "managed_challenge": 403, "js_challenge": 403, "challenge": 403}
KEPT_EVENTS = 100_000


class Edge:
    """The data plane of an account's zones."""

    def __init__(self, account: Account, lists: Lists, upstream: Upstream) -> None:
        self._account, self._lists, self._upstream = account, lists, upstream
        self._counters: dict[tuple[str, str], deque[float]] = {}
        self._mitigated: dict[tuple[str, str], float] = {}

    def answer(self, request: Request) -> Response:
        """Answer one client request."""
        facts = client_facts(request)
        raw = request.environ.get("RAW_URI") or request.path
        path, _, query = raw.partition("?")
        asked = EdgeRequest(
            request.method,
            request.host.partition(":")[0].lower(),
            path,
            query,
            tuple((name.lower(), value) for name, value in visible_headers(request)),
            facts.address,
            facts.country,
            facts.asn,
            facts.ja4,
        )
        ray = made_id()[:16]
        with self._account.lock:
            zone = self._account.zone_of(asked.host)
            if zone is None:
                return Response("error code: 1001", 409)
            stopped = None if zone.paused else self._stopped(zone, asked, ray, facts.time_ms)
        if stopped is not None:
            return Response(f"error code: {stopped}", stopped, {"cf-ray": ray})
        sent = self._upstream.send(
            asked.method, raw, [*visible_headers(request), ("cf-connecting-ip", asked.client_ip)], request.get_data()
        )  # fmt: skip
        response = Response(sent.body, status=sent.status)
        response.headers.clear()
        for name, value in sent.headers:
            response.headers.add(name, value)
        response.headers["cf-ray"] = ray
        return response

    def _stopped(self, zone: Zone, asked: EdgeRequest, ray: str, at_ms: int) -> int | None:
        lists = self._lists.networks()
        for index, (phase, rule) in enumerate(_rules(zone)):
            if not holds(parse(rule["expression"])[0], asked, lists):
                continue
            if phase == RATE and not self._over(rule, asked):
                continue
            action = rule["action"]
            if action in ("skip", "execute"):
                if action == "skip" and rule.get("action_parameters", {}).get("ruleset") == "current":
                    return None
                continue
            status = 429 if phase == RATE and action == "block" else _STATUS.get(action, 0)
            zone.events.append(_event(phase, rule, asked, ray, at_ms, index, status))
            del zone.events[:-KEPT_EVENTS]
            if status:
                return status
        return None

    def _over(self, rule: Document, asked: EdgeRequest) -> bool:
        """Whether the client is over a rule's rate, or still pays for having been."""
        rate, key, clock = rule["ratelimit"], (rule["id"], asked.client_ip), time.monotonic()
        if self._mitigated.get(key, 0) > clock:
            return True
        seen = self._counters.setdefault(key, deque())
        while seen and seen[0] <= clock - rate["period"]:
            seen.popleft()
        seen.append(clock)
        if len(seen) <= rate["requests_per_period"]:
            return False
        self._mitigated[key] = clock + rate.get("mitigation_timeout", 0)
        return True


def _rules(zone: Zone) -> list[tuple[str, Document]]:
    return [
        (phase, rule)
        for phase in (CUSTOM, RATE)
        for ruleset in zone.rulesets.values()
        if ruleset["phase"] == phase and ruleset["kind"] == "zone"
        for rule in ruleset["rules"]
        if rule["enabled"]
    ]


def _event(
    phase: str, rule: Document, asked: EdgeRequest, ray: str, at_ms: int, index: int, status: int
) -> dict[str, Any]:
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "action": rule["action"],
        "clientAsn": str(asked.asn),
        "clientASNDescription": "",
        "clientCountryName": asked.country,
        "clientIP": asked.client_ip,
        "clientRequestHTTPHost": asked.host,
        "clientRequestHTTPMethodName": asked.method,
        "clientRequestHTTPProtocol": "HTTP/2",
        "clientRequestPath": asked.path,
        "clientRequestQuery": f"?{asked.query}" if asked.query else "",
        "clientRequestScheme": "https",
        "datetime": at,
        "description": rule.get("description", ""),
        "edgeResponseStatus": status or 200,
        "kind": "firewall",
        "matchIndex": index,
        "originResponseStatus": 0,
        "rayName": ray,
        "ref": rule["ref"],
        "ruleId": rule["id"],
        "rulesetId": "",
        "sampleInterval": 1,
        "source": "ratelimit" if phase == RATE else "firewallCustom",
        "userAgent": next(iter(asked.header("user-agent")), ""),
    }
