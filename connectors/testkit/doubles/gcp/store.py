"""The project's resources by collection and scope, and operations that change them a moment after they were asked for."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from connectors.testkit.doubles.google.errors import GoogleError, not_found

Resource = dict[str, Any]
HOST = "https://www.googleapis.com/compute/v1"
GLOBAL = "global"


@dataclass
class Operation:
    """A change on its way: ``effect`` runs when it is done. Times are seconds of the monotonic clock."""

    name: str
    scope: str
    verb: str
    target: str
    user: str
    started: float
    ends: float
    effect: Callable[[], None]
    finished: Callable[[], None] = lambda: None
    applied: bool = False


@dataclass
class Store:
    """Everything one project has. Safe for threads: hold ``lock`` while reading or changing more than one thing."""

    project: str
    operation_seconds: float = 0.05
    collections: dict[tuple[str, str], dict[str, Resource]] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def link(self, collection: str, scope: str, name: str) -> str:
        """A resource's self link; ``scope`` is ``global`` or ``regions/<region>``."""
        return f"{HOST}/projects/{self.project}/{scope}/{collection}/{name}"

    def all(self, collection: str, scope: str) -> list[Resource]:
        """The resources of one scope by name."""
        with self.lock:
            self.settle()
            return [entry for _, entry in sorted(self.collections.get((collection, scope), {}).items())]

    def scopes(self, collection: str) -> list[str]:
        """The scopes that have (or had) resources of a collection; always with ``global``."""
        return sorted({GLOBAL} | {scope for kind, scope in self.collections if kind == collection})

    def find(self, collection: str, scope: str, name: str) -> Resource:
        """One resource; ``GoogleError`` 404 when there is none."""
        with self.lock:
            self.settle()
            found = self.collections.get((collection, scope), {}).get(name)
        if found is None:
            raise not_found(f"projects/{self.project}/{scope}/{collection}/{name}")
        return found

    def by_link(self, link: str) -> Resource | None:
        """The resource a full or partial link names."""
        parts = link.split("/")
        scope = GLOBAL if len(parts) > 2 and parts[-3] == GLOBAL else "/".join(parts[-4:-2])
        with self.lock:
            self.settle()
            return self.collections.get((parts[-2], scope), {}).get(parts[-1]) if len(parts) > 2 else None

    def put(self, collection: str, scope: str, resource: Resource) -> None:
        """Store a resource under its name."""
        with self.lock:
            self.collections.setdefault((collection, scope), {})[resource["name"]] = resource

    def remove(self, collection: str, scope: str, name: str) -> None:
        """Forget a resource."""
        with self.lock:
            self.collections.get((collection, scope), {}).pop(name, None)

    def busy(self, target: str) -> bool:
        """Whether a change of ``target`` is still on its way."""
        with self.lock:
            self.settle()
            return any(not entry.applied and entry.target == target for entry in self.operations.values())

    def start(
        self,
        scope: str,
        verb: str,
        target: str,
        user: str,
        effect: Callable[[], None],
    ) -> Operation:
        """Begin a change; one at a time per target, as the vendor has it."""
        with self.lock:
            if self.busy(target):
                name = target.rpartition("/v1/")[2]
                raise GoogleError(400, "resourceNotReady", f"The resource '{name}' is not ready")
            now = time.monotonic()
            name = f"operation-{time.time_ns() // 1000}-{secrets.token_hex(6)}"
            made = Operation(name, scope, verb, target, user, now, now + self.operation_seconds, effect)
            self.operations[name] = made
            return made

    def settle(self) -> None:
        """Let the changes happen whose time has come, in the order they were asked for."""
        now = time.monotonic()
        due = [entry for entry in self.operations.values() if not entry.applied and entry.ends <= now]
        for entry in sorted(due, key=lambda operation: operation.ends):
            entry.applied = True
            entry.effect()
            entry.finished()

    def operation(self, name: str, scope: str) -> Resource:
        """An operation as compute shows it now."""
        with self.lock:
            self.settle()
            found = self.operations.get(name)
        if found is None or found.scope != scope:
            raise not_found(f"projects/{self.project}/{scope}/operations/{name}")
        return self.shown(found)

    def shown(self, operation: Operation) -> Resource:
        """The Operation resource."""
        now = time.monotonic()
        half = (operation.started + operation.ends) / 2
        status = "DONE" if operation.applied else "PENDING" if now < half else "RUNNING"
        return {
            "kind": "compute#operation",
            "id": str(abs(hash(operation.name)) % 10**18),
            "name": operation.name,
            "operationType": operation.verb,
            "targetLink": operation.target,
            "status": status,
            "user": operation.user,
            "progress": 100 if status == "DONE" else 0,
            "selfLink": self.link("operations", operation.scope, operation.name),
        }


def unused(resources: Iterable[Resource], name: str, what: str) -> None:
    """``GoogleError`` 409 when a name is taken."""
    if any(entry["name"] == name for entry in resources):
        raise GoogleError(409, "alreadyExists", f"The resource '{what}' already exists")
