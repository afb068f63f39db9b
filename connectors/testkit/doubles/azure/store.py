"""What the subscription holds: resources, running operations, and the activity log that every write leaves."""

import itertools
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.testkit.doubles.azure.errors import Refusal
from connectors.testkit.doubles.azure.resource_types import TYPES, Address

Document = dict[str, Any]


@dataclass
class Operation:
    """A long-running write: how many more polls it is pending, and what it does in the end."""

    resource: str
    polls: int
    finish: Callable[[], None]


@dataclass
class Store:
    """One subscription. ``polls`` is how often a write is answered as still running."""

    subscription: str
    polls: int = 1
    resources: dict[str, Document] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    activity: list[Document] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _version: "itertools.count[int]" = field(default_factory=itertools.count)

    def etag(self) -> str:
        """A new version token."""
        return f'W/"{uuid.uuid5(uuid.NAMESPACE_OID, str(next(self._version)))}"'

    def listed(self, asked: Address) -> list[Document]:
        """The resources of a list, in the order they were made."""
        kind = asked.type.name.lower()
        return [
            document
            for identifier, document in self.resources.items()
            if identifier.startswith(asked.under) and document["type"].lower() == kind
        ]

    def get(self, identifier: str) -> Document:
        """One resource; raises the 404."""
        found = self.resources.get(identifier.lower())
        if found is None:
            raise Refusal(404, "ResourceNotFound", f"The Resource '{identifier}' was not found.")
        return found

    def put(self, identifier: str, document: Document) -> Document:
        """Make or replace a resource at once, as it will be answered."""
        _, _, rest = identifier.rpartition("/providers/")
        parts = rest.split("/")
        kind = "/".join([parts[0], *parts[1::2]])
        held = self.resources.get(identifier.lower(), {})
        named = {"id": held.get("id", identifier), "name": held.get("name", parts[-1])}
        made = {**document, **named, "type": TYPES[kind.lower()].name}
        made["etag"] = self.etag()
        self.resources[identifier.lower()] = made
        return made

    def busy(self, identifier: str) -> bool:
        """Whether a write to the resource is still running."""
        return any(running.resource == identifier.lower() for running in self.operations.values())

    def begin(self, identifier: str, finish: Callable[[], None]) -> str:
        """Start an operation; its id."""
        name = str(uuid.uuid4())
        self.operations[name] = Operation(identifier.lower(), self.polls, finish)
        return name

    def poll(self, name: str) -> Operation | None:
        """One question for an operation: None once it has ended."""
        running = self.operations.get(name)
        if running is None:
            return None
        if running.polls > 0:
            running.polls -= 1
            return running
        running.finish()
        del self.operations[name]
        return None

    def record(self, caller: str, action: str, resource: str, status: str, address: str, http: str) -> None:
        """An entry of the activity log."""
        now = datetime.now(UTC)
        kind = "/".join(action.split("/")[:-1])
        correlation = str(uuid.uuid4())
        person = "@" in caller
        claims = {"name": caller} if person else {"appid": caller}
        self.activity.append(
            {
                "authorization": {"action": action, "scope": resource},
                "caller": caller,
                "channels": "Operation",
                "claims": {**claims, "ipaddr": address, "aud": "https://management.azure.com"},
                "correlationId": correlation,
                "eventDataId": str(uuid.uuid4()),
                "eventTimestamp": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "submissionTimestamp": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "httpRequest": {"clientIpAddress": address, "method": http, "clientRequestId": correlation},
                "level": "Informational",
                "operationName": {"value": action, "localizedValue": action},
                "resourceId": resource,
                "resourceProviderName": {"value": action.split("/", maxsplit=1)[0]},
                "resourceType": {"value": kind},
                "status": {"value": status, "localizedValue": status},
                "subscriptionId": self.subscription,
            }
        )
