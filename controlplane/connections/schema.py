"""A connector's settings model as a JSON Schema for the form, and which of its fields are secret or made by us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import SecretStr

from connectors.base.manifest import ConnectorSettings


def secret_fields(settings: type[ConnectorSettings]) -> frozenset[str]:
    """Names of the fields that hold secrets."""
    return frozenset(name for name, field in settings.model_fields.items() if _is_secret(field.annotation))


def generated_fields(settings: type[ConnectorSettings]) -> frozenset[str]:
    """Names of the fields that are made by us and never given by a user."""
    return frozenset(name for name in settings.model_fields if _flag(settings, name, "generated"))


def unused_fields(settings: type[ConnectorSettings], values: Mapping[str, Any]) -> frozenset[str]:
    """Names of the fields that are only for a choice (``when``) other than the one that ``values`` make."""
    fields = settings.model_fields
    return frozenset(
        name
        for name, field in fields.items()
        if isinstance(field.json_schema_extra, dict)
        and isinstance(when := field.json_schema_extra.get("when"), dict)
        and any(values.get(other, fields[other].default) != wanted for other, wanted in when.items())
    )


def form_schema(settings: type[ConnectorSettings]) -> dict[str, Any]:
    """JSON Schema of the settings with the flags ``secret``, ``generated`` and ``advanced`` on each property.

    A choice stands in its property itself, so that a form needs to follow no reference.
    """
    schema = settings.model_json_schema()
    choices = schema.pop("$defs", {})
    for name, shown in schema.get("properties", {}).items():
        choice = choices.get(shown.pop("$ref", "").rpartition("/")[2], {})
        shown |= {key: choice[key] for key in ("type", "enum") if key in choice}
        shown["secret"] = name in secret_fields(settings)
        shown["generated"] = _flag(settings, name, "generated")
        shown["advanced"] = _flag(settings, name, "advanced")
    return schema


def _flag(settings: type[ConnectorSettings], name: str, flag: str) -> bool:
    extra = settings.model_fields[name].json_schema_extra
    return isinstance(extra, dict) and bool(extra.get(flag))


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in get_args(annotation)
