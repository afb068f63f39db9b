"""Reads what providers send: bounded JSON, and PATCH documents with the habits of Okta and Entra ID."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
from scim2_models import InvalidSyntaxException, InvalidValueException

from tenants.errors import TooLarge
from tenants.scim.resources import LARGEST

DEEPEST: Final = 12
MOST_OPERATIONS: Final = 500
LONGEST_PATH: Final = 500
MOST_FOR_A_USER: Final = 60  # operations, and values of all lists together: each is compared with all before


def read(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request; raises TooLarge or InvalidSyntaxException."""
    if len(body) > LARGEST:
        raise TooLarge("body-too-large", f"The body is larger than {LARGEST} bytes; nothing was changed.")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidSyntaxException(detail="The body is not JSON; nothing was changed.") from None
    if not isinstance(found, dict):
        raise InvalidSyntaxException(detail="The body is not a JSON object; nothing was changed.")
    _bounded(found)
    return found


def operations(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the operations of a PATCH document, each on one target.

    Names of members are taken in any case. Keys of a value without path that select (`emails[type eq "work"].value`, as
    Entra ID sends them) become operations of their own; what a removal names beside the value itself (`$ref`) is
    dropped.
    """
    given = next((value for name, value in document.items() if name.lower() == "operations"), None)
    if not isinstance(given, list) or not given:
        raise InvalidSyntaxException(detail="Operations must be a list of one or more; nothing was changed.")
    if len(given) > MOST_OPERATIONS:
        raise InvalidValueException(
            detail=f"More than {MOST_OPERATIONS} operations in one request; nothing was changed. Send fewer at once."
        )
    return [single for entry in given for single in _split(entry)]


def few(found: Any) -> None:
    """Refuse more operations or values than there are of one user; each is compared with all that is there already."""
    if _values(found) > MOST_FOR_A_USER:
        raise InvalidValueException(
            detail=f"More than {MOST_FOR_A_USER} values or operations were sent for one user; nothing was changed."
        )


def _values(found: Any) -> int:
    if isinstance(found, list):
        return len(found) + sum(map(_values, found))
    return sum(map(_values, found.values())) if isinstance(found, dict) else 0


def _split(entry: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(entry, dict):
        raise InvalidSyntaxException(detail="An operation is not an object; nothing was changed.")
    found = {str(name).lower(): value for name, value in entry.items()}
    kept: dict[str, Any] = {name: found[name] for name in ("op", "path", "value") if name in found}
    path, value = kept.get("path"), kept.get("value")
    if isinstance(path, str) and len(path) > LONGEST_PATH:
        raise InvalidValueException(
            detail=f"A path is longer than {LONGEST_PATH} characters; nothing was changed."
        )
    if str(kept.get("op")).lower() == "remove" and value is not None:
        kept["value"] = _selected(value)
    if path in (None, "") and isinstance(value, dict):
        kept.pop("path", None)
        selecting = {name: inner for name, inner in value.items() if "[" in name}
        kept["value"] = {name: inner for name, inner in value.items() if name not in selecting}
        if kept["value"] or not selecting:
            yield kept
        for name, inner in selecting.items():
            yield {"op": kept.get("op"), "path": name[: LONGEST_PATH + 1], "value": inner}
        return
    yield kept


def _selected(value: Any) -> Any:
    """What a removal's value selects by: the entries' `value` where they have one."""
    if isinstance(value, list):
        return [_selected(entry) for entry in value]
    if isinstance(value, dict) and value.get("value") is not None:
        return {"value": value["value"]}
    return value


def _bounded(found: Any) -> None:
    """Refuse documents deeper than anything SCIM has, and characters nothing can hold."""
    level, depth = [found], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise InvalidSyntaxException(
                detail=f"The body is nested deeper than {DEEPEST}; nothing was changed."
            )
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.keys()
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str) and "\0" in value:
                raise InvalidValueException(detail="A text holds the character U+0000; nothing was changed.")
        level = below
