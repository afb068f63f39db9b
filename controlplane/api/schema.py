"""OpenAPI 3.1 of the REST edge."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import resolve_type_hint
from rest_framework.serializers import BaseSerializer

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "action": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
PROBLEM_ANSWERS = {
    "400": "The request cannot be read; nothing was changed.",
    "401": "Nobody is signed in and no valid token was sent.",
    "403": "The role or token lacks the permission.",
    "404": "There is nothing with this id.",
    "409": "The thing is not in the state this needs.",
    "422": "The values cannot be used.",
    "429": "Too many requests; see Retry-After.",
    "503": "Something needed does not answer; nothing was changed.",
}


class OperationSchema(AutoSchema):
    """drf-spectacular's description of a view plus the problems every view may answer with."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Return the operation with the problem answers added."""
        operation = super().get_operation(*args, **kwargs)
        if operation:
            content = {"application/problem+json": {"schema": PROBLEM}}
            for status, text in PROBLEM_ANSWERS.items():
                operation["responses"].setdefault(status, {"description": text, "content": content})
        return operation

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """Describe a serializer by its ``shape`` (a TypedDict) when it answers one, else by its fields.

        Serializers with neither are open objects; their docstring says the shape.
        """
        shape = getattr(serializer, "shape", None)
        if shape is not None and direction == "response":
            return _modern(resolve_type_hint(shape))  # type: ignore[no-untyped-call]
        if isinstance(serializer, BaseSerializer) and not hasattr(serializer, "fields"):
            text = (type(serializer).__doc__ or "").strip()
            return {"type": "object", "additionalProperties": True, "description": text}
        return super()._map_serializer(serializer, direction, bypass_extensions)  # type: ignore[no-untyped-call]


def _modern(schema: Any) -> Any:
    """OpenAPI 3.0's ``nullable`` in the words of JSON Schema 2020-12, at every depth."""
    if isinstance(schema, list):
        return [_modern(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _modern(inner) for name, inner in schema.items() if name != "nullable"}
    if schema.get("nullable") is not True:
        return plain
    return (
        plain | {"type": [plain["type"], "null"]}
        if "enum" not in plain
        else {"oneOf": [plain, {"type": "null"}]}
    )


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes `Authorization: Bearer pcl_…`."""

    target_class = "tenants.tokens.authentication.TokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer"}
