"""A Google API as its discovery document describes it: which method a request calls, and whether it may look so.

The documents are those of the wheel ``google-api-python-client``; each is read when it is first needed.
"""

import importlib.resources
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from connectors.testkit.doubles.google import schema
from connectors.testkit.doubles.google.errors import GoogleError, invalid

_VARIABLE = re.compile(r"\{\+?(\w+)\}")
_UNSERVED = {"callback", "access_token", "oauth_token", "key"}


@dataclass(frozen=True)
class Call:
    """One request as a method's call: ``path`` and ``query`` are its parameters, ``body`` the JSON document."""

    method: str  # compute.securityPolicies.addRule
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any


@dataclass(frozen=True)
class Method:
    """One method of a document."""

    id: str
    pattern: re.Pattern[str]
    described: Mapping[str, Any]


class Api:
    """All methods and schemas of one document (``compute.v1``)."""

    def __init__(self, name: str) -> None:
        folder = importlib.resources.files("googleapiclient.discovery_cache") / "documents"
        self._document = orjson.loads((folder / f"{name}.json").read_bytes())
        self.schemas: Mapping[str, Any] = self._document["schemas"]
        self._methods: dict[tuple[str, int], list[Method]] = {}
        for described in _methods(self._document):
            path = self._document["servicePath"] + described.get("flatPath", described["path"])
            pattern = re.compile("/" + _VARIABLE.sub(r"(?P<\1>[^/:]+)", path) + "$")
            key = (described["httpMethod"], path.count("/") + 1)
            self._methods.setdefault(key, []).append(Method(described["id"], pattern, described))

    def call(self, verb: str, path: str, query: Mapping[str, str], content: bytes) -> Call | None:
        """The call a request is; None when no method has that path. ``GoogleError`` when it is not well-formed."""
        for method in self._methods.get((verb, path.count("/")), ()):
            found = method.pattern.match(path)
            if found:
                parameters = method.described.get("parameters", {})
                return Call(
                    method.id,
                    _path_parameters(found.groupdict(), parameters),
                    self._query(query, parameters),
                    self._body(content, method.described.get("request")),
                )
        return None

    def _query(self, given: Mapping[str, str], parameters: Mapping[str, Any]) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for name, text in given.items():
            described = parameters.get(name)
            if described is None or described.get("location") != "query":
                if name in self._document["parameters"] and name not in _UNSERVED:
                    continue
                raise invalid(
                    f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
                )
            value = _typed(text, described.get("type"))
            schema.check(value, described, self.schemas, name)
            read[name] = value
        return read

    def _body(self, content: bytes, request: Mapping[str, Any] | None) -> Any:
        if not content:
            if request is not None:
                raise invalid("Required field 'resource' not specified", "required")
            return None
        if request is None:
            raise invalid("Request body is not allowed for this method.")
        if request.get("$ref") == "GoogleApiHttpBody":
            return content
        try:
            body = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise GoogleError(400, "parseError", "Parse Error") from None
        schema.check(body, request, self.schemas)
        return body


@cache
def api(name: str) -> Api:
    """The API of one document, read once."""
    return Api(name)


def _methods(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inside in resource.get("resources", {}).values():
        yield from _methods(inside)


def _path_parameters(found: dict[str, str], parameters: Mapping[str, Any]) -> dict[str, str]:
    for name, value in found.items():
        pattern = parameters.get(name, {}).get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            raise invalid(
                f"Invalid value '{value}'. Values must match the following regular expression: '{pattern}'"
            )
    return found


def _typed(text: str, kind: str | None) -> Any:
    if kind == "integer" and re.fullmatch(r"-?\d{1,20}", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
