"""compute v1 as far as load balancers and Cloud Armor need it: list, aggregatedList, get, insert, patch, delete, rules."""

import copy
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.testkit.doubles.gcp.audit import Audit, Caller
from connectors.testkit.doubles.gcp.security_policies import Policies, fingerprint
from connectors.testkit.doubles.gcp.store import GLOBAL, Resource, Store, unused
from connectors.testkit.doubles.google.discovery import Call
from connectors.testkit.doubles.google.errors import GoogleError, invalid
from connectors.testkit.doubles.google.paging import page

#: Resource of a method id (in lower camel case) to the collection its resources are kept in.
COLLECTIONS = {
    "securityPolicies": "securityPolicies",
    "regionSecurityPolicies": "securityPolicies",
    "backendServices": "backendServices",
    "regionBackendServices": "backendServices",
    "urlMaps": "urlMaps",
    "regionUrlMaps": "urlMaps",
    "targetHttpsProxies": "targetHttpsProxies",
    "regionTargetHttpsProxies": "targetHttpsProxies",
    "targetHttpProxies": "targetHttpProxies",
    "regionTargetHttpProxies": "targetHttpProxies",
    "sslPolicies": "sslPolicies",
    "regionSslPolicies": "sslPolicies",
    "forwardingRules": "forwardingRules",
    "globalForwardingRules": "forwardingRules",
}
_SINGULAR = {"securityPolicies": "securityPolicy", "targetHttpsProxies": "targetHttpsProxy"}
_SINGULAR |= {"targetHttpProxies": "targetHttpProxy", "sslPolicies": "sslPolicy"}
#: Compute's own words for an empty scope.
_EMPTY = {"code": "NO_RESULTS_ON_PAGE", "message": "There are no results for this scope on this page."}
_UNREACHABLE = {"code": "UNREACHABLE", "message": "The scope could not be reached."}
_RULES = ("addRule", "patchRule", "removeRule")
_PAGE = 500


@dataclass(frozen=True)
class Compute:
    """Compute's methods over the store; every change is an operation and an entry of the audit log."""

    store: Store
    policies: Policies
    audit: Audit
    #: Scopes an aggregated list cannot reach now; a test fills it to see partial success.
    unreachable: set[str]
    #: A page may hold fewer than are asked for, as Google's do.
    most_per_page: int = _PAGE

    def answer(self, call: Call, caller: Caller) -> Any:
        """The JSON answer to one call."""
        _, resource, verb = call.method.split(".")
        scope = f"regions/{call.path['region']}" if "region" in call.path else GLOBAL
        if resource in ("globalOperations", "regionOperations"):
            if verb == "wait":
                time.sleep(min(self.store.operation_seconds, 1.0))
            return self.store.operation(call.path["operation"], scope)
        collection = COLLECTIONS[resource]
        if verb == "aggregatedList":
            return self._aggregated(collection, call)
        if verb == "list":
            return self._listed(collection, scope, call)
        if verb == "insert":
            return self._insert(collection, scope, call, caller)
        name = list(call.path.values())[-1]
        found = self.store.find(collection, scope, name)
        if verb == "get":
            return found
        if verb == "getRule":
            return self.policies.rule(found, call.query.get("priority", 0))
        return self._change(collection, scope, found, call, caller)

    def _listed(self, collection: str, scope: str, call: Call) -> Any:
        question = [collection, scope, call.query.get("filter")]
        size = self._size(call)
        items, following = page(
            self.store.all(collection, scope), size, call.query.get("pageToken", ""), question
        )
        answer: dict[str, Any] = {
            "kind": f"compute#{_singular(collection)}List",
            "id": f"projects/{self.store.project}",
        }
        if items:
            answer["items"] = list(items)
        return answer | ({"nextPageToken": following} if following else {})

    def _aggregated(self, collection: str, call: Call) -> Any:
        """Pages go over all scopes; every page names every scope, with a warning where it has nothing."""
        scopes = self.store.scopes(collection)
        reachable = [scope for scope in scopes if scope not in self.unreachable]
        found = [(scope, entry) for scope in reachable for entry in self.store.all(collection, scope)]
        items, following = page(found, self._size(call), call.query.get("pageToken", ""), [collection])
        scoped: dict[str, Any] = {}
        for scope in scopes:
            inside = [entry for where, entry in items if where == scope]
            empty = _EMPTY if scope in reachable else _UNREACHABLE
            scoped[scope] = {collection: inside} if inside else {"warning": empty}
        answer: dict[str, Any] = {
            "kind": f"compute#{_singular(collection)}AggregatedList",
            "items": scoped,
        }
        return answer | ({"nextPageToken": following} if following else {})

    def _size(self, call: Call) -> int:
        size: int = call.query.get("maxResults", _PAGE)
        if not 0 < size <= _PAGE:
            raise invalid(
                f"Invalid value for field 'maxResults': '{size}'. Acceptable values are 0 to {_PAGE}."
            )
        return min(size, self.most_per_page)

    def _insert(self, collection: str, scope: str, call: Call, caller: Caller) -> Any:
        made = {**call.body}
        name = made.get("name", "")
        if not name:
            raise invalid("Required field 'resource.name' not specified", "required")
        target = self.store.link(collection, scope, name)
        unused(self.store.all(collection, scope), name, target.rpartition("/v1/")[2])
        if collection == "securityPolicies":
            self.policies.complete(made, scope)
        made |= {
            "id": str(secrets.randbits(60)),
            "kind": f"compute#{_singular(collection)}",
            "selfLink": target,
            "creationTimestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        if scope != GLOBAL:
            made["region"] = target.rpartition(f"/{collection}/")[0]
        made["fingerprint"] = fingerprint(made)
        return self._start(scope, target, call, caller, lambda: self.store.put(collection, scope, made))

    def _change(self, collection: str, scope: str, found: Resource, call: Call, caller: Caller) -> Any:
        verb = call.method.rpartition(".")[2]
        changed = copy.deepcopy(found)
        if verb in _RULES:
            changed["rules"] = self.policies.change(call, verb, found, scope)
        elif verb == "patch":
            sent = call.body.get("fingerprint")
            if sent is not None and sent != found["fingerprint"]:
                raise GoogleError(412, "conditionNotMet", "Invalid fingerprint.")
            if sent is None and collection in ("securityPolicies", "urlMaps"):
                raise invalid("Required field 'resource.fingerprint' not specified", "required")
            changed |= call.body
        elif verb in ("setSecurityPolicy", "setEdgeSecurityPolicy"):
            member = verb[3].lower() + verb[4:]
            changed[member] = call.body.get("securityPolicy", "")
        elif verb != "delete":
            raise GoogleError(501, "notImplemented", f"This double has no {call.method}.")
        changed["fingerprint"] = fingerprint(changed)
        if call.query.get("validateOnly"):
            return {"kind": "compute#operation", "name": "validate-only", "status": "DONE"}

        def effect() -> None:
            if verb == "delete":
                self.store.remove(collection, scope, found["name"])
            else:
                self.store.put(collection, scope, changed)

        return self._start(scope, found["selfLink"], call, caller, effect)

    def _start(
        self, scope: str, target: str, call: Call, caller: Caller, effect: Callable[[], None]
    ) -> Resource:
        with self.store.lock:
            started = self.store.start(scope, call.method.rpartition(".")[2], target, caller.email, effect)
            finish = self.audit.begin(call, target.rpartition("/v1/")[2], caller, started.name)
            started.finished = finish
            return self.store.shown(started)


def _singular(collection: str) -> str:
    return _SINGULAR.get(collection, collection[:-1])
