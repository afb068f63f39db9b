"""Key value maps of environments: made, filled and removed by the management API, within Apigee's limits.

Sources: apigee v1 discovery document; "Limits" (512 KB for a value, 2 KB for a key).
"""

import re
from collections.abc import Callable
from typing import Any

from connectors.testkit.doubles.apigee.store import Document, Environment
from connectors.testkit.doubles.google.discovery import Call
from connectors.testkit.doubles.google.errors import GoogleError, invalid, not_found
from connectors.testkit.doubles.google.paging import page

_NAME = re.compile(r"[A-Za-z0-9._$%-]{1,255}")
_MOST_VALUE, _MOST_KEY, _PAGE = 512 * 1024, 2048, 100
PREFIX = "apigee.organizations.environments.keyvaluemaps."


def answer(environment: Environment, call: Call) -> Any:
    """The answer to a method of an environment's key value maps."""
    return _ANSWERS[call.method.removeprefix(PREFIX)](environment, call)


def _create(environment: Environment, call: Call) -> Document:
    name = call.body.get("name", "")
    if not _NAME.fullmatch(name):
        raise invalid(f"'{name}' is no name of a key value map.")
    if call.body.get("encrypted") is not True:
        raise invalid("encrypted: unencrypted key value maps are not supported.")
    if name in environment.maps:
        raise _exists(f"keyvaluemaps/{name}")
    environment.maps[name] = {}
    return {"name": name, "encrypted": True}


def _delete(environment: Environment, call: Call) -> Document:
    name = call.path["keyvaluemapsId"]
    _map(environment, call)
    del environment.maps[name]
    return {"name": name, "encrypted": True}


def _entries(environment: Environment, call: Call) -> Document:
    held = _map(environment, call)
    size = min(call.query.get("pageSize", 0) or _PAGE, _PAGE)
    found = [{"name": name, "value": value} for name, value in sorted(held.items())]
    question = {key: value for key, value in call.query.items() if key != "pageToken"}
    items, following = page(
        found,
        size,
        call.query.get("pageToken", ""),
        [environment.name, call.path["keyvaluemapsId"], question],
    )
    return ({"keyValueEntries": list(items)} if items else {}) | (
        {"nextPageToken": following} if following else {}
    )


def _create_entry(environment: Environment, call: Call) -> Document:
    held = _map(environment, call)
    name, value = _checked(call)
    if name in held:
        raise _exists(f"entries/{name}")
    held[name] = value
    return {"name": name, "value": value}


def _update_entry(environment: Environment, call: Call) -> Document:
    held, name = _map(environment, call), call.path["entriesId"]
    if name not in held:
        raise not_found(f"entries/{name}")
    given, value = _checked(call)
    if given != name:
        raise invalid("The name of an entry cannot be changed.")
    held[name] = value
    return {"name": name, "value": value}


def _delete_entry(environment: Environment, call: Call) -> Document:
    held, name = _map(environment, call), call.path["entriesId"]
    if name not in held:
        raise not_found(f"entries/{name}")
    return {"name": name, "value": held.pop(name)}


def _map(environment: Environment, call: Call) -> dict[str, str]:
    name = call.path["keyvaluemapsId"]
    if name not in environment.maps:
        raise not_found(f"environments/{environment.name}/keyvaluemaps/{name}")
    return environment.maps[name]


def _checked(call: Call) -> tuple[str, str]:
    name, value = call.body.get("name", ""), call.body.get("value", "")
    if not name or len(name.encode()) > _MOST_KEY:
        raise invalid("An entry needs a name of at most 2 KB.")
    if not value or len(value.encode()) > _MOST_VALUE:
        raise invalid("An entry needs a value of at most 512 KB.")
    return name, value


def _exists(name: str) -> GoogleError:
    return GoogleError(409, "alreadyExists", f"Resource '{name}' already exists.")


_ANSWERS: dict[str, Callable[[Environment, Call], Any]] = {
    "create": _create,
    "delete": _delete,
    "entries.list": _entries,
    "entries.create": _create_entry,
    "entries.update": _update_entry,
    "entries.delete": _delete_entry,
}
