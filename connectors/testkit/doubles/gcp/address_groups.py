"""networksecurity v1 address groups for Cloud Armor; their operations are long-running too.

Cloud Armor takes them only in projects that are enrolled in Cloud Armor Enterprise.
"""

import secrets
import threading
import time
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from connectors.testkit.doubles.gcp.log_entries import stamp
from connectors.testkit.doubles.google.discovery import Call
from connectors.testkit.doubles.google.errors import GoogleError, invalid, not_found
from connectors.testkit.doubles.google.paging import page


@dataclass
class AddressGroups:
    """The groups of one project. Safe for threads."""

    project: str
    enterprise: bool = True
    _groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    _requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    _operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, name: str) -> bool:
        """Whether a rule may name the group."""
        return self.enterprise and self._full(name) in self._groups

    def items(self, name: str) -> list[str]:
        """The ranges of a group; none when it is gone."""
        return list(self._groups.get(self._full(name), {}).get("items", ()))

    def answer(self, call: Call) -> Any:
        """The JSON answer to one call of ``networksecurity.projects.locations.…``."""
        verb = call.method.rpartition(".")[2]
        parts = list(call.path.values())
        if ".operations." in call.method:
            return self._operation(parts[-1])
        parent = f"projects/{parts[0]}/locations/{parts[1]}"
        if parts[0] != self.project:
            raise not_found(parent)
        with self._lock:
            if verb == "list":
                return self._list(parent, call)
            if verb == "create":
                return self._create(parent, call)
            name = f"{parent}/addressGroups/{parts[2]}"
            found = self._groups.get(name)
            if found is None:
                raise not_found(name)
            return found if verb == "get" else self._change(name, found, verb, call)

    def _full(self, name: str) -> str:
        return f"projects/{self.project}/locations/global/addressGroups/{name}"

    def _list(self, parent: str, call: Call) -> Any:
        found = [group for name, group in sorted(self._groups.items()) if name.startswith(f"{parent}/")]
        size = call.query.get("pageSize") or 100
        items, following = page(found, size, call.query.get("pageToken", ""), parent)
        return {"addressGroups": list(items)} | ({"nextPageToken": following} if following else {})

    def _create(self, parent: str, call: Call) -> Any:
        body, identity = call.body, call.query.get("addressGroupId", "")
        name = f"{parent}/addressGroups/{identity}"
        if not identity or not body.get("capacity") or body.get("type") not in ("IPV4", "IPV6"):
            raise invalid("address_group_id, type and capacity are required.")
        if name in self._groups:
            raise GoogleError(409, "alreadyExists", f"Resource '{name}' already exists")
        if "CLOUD_ARMOR" in body.get("purpose", ()) and not self.enterprise:
            raise GoogleError(
                400, "failedPrecondition", "The project is not enrolled in Cloud Armor Enterprise."
            )
        made = {**body, "name": name, "createTime": stamp(time.time()), "items": body.get("items", [])}
        self._check(made)
        self._groups[name] = made
        return self._done(name)

    def _change(self, name: str, found: dict[str, Any], verb: str, call: Call) -> Any:
        request = (call.body or {}).get("requestId") or call.query.get("requestId", "")
        if request and request in self._requests:
            return self._requests[request]
        changed = {**found, "updateTime": stamp(time.time())}
        if verb == "delete":
            del self._groups[name]
        elif verb in ("addItems", "removeItems", "patch"):
            items = list(found["items"])
            sent = list(call.body.get("items", ()))
            if verb == "addItems":
                items += [entry for entry in sent if entry not in items]
            elif verb == "removeItems":
                items = [entry for entry in items if entry not in sent]
            else:
                items = sent if "items" in call.body else items
                changed |= call.body
            changed["items"] = items
            self._check(changed)
            self._groups[name] = changed
        else:
            raise GoogleError(501, "notImplemented", f"This double has no {call.method}.")
        done = self._done(name)
        if request:
            self._requests[request] = done
        return done

    @staticmethod
    def _check(group: dict[str, Any]) -> None:
        if len(group["items"]) > group["capacity"]:
            raise invalid(f"The address group holds at most {group['capacity']} items.")
        version = 4 if group["type"] == "IPV4" else 6
        for text in group["items"]:
            try:
                network = ip_network(text)
            except ValueError:
                raise invalid(f"Invalid IP address range '{text}'.") from None
            if network.version != version:
                raise invalid(f"'{text}' is not of the group's type {group['type']}.")

    def _done(self, name: str) -> dict[str, Any]:
        identity = f"operation-{secrets.token_hex(8)}"
        operation = f"projects/{self.project}/locations/global/operations/{identity}"
        started = {"name": operation, "done": False, "metadata": {"target": name}}
        self._operations[identity] = started
        return started

    def _operation(self, identity: str) -> Any:
        """Done when it is asked for the first time; the change itself was immediate."""
        found = self._operations.get(identity)
        if found is None:
            raise not_found(identity)
        self._operations[identity] = {**found, "done": True, "response": {}}
        return self._operations[identity]
