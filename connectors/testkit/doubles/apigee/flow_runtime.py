"""Shared flows of hooks, executed before a proxy and before its target: maps, scripts, callouts and faults.

Other policies are not executed. Conditions compare a variable with null or a text.
Sources: "JavaScript policy", "KeyValueMapOperations policy", "RaiseFault policy", "FlowCallout policy".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.testkit.doubles.apigee.flow_bundles import flow_bundle
from connectors.testkit.doubles.apigee.script_engine import ScriptEngine, ScriptError
from connectors.testkit.doubles.apigee.store import Environment, Store

_CONDITION = re.compile(r'([\w.-]+)\s*(=|!=)\s*(null|"[^"]*")')
_DEEPEST = 5


class FlowFault(Exception):
    """The request is answered with a fault."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


@dataclass
class FlowRuntime:
    """Runs what is attached to the hooks of an environment."""

    store: Store
    engine: ScriptEngine = field(default_factory=ScriptEngine)

    def run(self, environment: Environment, hook: str, variables: dict[str, str]) -> None:
        """Execute a hook's shared flow, if any, on a request's variables; ``FlowFault`` when that ends the request."""
        attached = environment.flow_hooks.get(hook, {})
        if not attached.get("sharedFlow"):
            return
        try:
            self._flow(environment, attached["sharedFlow"], variables, 0)
        except FlowFault:
            if not attached.get("continueOnError", True):
                raise

    def _flow(self, environment: Environment, name: str, variables: dict[str, str], depth: int) -> None:
        with self.store.lock:
            revision = self.store.revision_of(environment.name, name)
            content = self.store.bundles.get(("sharedflows", name, revision))
        if content is None or depth > _DEEPEST:
            raise FlowFault(500, f"The shared flow {name} is not deployed.")
        bundle = flow_bundle(content)
        for step in bundle.steps:
            if step.policy.get("enabled", "true") != "true" or not _holds(step.condition, variables):
                continue
            try:
                self._step(environment, step.policy, bundle.scripts, variables, depth)
            except FlowFault:
                # A raised fault ends the request whatever its policy says; a failed policy may be passed over.
                if step.policy.tag == "RaiseFault" or step.policy.get("continueOnError") != "true":
                    raise

    def _step(
        self,
        environment: Environment,
        policy: Any,
        scripts: Mapping[str, str],
        variables: dict[str, str],
        depth: int,
    ) -> None:
        if policy.tag == "KeyValueMapOperations":
            self._look_up(environment, policy, variables)
        elif policy.tag == "Javascript":
            source = scripts[policy.findtext("ResourceURL", "").removeprefix("jsc://")]
            try:
                limit = int(policy.get("timeLimit", "200"))
                variables.update(self.engine.run(source, variables, limit))
            except ScriptError as error:
                raise FlowFault(500, str(error)) from None
        elif policy.tag == "RaiseFault":
            raise FlowFault(
                int(policy.findtext("FaultResponse/Set/StatusCode", "500")),
                policy.findtext("FaultResponse/Set/Payload", ""),
            )
        elif policy.tag == "FlowCallout":
            self._flow(environment, policy.findtext("SharedFlowBundle", "").strip(), variables, depth + 1)

    def _look_up(self, environment: Environment, policy: Any, variables: dict[str, str]) -> None:
        with self.store.lock:
            held = environment.maps.get(policy.get("mapIdentifier", ""))
            if held is None or policy.findtext("Scope") != "environment":
                raise FlowFault(500, "There is no such key value map.")
            for wanted in policy.findall("Get"):
                value = held.get(wanted.findtext("Key/Parameter", ""))
                if value is not None:
                    variables[wanted.get("assignTo", "")] = value


def _holds(condition: str, variables: Mapping[str, str]) -> bool:
    if not condition:
        return True
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise FlowFault(500, f"The condition {condition} is not understood.")
    value = variables.get(found[1])
    wanted = None if found[3] == "null" else found[3][1:-1]
    return (value == wanted) is (found[2] == "=")
