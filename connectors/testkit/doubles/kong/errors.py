"""The Admin API's error answers: ``{"code", "name", "message", "fields"}`` with the status that belongs to
it.

Source: kong/db/errors.lua (codes and names) and kong/api/endpoints.lua (statuses) of Kong Gateway, read,
not copied.
"""

from typing import Any

from werkzeug.wrappers import Response

from connectors.testkit.doubles.serving import json_response


class AdminError(Exception):
    """A refusal by the Admin API."""

    def __init__(self, status: int, code: int, name: str, message: str, fields: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message, "name": name, "code": code}
        if fields is not None:
            self.body["fields"] = fields

    def response(self) -> Response:
        """The HTTP answer."""
        return json_response(self.body, self.status)


def _flat(errors: dict[str, Any]) -> list[str]:
    lines = [str(error) for error in errors.get("@entity", [])]
    for name in sorted(errors):
        if name == "@entity":
            continue
        error = errors[name]
        if isinstance(error, dict):
            lines += [f"{name}.{inner}: {error[inner]}" for inner in sorted(error)]
        else:
            lines.append(f"{name}: {error}")
    return lines


def schema_violation(errors: dict[str, Any]) -> AdminError:
    """400: the body does not fit the schema."""
    lines = _flat(errors)
    count = "schema violation" if len(lines) == 1 else f"{len(lines)} schema violations"
    return AdminError(400, 2, "schema violation", f"{count} ({'; '.join(lines)})", errors)


def primary_key_violation(identifier: str) -> AdminError:
    """409: the id is taken."""
    message = f"primary key violation on key '{{id=\"{identifier}\"}}'"
    return AdminError(409, 3, "primary key violation", message, {"id": identifier})


def unique_violation(key: dict[str, Any]) -> AdminError:
    """409: another entity already has this unique key."""
    shown = ",".join(f"{name}=null" if value is None else f'{name}="{value}"' for name, value in key.items())
    message = f"UNIQUE violation detected on '{{{shown}}}'"
    return AdminError(409, 5, "unique constraint violation", message, key)


def missing_reference(field: str, key: dict[str, Any], entity: str) -> AdminError:
    """400: a foreign key points to nothing."""
    shown = ",".join(f'{name}="{value}"' for name, value in key.items())
    message = f"the foreign key '{{{shown}}}' does not reference an existing '{entity}' entity."
    return AdminError(400, 4, "foreign key violation", message, {field: key})


def still_referenced(parent: str, child: str) -> AdminError:
    """400: the entity cannot be deleted while others refer to it."""
    message = f"an existing '{child}' entity references this '{parent}' entity"
    return AdminError(400, 4, "foreign key violation", message, {"@referenced_by": child})


def not_found() -> AdminError:
    """404, whose body is a message alone."""
    error = AdminError(404, 6, "not found", "Not found")
    error.body = {"message": "Not found"}
    return error


def forbidden() -> AdminError:
    """403: the role has no right to the endpoint; a message alone."""
    error = AdminError(403, 0, "forbidden", "")
    error.body = {"message": "you do not have permissions to read this resource"}
    return error


def invalid_size(message: str) -> AdminError:
    """400: ``size`` is not an integer between 1 and 1000."""
    return AdminError(400, 9, "invalid size", message)


def invalid_offset(offset: str) -> AdminError:
    """400: ``offset`` is not one of ours."""
    return AdminError(400, 7, "invalid offset", f"'{offset}' is not a valid offset: bad base64 encoding")
