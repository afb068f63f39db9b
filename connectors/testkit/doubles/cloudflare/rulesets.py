"""Rulesets of a zone: entry points per phase, single rules added, changed and removed; each write is a new version.

Source: Ruleset Engine, Rulesets API; typed SDK ``cloudflare`` 5.9.
"""

from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.cloudflare.envelope import answer, invalid, known_only, missing
from connectors.testkit.doubles.cloudflare.rule_validity import PHASES, check_room, check_rule
from connectors.testkit.doubles.cloudflare.state import Account, Document, Zone, made_id, now

#: Managed rulesets every account can deploy (real identifiers, from the documentation).
MANAGED_RULESETS = {
    "efb7b8c949ac4650a09736fc376e9aee": "Cloudflare Managed Ruleset",
    "4814384a9e5d4991b9815dcfc25d2f1f": "Cloudflare OWASP Core Ruleset",
    "c2e184081120413c86c3ab7e14069605": "Cloudflare Exposed Credentials Check Ruleset",
}
_ENTRY_MEMBERS = {"name", "description", "kind", "phase", "rules"}


class Rulesets:
    """The operations on ``/zones/{zone}/rulesets``."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def all(self, request: Request, zone_id: str) -> Response:
        """Every ruleset without its rules, the managed ones included."""
        shown = [
            {key: value for key, value in ruleset.items() if key != "rules"}
            for ruleset in self._account.zone(zone_id).rulesets.values()
        ]
        shown += [
            {"id": ref, "name": name, "kind": "managed", "phase": "http_request_firewall_managed",
             "version": "118", "last_updated": "2026-09-01T00:00:00Z", "description": name}
            for ref, name in MANAGED_RULESETS.items()
        ]  # fmt: skip
        return answer(shown)

    def create(self, request: Request, zone_id: str, body: Document) -> Response:
        """A new ruleset; a phase has one entry point at most."""
        zone = self._account.zone(zone_id)
        known_only(body, _ENTRY_MEMBERS, frozenset({"name", "kind", "phase", "rules"}))
        if body["kind"] not in ("zone", "custom") or body["phase"] not in PHASES:
            raise invalid("not a valid kind or phase")
        if body["kind"] == "zone" and _entry(zone, body["phase"]) is not None:
            raise invalid("'zone' is not a valid value for kind because exceeded maximum number 1", 20217)
        return answer(self._made(zone, body["phase"], body))

    def entry(self, request: Request, zone_id: str, phase: str) -> Response:
        """The entry point of a phase, 404 when it has none."""
        found = _entry(self._account.zone(zone_id), phase)
        if found is None:
            raise missing("entrypoint ruleset in the " + phase + " phase")
        return answer(found)

    def replace_entry(self, request: Request, zone_id: str, phase: str, body: Document) -> Response:
        """PUT: all rules of the phase become what the body says."""
        zone = self._account.zone(zone_id)
        known_only(body, _ENTRY_MEMBERS, frozenset({"rules"}))
        found = _entry(zone, phase)
        if found is None:
            return answer(self._made(zone, phase, body))
        rules = [self._rule(zone, phase, rule) for rule in body["rules"]]
        check_room(zone, phase, rules)
        found["rules"] = rules
        return answer(_bumped(found))

    def one(self, request: Request, zone_id: str, ruleset_id: str) -> Response:
        """One ruleset with its rules."""
        return answer(self._ruleset(zone_id, ruleset_id))

    def add_rule(self, request: Request, zone_id: str, ruleset_id: str, body: Document) -> Response:
        """POST of one rule; the answer is the whole ruleset."""
        zone, ruleset = self._account.zone(zone_id), self._ruleset(zone_id, ruleset_id)
        rule = self._rule(zone, ruleset["phase"], body)
        rules = _placed(ruleset["rules"], rule, body.get("position"))
        check_room(zone, ruleset["phase"], rules)
        ruleset["rules"] = rules
        return answer(_bumped(ruleset))

    def change_rule(
        self, request: Request, zone_id: str, ruleset_id: str, rule_id: str, body: Document
    ) -> Response:
        """PATCH of one rule: a whole new definition, or a position alone."""
        zone, ruleset = self._account.zone(zone_id), self._ruleset(zone_id, ruleset_id)
        before = _rule_of(ruleset, rule_id)
        rule = before
        if set(body) != {"position"}:
            rule = self._rule(zone, ruleset["phase"], {"ref": before["ref"], **body})
            rule |= {"id": rule_id, "version": str(int(before["version"]) + 1)}
        rest = [rule if entry is before else entry for entry in ruleset["rules"]]
        if "position" in body:
            rest = _placed([entry for entry in rest if entry is not rule], rule, body["position"])
        check_room(zone, ruleset["phase"], rest)
        ruleset["rules"] = rest
        return answer(_bumped(ruleset))

    def remove_rule(self, request: Request, zone_id: str, ruleset_id: str, rule_id: str) -> Response:
        """DELETE of one rule."""
        ruleset = self._ruleset(zone_id, ruleset_id)
        rule = _rule_of(ruleset, rule_id)
        ruleset["rules"] = [entry for entry in ruleset["rules"] if entry is not rule]
        return answer(_bumped(ruleset))

    def _ruleset(self, zone_id: str, ruleset_id: str) -> Document:
        found = self._account.zone(zone_id).rulesets.get(ruleset_id)
        if found is None:
            raise missing("ruleset")
        return found

    def _made(self, zone: Zone, phase: str, body: Document) -> Document:
        rules = [self._rule(zone, phase, rule) for rule in body["rules"]]
        check_room(zone, phase, rules)
        ruleset = {
            "id": made_id(),
            "name": body.get("name", "default"),
            "description": body.get("description", ""),
            "kind": body.get("kind", "zone"),
            "phase": phase,
            "version": "1",
            "last_updated": now(),
            "rules": rules,
        }
        zone.rulesets[ruleset["id"]] = ruleset
        return ruleset

    def _rule(self, zone: Zone, phase: str, body: Document) -> Document:
        check_rule(self._account, zone, phase, body)
        if body["action"] == "execute" and body["action_parameters"].get("id") not in MANAGED_RULESETS:
            raise invalid("the ruleset to execute is not known")
        kept = {key: value for key, value in body.items() if key != "position"}
        rule_id = made_id()
        return {
            "id": rule_id,
            "version": "1",
            "enabled": True,
            "ref": rule_id,
            **kept,
            "last_updated": now(),
        }


def _entry(zone: Zone, phase: str) -> Document | None:
    return next((r for r in zone.rulesets.values() if r["phase"] == phase and r["kind"] == "zone"), None)


def _rule_of(ruleset: Document, rule_id: str) -> Document:
    for rule in ruleset["rules"]:
        if rule["id"] == rule_id:
            found: Document = rule
            return found
    raise missing("rule")


def _bumped(ruleset: Document) -> Document:
    ruleset["version"] = str(int(ruleset["version"]) + 1)
    ruleset["last_updated"] = now()
    return ruleset


def _placed(rules: list[Document], rule: Document, position: Any) -> list[Document]:
    """The rules with one more, at its position (last without one)."""
    if position is None:
        return [*rules, rule]
    if not isinstance(position, dict) or len(position) != 1:
        raise invalid("position takes exactly one of before, after and index")
    ((word, value),) = position.items()
    ids = [entry["id"] for entry in rules]
    if word == "index" and isinstance(value, int) and 1 <= value <= len(rules) + 1:
        at = value - 1
    elif word in ("before", "after") and value == "":
        at = 0 if word == "before" else len(rules)
    elif word in ("before", "after") and value in ids:
        at = ids.index(value) + (word == "after")
    else:
        raise invalid(f"not a valid position: {position}")
    return [*rules[:at], rule, *rules[at:]]
