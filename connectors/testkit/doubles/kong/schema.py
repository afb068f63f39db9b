"""Kong's schema language, as far as the double needs it: types, defaults, constraints, nested records.

Sources: Kong developer documentation "Plugin configuration schema" and the Admin API's error answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Check = Callable[[Any], str | None]
Record = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One field. ``kind``: string, integer, number, boolean, array, set, map, record or foreign."""

    kind: str
    default: Any = None
    required: bool = False
    one_of: tuple[Any, ...] = ()
    between: tuple[float, float] | None = None
    element: "Field | None" = None
    fields: Mapping[str, "Field"] = field(default_factory=dict)
    check: Check | None = None
    reference: str = ""


def string(**options: Any) -> Field:
    """A string field."""
    return Field("string", **options)


def integer(default: int | None = None, **options: Any) -> Field:
    """An integer field."""
    return Field("integer", default, **options)


def number(default: float | None = None, **options: Any) -> Field:
    """A number field."""
    return Field("number", default, **options)


def boolean(default: bool | None = None) -> Field:
    """A boolean field."""
    return Field("boolean", default)


def strings(default: list[str] | None = None, kind: str = "array", **element: Any) -> Field:
    """An array (or set) of strings; ``element`` constrains the items."""
    return Field(kind, default, element=string(**element))


def record(**fields: Field) -> Field:
    """A nested record; its defaults apply even when the record is absent."""
    return Field("record", fields=fields)


TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("expected a string", lambda v: isinstance(v, str)),
    "integer": ("expected an integer", lambda v: isinstance(v, int) and not isinstance(v, bool)),
    "number": ("expected a number", lambda v: isinstance(v, (int, float)) and not isinstance(v, bool)),
    "boolean": ("expected a boolean", lambda v: isinstance(v, bool)),
    "array": ("expected an array", lambda v: isinstance(v, list)),
    "set": ("expected a set", lambda v: isinstance(v, list)),
    "map": ("expected a map", lambda v: isinstance(v, dict)),
    "record": ("expected a record", lambda v: isinstance(v, dict)),
    "foreign": ("expected a table with the primary key of the entity", lambda v: isinstance(v, dict)),
}


def _scalar_error(spec: Field, value: Any) -> str | None:
    message, fits = TYPES[spec.kind]
    if not fits(value):
        return message
    if spec.kind == "string" and value == "":
        return "length must be at least 1"
    if spec.one_of and value not in spec.one_of:
        return f"expected one of: {', '.join(str(item) for item in spec.one_of)}"
    if spec.between and not spec.between[0] <= value <= spec.between[1]:
        return f"value should be between {spec.between[0]:g} and {spec.between[1]:g}"
    return spec.check(value) if spec.check else None


def validate(spec: Field, value: Any) -> Any:
    """The error of ``value`` (a string, or nested errors for lists and records); None when it is valid."""
    if value is None:
        return "required field missing" if spec.required else None
    if error := _scalar_error(spec, value):
        return error
    if spec.kind in ("array", "set") and spec.element:
        errors = [validate(spec.element, item) for item in value]
        return [error for error in errors if error] or None
    if spec.kind == "map" and spec.element:
        nested = {key: validate(spec.element, item) for key, item in value.items()}
        return {key: error for key, error in nested.items() if error} or None
    if spec.kind == "record":
        return record_errors(spec.fields, value) or None
    return None


def record_errors(fields: Mapping[str, Field], values: Record) -> Record:
    """Errors per field of a record, unknown fields included."""
    errors: Record = {name: "unknown field" for name in values if name not in fields}
    for name, spec in fields.items():
        if error := validate(spec, values.get(name)):
            errors[name] = error
    return errors


def with_defaults(fields: Mapping[str, Field], values: Record) -> Record:
    """``values`` completed: every declared field is present, absent ones as their default or null."""
    complete: Record = {}
    for name, spec in fields.items():
        value = values.get(name)
        if spec.kind == "record":
            complete[name] = with_defaults(spec.fields, value or {})
        elif value is None:
            complete[name] = list(spec.default) if isinstance(spec.default, list) else spec.default
        else:
            complete[name] = value
    return complete


def described(fields: Mapping[str, Field]) -> list[Record]:
    """The fields as ``GET /schemas/...`` shows them: a list of one-key tables."""
    shown = []
    for name, spec in fields.items():
        entry: Record = {"type": spec.kind, "required": spec.required}
        if spec.default is not None:
            entry["default"] = spec.default
        if spec.one_of:
            entry["one_of"] = list(spec.one_of)
        if spec.between:
            entry["between"] = list(spec.between)
        if spec.element:
            entry["elements"] = {"type": spec.element.kind}
        if spec.fields:
            entry["fields"] = described(spec.fields)
        shown.append({name: entry})
    return shown
