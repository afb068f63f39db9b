"""Blocks that name a path, method, host or header: our own routes above the customer's, ended by a plugin.

Our routes have no service. Should their request-termination be missing for a moment (it is created after the
route) or be removed by hand, Kong answers 503: a block never becomes a way around the customer's own plugins.
Sources: Kong documentation, "Router" (priorities of the traditional router; expressions language).
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from connectors.base.evaluate import template_pattern
from connectors.base.intent import BlockIntent, Compiled, Coverage, Exactness, HeaderMatch, Match
from connectors.kong.coverage import common_hosts, common_methods, concerned, paths_of
from connectors.kong.draft import Draft
from connectors.kong.entities import Entity, strings
from connectors.kong.ownership import OWNER_TAG, made_uuid

#: Most routes of ours for one intent.
MAX_ROUTES: Final = 200

_TERMINATION: Final = {"status_code": 403, "message": "Forbidden"}
_TOP_PRIORITY: Final = 2**31 - 1
_TOP_EXPRESSION: Final = 2**46 - 1
_ORDINARY: Final = {"http", "https"}


def compile_routes(intent: BlockIntent, draft: Draft) -> Compiled:
    """The traditional router: one owned route per kind of customer route that could serve the match."""
    match = intent.match
    victims = [(route, refs) for route in draft.estate.routes if (refs := concerned(route, match))]
    if not victims:
        return _refused(
            intent, "No route of this workspace can serve such a request, so there is nothing to block."
        )
    variants: dict[bytes, dict[str, Any]] = {}
    covered: list[str] = []
    uncovered: list[tuple[str, str]] = []
    for route, refs in victims:
        problem = _problem(route, match)
        if problem:
            uncovered += [(ref, problem) for ref in refs]
            continue
        made = _variant(route, match)
        variants[orjson.dumps(made, option=orjson.OPT_SORT_KEYS)] = made
        covered += refs
    if len(variants) > MAX_ROUTES:
        return _refused(
            intent, f"It would take {len(variants)} routes; at most {MAX_ROUTES} are made for one block."
        )
    if not covered:
        return _refused(intent, *dict.fromkeys(reason for _, reason in uncovered))
    for key, variant in sorted(variants.items()):
        _route_with_end(draft, key.decode(), variant, intent)
    reasons = (*dict.fromkeys(reason for _, reason in uncovered), *_answering(draft))
    return Compiled(
        intent.id,
        Exactness.APPROXIMATED if reasons else Exactness.EXACT,
        reasons,
        Coverage(tuple(covered), tuple(uncovered)),
        cost=f"{len(variants)} routes and {len(variants)} plugins",
    )


def compile_expression(intent: BlockIntent, draft: Draft) -> Compiled:
    """The expressions router: one owned route says it all."""
    covered = [ref for route in draft.estate.routes for ref in concerned(route, intent.match)]
    if not covered:
        return _refused(
            intent, "No route of this workspace can serve such a request, so there is nothing to block."
        )
    if intent.match.networks and draft.estate.version < (3, 6):
        return _refused(intent, "Kong compares client addresses in expressions from version 3.6 on.")
    expression = expression_of(intent.match)
    variant = {"expression": expression, "priority": _TOP_EXPRESSION, "protocols": ["http", "https"]}
    _route_with_end(draft, expression, variant, intent)
    reasons = _answering(draft)
    exactness = Exactness.APPROXIMATED if reasons else Exactness.EXACT
    return Compiled(intent.id, exactness, reasons, Coverage(tuple(covered)), cost="1 route and 1 plugin")


def _answering(draft: Draft) -> tuple[str, ...]:
    """What may answer on our own routes, where only global plugins run, before they are ended."""
    why = draft.estate.index.answering("", "")
    return (why,) if why else ()


def expression_of(match: Match) -> str:
    """The match in Kong's expressions language."""
    parts: list[list[str]] = [
        [f"net.src.ip in {network}" for network in match.networks],
        [f"http.method == {_quoted(method.upper())}" for method in match.methods],
        [f"http.host == {_quoted(host.lower())}" for host in match.hosts],
        [f"http.path ~ {_quoted(template_pattern(template))}" for template in match.path_templates],
    ]
    for header in match.headers:
        field = f"lower(http.headers.{header.name.lower().replace('-', '_')})"
        operator = {"contains": "contains", "prefix": "^="}.get(header.operator, "==")
        parts.append([f"{field} {operator} {_quoted(header.value.lower())}"])
    return " && ".join(f"({' || '.join(choices)})" for choices in parts if choices)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _route_with_end(draft: Draft, key: str, variant: dict[str, Any], intent: BlockIntent) -> None:
    ref_key = f"{intent.id}|{key}"
    ref = draft.want(
        "routes", ref_key, {**variant, "name": _name(intent, ref_key), "strip_path": False}, intent.id
    )
    draft.want_plugin("request-termination", {"route": ref}, _TERMINATION, intent.id)


