"""Custom lists of the account. Items change by bulk operations that finish later; one at a time.

Source: Lists API ("Rate limiting for Lists API requests", endpoints), "Custom lists" (prefix lengths of addresses),
"Lists" (names, deleting). A write while another is being processed is answered 429.
"""

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.cloudflare.envelope import ApiError, answer, invalid, known_only, missing
from connectors.testkit.doubles.cloudflare.expression_parser import parse
from connectors.testkit.doubles.cloudflare.paging import by_cursor
from connectors.testkit.doubles.cloudflare.plans import PLANS
from connectors.testkit.doubles.cloudflare.state import Account, AccountList, Document, made_id, now

CHANGES_WINDOW_S = 300
ITEMS_PER_PAGE = 500
_NAME = re.compile(r"[a-z0-9_]{1,50}")


@dataclass
class Operation:
    """A bulk operation: applied, in order, once ``due``."""

    id: str
    due: float
    run: Callable[[], None]
    status: str = "pending"
    completed: str = ""


@dataclass
class Lists:
    """The operations on ``/accounts/{account}/rules/lists``."""

    account: Account
    delay_s: float = 0.05
    changes_allowed: int = 10_000
    operations: dict[str, Operation] = field(default_factory=dict)
    _changes: "deque[tuple[float, int]]" = field(default_factory=deque)

    def all(self, request: Request) -> Response:
        """Every list without its items; not paged."""
        return answer([self._shown(entry) for entry in self.account.lists.values()])

    def create(self, request: Request, body: Document) -> Response:
        """A new, empty list."""
        known_only(body, {"name", "kind", "description"}, frozenset({"name", "kind"}))
        if not isinstance(body["name"], str) or not _NAME.fullmatch(body["name"]):
            raise invalid("the name has to match ^[a-z0-9_]+$ and have at most 50 characters", 10001)
        if body["kind"] not in ("ip", "redirect", "hostname", "asn"):
            raise invalid("unknown kind", 10001)
        if self.account.list_named(body["name"]) is not None:
            raise ApiError(409, 10010, "a list with this name already exists")
        if len(self.account.lists) >= self._plan().lists:
            raise ApiError(403, 10019, "exceeded the maximum number of lists of the plan")
        made = AccountList(made_id(), body["name"], body["kind"], body.get("description", ""))
        self.account.lists[made.id] = made
        return answer(self._shown(made))

    def one(self, request: Request, list_id: str) -> Response:
        """One list without its items."""
        return answer(self._shown(self._list(list_id)))

    def describe(self, request: Request, list_id: str, body: Document) -> Response:
        """PUT of the description, the only thing that can be changed."""
        found = self._list(list_id)
        known_only(body, {"description"})
        found.description, found.modified_on = body.get("description", ""), now()
        return answer(self._shown(found))

    def remove(self, request: Request, list_id: str) -> Response:
        """DELETE, refused while a rule refers to the list."""
        found = self._list(list_id)
        if self._references(found):
            raise ApiError(400, 10020, "the list is used by a rule and cannot be deleted")
        del self.account.lists[list_id]
        return answer({"id": list_id})

    def items(self, request: Request, list_id: str) -> Response:
        """The items, page by page after a cursor."""
        self._settle()
        return by_cursor(request, list(self._list(list_id).items.values()), ITEMS_PER_PAGE)

    def add_items(self, request: Request, list_id: str, body: Any) -> Response:
        """POST: add, or replace items of the same value."""
        found = self._list(list_id)
        items = [self._item(found, entry) for entry in _entries(body)]
        values = {item["ip"] for item in items}
        kept = {entry["ip"] for entry in found.items.values()} | values
        if len(kept) > self._plan().list_items:
            raise ApiError(403, 10021, "exceeded the maximum number of items")

        def run() -> None:
            for key in [key for key, entry in found.items.items() if entry["ip"] in values]:
                del found.items[key]
            found.items.update({item["id"]: item for item in items})

        return self._started(found, len(items), run)

    def replace_items(self, request: Request, list_id: str, body: Any) -> Response:
        """PUT: the items become exactly these; an empty array empties the list."""
        found = self._list(list_id)
        items = [self._item(found, entry) for entry in (body or [])]
        return self._started(found, len(items) + len(found.items), lambda: _replace(found, items))

    def remove_items(self, request: Request, list_id: str, body: Document) -> Response:
        """DELETE of items by id."""
        found = self._list(list_id)
        known_only(body, {"items"}, frozenset({"items"}))
        ids = [entry["id"] for entry in _entries(body["items"])]
        for identifier in ids:
            if identifier not in found.items:
                raise missing(f"list item {identifier}")

        def run() -> None:
            for identifier in ids:
                found.items.pop(identifier, None)

        return self._started(found, len(ids), run)

    def operation(self, request: Request, operation_id: str) -> Response:
        """How far a bulk operation is."""
        self._settle()
        found = self.operations.get(operation_id)
        if found is None:
            raise missing("bulk operation")
        shown = {"id": found.id, "status": found.status}
        if found.completed:
            shown["completed"] = found.completed
        return answer(shown)

    def networks(self) -> dict[str, tuple[Any, ...]]:
        """Addresses of every list by its name, for the edge."""
        self._settle()
        return {
            entry.name: tuple(ip_network(item["ip"]) for item in entry.items.values())
            for entry in self.account.lists.values()
            if entry.kind == "ip"
        }

    def _started(self, found: AccountList, changes: int, run: Callable[[], None]) -> Response:
        self._settle()
        if any(operation.status == "pending" for operation in self.operations.values()):
            raise ApiError(429, 10022, "a bulk operation is still being processed", {"retry-after": "1"})
        clock = time.monotonic()
        while self._changes and self._changes[0][0] < clock - CHANGES_WINDOW_S:
            self._changes.popleft()
        if sum(count for _, count in self._changes) + changes > self.changes_allowed:
            raise ApiError(429, 10023, "too many list item changes", {"retry-after": str(CHANGES_WINDOW_S)})
        self._changes.append((clock, changes))
        operation = Operation(made_id(), clock + self.delay_s, run)
        self.operations[operation.id] = operation
        found.modified_on = now()
        return answer({"operation_id": operation.id})

    def _settle(self) -> None:
        for operation in self.operations.values():
            if operation.status == "pending" and operation.due <= time.monotonic():
                operation.run()
                operation.status, operation.completed = "completed", now()

    def _list(self, list_id: str) -> AccountList:
        self._settle()
        if list_id not in self.account.lists:
            raise missing("list")
        return self.account.lists[list_id]

    def _item(self, found: AccountList, entry: Any) -> Document:
        if found.kind != "ip" or not isinstance(entry, dict):
            raise invalid("items of this list are objects with an ip", 10002)
        known_only(entry, {"ip", "comment"}, frozenset({"ip"}))
        try:
            network = ip_network(entry["ip"], strict=True)
        except ValueError as error:
            raise invalid(f"invalid address: {error}", 10002) from error
        shortest, longest = (8, 32) if network.version == 4 else (4, 64)
        if not shortest <= network.prefixlen <= longest:
            raise invalid(f"prefixes of IPv{network.version} go from /{shortest} to /{longest}", 10002)
        made = now()
        return {
            "id": made_id(),
            "ip": entry["ip"].lower(),
            "comment": entry.get("comment", ""),
            "created_on": made,
            "modified_on": made,
        }

    def _shown(self, entry: AccountList) -> Document:
        names = ("id", "name", "kind", "description", "created_on", "modified_on")
        return {
            **{name: getattr(entry, name) for name in names},
            "num_items": len(entry.items),
            "num_referencing_filters": self._references(entry),
        }

    def _references(self, entry: AccountList) -> int:
        rules = [
            rule
            for zone in self.account.zones.values()
            for ruleset in zone.rulesets.values()
            for rule in ruleset["rules"]
        ]
        return sum(entry.name in parse(rule["expression"])[1].lists for rule in rules)

    def _plan(self) -> Any:
        order = list(PLANS)
        best = max((zone.plan for zone in self.account.zones.values()), key=order.index, default="free")
        return PLANS[best]


def _entries(body: Any) -> list[Any]:
    if not isinstance(body, list) or not body:
        raise invalid("a list of items is required", 10003)
    return body


def _replace(found: AccountList, items: list[Document]) -> None:
    found.items = {item["id"]: item for item in items}
