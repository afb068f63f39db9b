"""Carry out one change at Cloudflare: single rules, and items of our own lists by bulk operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connectors.base.enforcement import Change, Target
from connectors.base.errors import ConflictError, RefusedError, TransientError, VendorAnswerError
from connectors.cloudflare.client import ApiV4, Document
from connectors.cloudflare.estate import DESCRIPTION, LIST, Located
from connectors.cloudflare.limits import ITEMS_PER_WRITE
from connectors.cloudflare.permissions import LISTS, WRITE_LISTS, WRITE_WAF
from connectors.cloudflare.waf_rules import is_ours, rules_of

#: How long one bulk operation may take before the push is tried again later, and how often it is looked at (s).
BULK_PATIENCE: Final = 60.0
_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 2.0


class Writer:
    """Writes to one zone; knows where everything is from the read before, and follows its own writes."""

    def __init__(self, api: ApiV4, target: Target, located: Located, sleep: Callable[[float], None]) -> None:
        self._api = api
        self._zone = f"/zones/{target.ref}"
        self._lists = f"/accounts/{api.account}/rules/lists"
        self._rulesets = dict(located.rulesets)
        self._rules = dict(located.rules)
        self._list_ids = dict(located.lists)
        self._items = {name: dict(items) for name, items in located.items.items()}
        self._sleep = sleep

    def write(self, change: Change) -> None:
        """One change."""
        (self._write_list if change.object_kind == LIST else self._write_rule)(change)

    def _write_rule(self, change: Change) -> None:
        entry = change.after or change.before
        assert entry is not None, "a change has a before or an after"
        phase = str(entry.document["phase"])
        found = next((rule for rule in self._rules.get(phase, ()) if rule.get("ref") == entry.ref), None)
        if found is not None and not is_ours(found):
            raise RefusedError(f"The rule {entry.ref} is not ours: it is left alone.")
        if change.after is None:
            if found is not None:
                self._sent("DELETE", phase, f"/{found['id']}")
            return
        document = {key: value for key, value in change.after.document.items() if key != "phase"}
        if found is not None:
            self._sent("PATCH", phase, f"/{found['id']}", document)
        else:
            self._sent("POST", phase, "", {**document, "position": {"index": self._position(phase)}})
        if not any(rule.get("ref") == entry.ref for rule in self._rules[phase]):
            raise VendorAnswerError(
                f"Cloudflare accepted the rule {entry.ref} but its ruleset does not hold it."
            )

    def _position(self, phase: str) -> int:
        """Before everything of the customer; rules that only log before those that end the evaluation."""
        ours = [rule for rule in self._rules.get(phase, ()) if is_ours(rule)]
        return 1 + len([rule for rule in ours if rule.get("action") == "log"])

    def _sent(self, method: str, phase: str, rest: str, document: Document | None = None) -> None:
        """A write to one rule; the answer is the whole ruleset, which is what we know from then on."""
        if phase not in self._rulesets:
            body = {"name": "default", "description": "", "kind": "zone", "phase": phase, "rules": []}
            made = self._api.write("POST", f"{self._zone}/rulesets", WRITE_WAF, body)
            self._rulesets[phase] = _id(made)
        path = f"{self._zone}/rulesets/{self._rulesets[phase]}/rules{rest}"
        answer = self._api.write(method, path, WRITE_WAF, document)
        self._rules[phase] = tuple(rules_of(answer if isinstance(answer, Mapping) else None))

    def _write_list(self, change: Change) -> None:
        name = change.name
        if change.after is None:
            if name in self._list_ids:
                self._api.write("DELETE", f"{self._lists}/{self._list_ids[name]}", WRITE_LISTS)
            return
        if name not in self._list_ids:
            body = {"name": name, "kind": "ip", "description": DESCRIPTION}
            self._list_ids[name] = _id(self._api.write("POST", self._lists, WRITE_LISTS, body))
            self._items[name] = {}
        path = f"{self._lists}/{self._list_ids[name]}/items"
        wanted, present = set(change.after.document["items"]), self._items[name]
        for part in _parts(sorted(wanted - set(present))):
            self._bulk("POST", path, [{"ip": item, "comment": "portcullis"} for item in part])
        for part in _parts(sorted(set(present) - wanted)):
            self._bulk("DELETE", path, {"items": [{"id": present[item]} for item in part]})

    def _bulk(self, method: str, path: str, document: Any) -> None:
        """Start a bulk operation and wait for its end: Cloudflare takes one at a time."""
        answer = self._api.write(method, path, WRITE_LISTS, document)
        operation = str(answer.get("operation_id") or "") if isinstance(answer, Mapping) else ""
        if not operation:
            raise VendorAnswerError("Cloudflare took the addresses but named no operation to wait for.")
        waited, wait = 0.0, _FIRST_WAIT
        while waited < BULK_PATIENCE:
            state = self._api.one(f"{self._lists}/bulk_operations/{operation}", LISTS) or {}
            if state.get("status") == "completed":
                return
            if state.get("status") == "failed":
                raise RefusedError(f"Cloudflare could not change our address list: {state.get('error')}.")
            self._sleep(wait)
            waited, wait = waited + wait, min(wait * 2, _LONGEST_WAIT)
        raise TransientError(
            f"Cloudflare is still working on our address list after {BULK_PATIENCE:.0f} s.",
            unchanged="The addresses were sent and may be in force soon.",
        )


def _id(made: Any) -> str:
    if not isinstance(made, Mapping) or not made.get("id"):
        raise ConflictError(
            "Cloudflare made an object and did not say which.", action="Read the state again."
        )
    return str(made["id"])


def _parts(values: list[str]) -> list[list[str]]:
    return [values[start : start + ITEMS_PER_WRITE] for start in range(0, len(values), ITEMS_PER_WRITE)]