def _name(intent: BlockIntent, key: str) -> str:
    """A unique name that says which block the route belongs to."""
    return f"{OWNER_TAG}-{intent.id}-{made_uuid(key)[:8]}"


def _variant(route: Entity, match: Match) -> dict[str, Any]:
    """A route that takes the match's share of a customer's route: at least as many attributes, so it outranks it."""
    made: dict[str, Any] = {"protocols": sorted(_ORDINARY), "regex_priority": _TOP_PRIORITY}
    methods, hosts = common_methods(route, match) or (), common_hosts(route, match) or ()
    if methods != ("*",):
        made["methods"] = sorted(methods)
    if hosts != ("*",):
        made["hosts"] = sorted(hosts)
    if match.path_templates:
        made["paths"] = sorted("~" + template_pattern(template)[1:] for template in match.path_templates)
    elif strings(route.get("paths")):
        made["paths"] = sorted(_outranking(path) for path in strings(route.get("paths")))
    headers = dict(route.get("headers") or {})
    for header in match.headers:
        headers[header.name.lower()] = [_header_value(header)]
    if headers:
        made["headers"] = headers
    if strings(route.get("snis")):
        made["snis"] = sorted(strings(route.get("snis")))
    return made


def _outranking(path: str) -> str:
    """A customer's path as a pattern: patterns go before prefixes, and ours have the highest priority."""
    return path if path.startswith("~") else "~" + re.escape(path)


def _header_value(header: HeaderMatch) -> str:
    """Kong compares header values without case; ``~*`` marks a pattern."""
    if header.operator == "contains":
        return f"~*{re.escape(header.value)}"
    return f"~*^{re.escape(header.value)}" if header.operator == "prefix" else header.value


def _problem(route: Entity, match: Match) -> str:
    """Why a customer's route cannot be outranked; "" when it can."""
    protocols = set(strings(route.get("protocols")) or _ORDINARY)
    if not protocols & _ORDINARY:
        return "Routes for gRPC or WebSocket only are not blocked by path."
    if route.get("expression"):
        return "The route is an expression, and whether ours would go before it cannot be told."
    theirs = {name.lower() for name in (route.get("headers") or {})}
    if any(header.name.lower() in theirs for header in match.headers):
        return "The route already matches on this header, and a Kong route compares a header only once."
    names = [header.name.lower() for header in match.headers]
    if len(set(names)) < len(names):
        return "A Kong route compares a header only once."
    if "host" in names:
        return "Name the host as a host condition: Kong routes do not compare it as a header."
    if int(route.get("regex_priority") or 0) >= _TOP_PRIORITY and any(
        p.match != "prefix" for p in paths_of(route)
    ):
        return "The route has the highest possible priority itself."
    return ""


def _refused(intent: BlockIntent, *reasons: str) -> Compiled:
    return Compiled(intent.id, Exactness.REFUSED, tuple(reasons))
