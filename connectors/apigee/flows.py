"""The order in which a proxy executes its policies, and the operations its flows tell apart.

A request runs: the shared flow of the hook before the proxy, PreFlow, the first flow whose condition holds, PostFlow,
then PreFlow and PostFlow of the target. Source: "Controlling how a proxy executes with flows".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.apigee.bundle import Bundle, said
from connectors.apigee.conditions import SUFFIX, Compared, Joined, Node, is_verb, parsed
from connectors.apigee.policies import goes_on, is_enabled

_DEEPEST: Final = 8
_MOST_WAYS: Final = 64
_WHOLE: Final = ("request.path", "message.path", "request.uri")


@dataclass(frozen=True, slots=True)
class Step:
    """One policy on the way of a request, under all conditions that lead to it. ``policy`` None: it is not known."""

    policy: Any
    conditions: tuple[Node, ...] = ()
    doubtful: bool = False  # the proxy goes on when it fails


@dataclass(frozen=True, slots=True)
class Way:
    """One way a flow is reached: a path suffix as a template (None: any), methods (none: any), other conditions."""

    suffix: str | None = None
    methods: tuple[str, ...] = ()
    prefix: bool = False
    narrowed: bool = False


def steps_of(
    parent: Any, bundle: Bundle, shared: Mapping[str, Bundle], under: tuple[Node, ...] = (), depth: int = 0
) -> Iterator[Step]:
    """The enabled steps of a request's part, those of called shared flows in their place."""
    for element in _step_elements(parent):
        when = parsed(said(element, "Condition"))
        conditions = under if when is None else (*under, when)
        policy = bundle.policies.get(said(element, "Name"))
        if policy is None:
            yield Step(None, conditions)
        elif not is_enabled(policy):
            continue
        elif policy.tag == "FlowCallout":
            for step in _called(said(policy, "SharedFlowBundle"), shared, conditions, depth):
                yield replace(step, doubtful=step.doubtful or goes_on(policy))
        else:
            yield Step(policy, conditions, goes_on(policy))


def hooked(name: str, shared: Mapping[str, Bundle]) -> list[Step]:
    """The steps of the shared flow that a hook runs before every proxy."""
    return list(_called(name, shared, (), 0)) if name else []


def ways_of(node: Node | None, base: str) -> list[Way]:
    """The ways a flow's condition leaves open; one without bounds when there are too many or it is not understood."""
    if node is None:
        return [Way()]
    found = _ways(node, base)
    return found if 0 < len(found) <= _MOST_WAYS else [Way(narrowed=True)]


def _called(
    name: str, shared: Mapping[str, Bundle], conditions: tuple[Node, ...], depth: int
) -> Iterator[Step]:
    bundle = shared.get(name)
    if bundle is None or depth >= _DEEPEST:
        yield Step(None, conditions)
        return
    for flow in bundle.sharedflows.values():
        yield from steps_of(flow, bundle, shared, conditions, depth + 1)


def _step_elements(parent: Any) -> list[Any]:
    if parent is None:
        return []
    request = parent.find("Request")
    return list((parent if request is None else request).findall("Step"))


def _ways(node: Node, base: str) -> list[Way]:
    if isinstance(node, Joined) and node.word == "or":
        return [way for part in node.parts for way in _ways(part, base)]
    if isinstance(node, Joined) and node.word == "and":
        found = [Way()]
        for part in node.parts:
            inside = _ways(part, base)
            if len(found) * len(inside) > _MOST_WAYS:
                return [Way(narrowed=True)]
            found = [both for one in found for other in inside for both in _both(one, other)]
        return found
    if isinstance(node, Compared):
        return [_way(node, base)]
    return [Way(narrowed=True)]


def _both(one: Way, other: Way) -> Sequence[Way]:
    """Two ways at once; none when their methods exclude each other."""
    methods = one.methods or other.methods
    if one.methods and other.methods:
        methods = tuple(method for method in one.methods if method in other.methods)
        if not methods:
            return ()
    narrowed = one.narrowed or other.narrowed or (one.suffix is not None and other.suffix is not None)
    first = one if one.suffix is not None else other
    return (Way(first.suffix, methods, first.prefix, narrowed),)


def _way(node: Compared, base: str) -> Way:
    if is_verb(node):
        return Way(methods=(node.value.upper(),))
    value = node.value
    if node.variable in _WHOLE and value.startswith(base.rstrip("/") + "/"):
        value = value[len(base.rstrip("/")) :]
    elif node.variable != SUFFIX:
        return Way(narrowed=True)
    if node.operator == "path":
        return Way(_template(value))
    if node.operator in ("equals", "folds"):
        return Way(value)
    if node.operator == "starts":
        return Way(value.rstrip("/"), prefix=True)
    if node.operator == "glob" and value.endswith("*") and "*" not in value[:-1]:
        return Way(value[:-1].rstrip("/"), prefix=True, narrowed=not value.endswith("/*"))
    return Way(narrowed=True)


def _template(pattern: str) -> str:
    """A pattern of MatchesPath with names for its wildcards: ``/{p1}/refund``, ``/orders/{rest+}``."""
    parts, number = [], 0
    for part in pattern.split("/"):
        if part == "**":
            parts.append("{rest+}")
        elif part == "*":
            number += 1
            parts.append(f"{{p{number}}}")
        else:
            parts.append(part)
    return "/".join(parts)
