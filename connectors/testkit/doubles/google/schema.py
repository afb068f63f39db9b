"""Check JSON against the schemas of a discovery document: unknown names, types, ranges, enumerations, output only."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from connectors.testkit.doubles.google.errors import GoogleError, invalid

_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


def check(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], path: str = "") -> None:
    """``GoogleError`` 400 when ``value`` is not what ``schema`` describes."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    kind = schema.get("type", "any")
    if kind == "object":
        _object(value, schema, schemas, path)
    elif kind == "array":
        if not isinstance(value, list):
            raise _wrong(path, "a list")
        for number, entry in enumerate(value):
            check(entry, schema["items"], schemas, f"{path}[{number}]")
    elif kind == "string":
        _string(value, schema, path)
    elif kind == "boolean" and not isinstance(value, bool):
        raise _wrong(path, "TYPE_BOOL")
    elif kind == "integer":
        _integer(value, schema, path)
    elif kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise _wrong(path, "TYPE_DOUBLE")


def _object(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], path: str) -> None:
    if not isinstance(value, dict):
        raise _wrong(path, "an object")
    known = schema.get("properties", {})
    others = schema.get("additionalProperties")
    for name, entry in value.items():
        inside = f"{path}.{name}" if path else name
        described = known.get(name, others)
        if described is None:
            where = f" at '{path}'" if path else ""
            raise invalid(f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')
        if described.get("readOnly"):
            raise invalid(f"Invalid value for field '{inside}': it is output only.")
        check(entry, described, schemas, inside)


def _string(value: Any, schema: Mapping[str, Any], path: str) -> None:
    if not isinstance(value, str):
        raise _wrong(path, "TYPE_STRING")
    if "enum" in schema and value not in schema["enum"]:
        raise invalid(f"Invalid value at '{path}' (TYPE_ENUM), \"{value}\"")
    if schema.get("format") in _RANGES:
        _integer(int(value) if value.lstrip("-").isdigit() else value, schema, path)
    if schema.get("format") == "byte":
        try:
            base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            raise invalid(f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed") from None


def _integer(value: Any, schema: Mapping[str, Any], path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(path, schema.get("format", "int32"))
    low, high = _RANGES.get(schema.get("format", "int32"), _RANGES["int64"])
    low = max(low, int(schema.get("minimum", low)))
    high = min(high, int(schema.get("maximum", high)))
    if not low <= value <= high:
        raise invalid(f"Invalid value for field '{path}': '{value}'. Must be between {low} and {high}.")


def _wrong(path: str, expected: str) -> GoogleError:
    return invalid(f"Invalid value at '{path or 'the body'}' ({expected})")
