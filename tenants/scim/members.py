"""What a document says about the members of a group, as sets of ids. Pure.

The library would hold every member as an object and compare each with each; a group may have thousands.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from scim2_models import InvalidPathException, InvalidValueException, NoTargetException, Path
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator

from tenants.scim.resources import Group

LONGEST_ID: Final = 64
_OPS: Final = ("add", "remove", "replace")
#: How nearly every removal is written; parsing thousands of them takes seconds.
_ONE: Final = re.compile(r'members\[value eq "([A-Za-z0-9_-]+)"\]')


def named(value: Any) -> set[str]:
    """Return the ids a value names: nothing, one object or a list of them; raises InvalidValueException."""
    entries = value if isinstance(value, list) else [] if value is None else [value]
    return {_id(entry) for entry in entries}


def patched(
    inside: set[str], operations: Iterable[Mapping[str, Any]]
) -> tuple[set[str], list[dict[str, Any]]]:
    """Apply what operations say of members, in order; return who is in then, and the operations on other attributes."""
    wanted, others = set(inside), []
    for operation in operations:
        op = str(operation.get("op")).lower()
        if op not in _OPS:
            raise InvalidValueException(detail="op is none of add, remove and replace; nothing was changed.")
        path, value = operation.get("path"), operation.get("value")
        if path is None and isinstance(value, dict):
            rest = {name: inner for name, inner in value.items() if not _is_members(name)}
            for name in value.keys() - rest.keys():
                wanted = _changed(wanted, op, Path[Group](name), value[name])
            if rest or not value:
                others.append({**operation, "value": rest})
        elif isinstance(path, str) and op == "remove" and value is None and (one := _ONE.fullmatch(path)):
            wanted.discard(one[1])
        elif isinstance(path, str) and _is_members(path):
            wanted = _changed(wanted, op, Path[Group](path), value)
        else:
            others.append(dict(operation))
    return wanted, others


def _changed(inside: set[str], op: str, path: Path[Group], value: Any) -> set[str]:
    if len(path.parts) > 1:
        raise InvalidPathException(
            path=str(path), detail="Parts of a member are not changed; nothing was changed."
        )
    if path.value_filter is not None:
        if op != "remove":
            raise NoTargetException(
                detail="Only a removal selects members by a filter; nothing was changed. Add them by their value."
            )
        return inside - _selected(path.value_filter)
    if op == "remove":
        return inside - named(value) if value is not None else set()
    if op == "add" and value is None:
        raise InvalidValueException(detail="An add of members has no value; nothing was changed.")
    return named(value) | (inside if op == "add" else set())


def _selected(node: FilterNode) -> set[str]:
    """The ids a filter names; nothing else about a member can be selected by."""
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.or_:
        return {id_ for term in node.terms for id_ in _selected(term)}
    if isinstance(node, Comparison):
        name, op, value = str(node.attr_path).lower(), node.op, node.value
        if name == "value" and op == CompareOperator.eq and isinstance(value, str):
            return {value}
    raise InvalidPathException(detail="Members are selected by their value only; nothing was changed.")


def _is_members(path: str) -> bool:
    if "members" not in path.lower():
        return False
    binding = Path[Group](path).resolve()
    return binding is not None and binding.field_name == "members"


def _id(entry: Any) -> str:
    found = {str(name).lower(): inner for name, inner in entry.items()} if isinstance(entry, dict) else {}
    value = found.get("value")
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise InvalidValueException(detail="A member has no value, the id of a user; nothing was changed.")
    if str(found.get("type") or "User").lower() == "group":
        raise InvalidValueException(
            detail="Groups in groups are not offered; nothing was changed. Assign their people directly."
        )
    return value
