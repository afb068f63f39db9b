"""WAFv2 statements for the conditions of a block intent, and what they cost. Pure.

Documents have the members of the WAFv2 API with two differences, so that they are plain JSON and can be compared
and stored: search strings are text (the API takes bytes), and references to our own objects are names
(``portcullis:ip_set/<name>``) that are turned into ARNs when they are written.
Sources: AWS WAF API reference (Statement, FieldToMatch, TextTransformation); Developer Guide, "WCUs".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from connectors.aws.limits import ASNS, COUNTRIES, REGEX_CHARACTERS, SEARCH_BYTES
from connectors.base.intent import HeaderMatch, Match

Statement = dict[str, Any]

#: Scheme of a reference to an object of ours by name.
OWN_REFERENCE: Final = "portcullis:"

_NONE: Final = [{"Priority": 0, "Type": "NONE"}]
_LOWERCASE: Final = [{"Priority": 0, "Type": "LOWERCASE"}]
_DECODED: Final = [{"Priority": 0, "Type": "URL_DECODE"}, {"Priority": 1, "Type": "NORMALIZE_PATH"}]
_POSITIONS: Final = {"equals": "EXACTLY", "contains": "CONTAINS", "prefix": "STARTS_WITH"}
_BYTE_MATCH_COST: Final = {
    "EXACTLY": 2,
    "STARTS_WITH": 2,
    "ENDS_WITH": 2,
    "CONTAINS": 10,
    "CONTAINS_WORD": 10,
}
_COUNTRY: Final = re.compile(r"^[A-Z]{2}$")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


class Inexpressible(Exception):
    """A condition WAFv2 cannot express; the text says why and what to do instead."""


def match_statement(match: Match, ip_sets: Sequence[str]) -> Statement:
    """The statement that holds when every condition of ``match`` holds. ``ip_sets`` are names of our address sets.

    Raises ``Inexpressible`` with the reason.
    """
    if match.principals:
        raise Inexpressible(
            "WAF sees no principals: they are known only after authentication. "
            "Block the addresses or a header of the caller, or revoke the credential at the identity provider."
        )
    if match.consumers:
        raise Inexpressible(
            "WAF knows no consumers or API-key names. Block the addresses, or disable the key in its usage plan."
        )
    conditions: list[Statement] = []
    if match.networks:
        conditions.append(_any_of([ip_set_statement(name) for name in ip_sets]))
    if match.methods:
        conditions.append(
            _any_of([_bytes({"Method": {}}, method.upper(), "EXACTLY") for method in match.methods])
        )
    if match.path_templates:
        conditions.append(_paths(match.path_templates))
    if match.hosts:
        conditions.append(_hosts(match.hosts))
    conditions += [_header(header) for header in match.headers]
    if match.ja4:
        field = {"JA4Fingerprint": {"FallbackBehavior": "NO_MATCH"}}
        conditions.append(_any_of([_bytes(field, value, "EXACTLY") for value in match.ja4]))
    if match.countries:
        conditions.append(_countries(match.countries))
    if match.asns:
        numbers = sorted(set(match.asns))
        conditions.append(
            _any_of([{"AsnMatchStatement": {"AsnList": part}} for part in _parts(numbers, ASNS)])
        )
    if not conditions:
        raise Inexpressible("An empty match would block every request.")
    return conditions[0] if len(conditions) == 1 else {"AndStatement": {"Statements": conditions}}


def ip_set_statement(name: str) -> Statement:
    """Membership in one of our address sets."""
    return {"IPSetReferenceStatement": {"ARN": f"{OWN_REFERENCE}ip_set/{name}"}}


def any_ip_set(names: Sequence[str]) -> Statement:
    """Membership in at least one of our address sets."""
    return _any_of([ip_set_statement(name) for name in names])


def cost(statement: Mapping[str, Any]) -> int:
    """WCU of a statement: the upper figure, without AWS's discount for shared text transformations."""
    total = 0
    for kind, body in statement.items():
        if kind in ("AndStatement", "OrStatement"):
            total += sum(cost(inner) for inner in body["Statements"])
        elif kind == "NotStatement":
            total += cost(body["Statement"])
        elif kind == "RateBasedStatement":
            total += 2 + 30 * len(body.get("CustomKeys") or ())
            total += cost(body["ScopeDownStatement"]) if body.get("ScopeDownStatement") else 0
        elif kind == "ByteMatchStatement":
            total += _BYTE_MATCH_COST[body["PositionalConstraint"]] + _transformed(body)
        elif kind == "RegexMatchStatement":
            total += 3 + _transformed(body)
        else:
            total += 1  # IP set, geographic and ASN statements
    return total


def references(statement: Mapping[str, Any]) -> int:
    """How many address sets a statement refers to."""
    total = 0
    for kind, body in statement.items():
        if kind in ("AndStatement", "OrStatement"):
            total += sum(references(inner) for inner in body["Statements"])
        elif kind == "RateBasedStatement" and body.get("ScopeDownStatement"):
            total += references(body["ScopeDownStatement"])
        elif kind == "IPSetReferenceStatement":
            total += 1
    return total


def path_pattern(template: str) -> str:
    """The pattern of a path template: ``{x}`` is one segment, ``{x+}`` one or more; one trailing slash is tolerated."""
    if template == "/":
        return "/"
    parts: list[str] = []
    position = 0
    for found in _PLACEHOLDER.finditer(template):
        parts.append(_escaped(template[position : found.start()]))
        parts.append(".+" if found.group(1).endswith("+") else "[^/]+")
        position = found.end()
    rest = template[position:]
    parts.append(_escaped(rest.rstrip("/")))
    return f"{''.join(parts)}/?"


def _escaped(text: str) -> str:
    """Only characters that mean something in a pattern are escaped: patterns are short and people read them."""
    return re.sub(r"([\\.^$*+?()\[\]{}|])", r"\\\1", text)


def _paths(templates: Sequence[str]) -> Statement:
    """Raw and decoded paths: an encoded letter must not evade the rule, an encoded slash in a segment neither."""
    statements: list[Statement] = []
    for pattern in _alternatives(
        [path_pattern(template) for template in templates], "^(?:", ")$", "path template"
    ):
        for transformations in (_NONE, _DECODED):
            statements.append(_regex({"UriPath": {}}, pattern, transformations))
    return _any_of(statements)


def _hosts(hosts: Sequence[str]) -> Statement:
    """Host headers in any case, with or without a port."""
    patterns = _alternatives([_escaped(host.lower()) for host in hosts], "^(?:", ")(?::[0-9]+)?$", "host")
    field = {"SingleHeader": {"Name": "host"}}
    return _any_of([_regex(field, pattern, _LOWERCASE) for pattern in patterns])


def _header(header: HeaderMatch) -> Statement:
    position = _POSITIONS.get(header.operator)
    if position is None:
        raise Inexpressible(
            f"WAF cannot compare a header by {header.operator!r}; use equals, contains or prefix."
        )
    if not header.value or not header.value.isascii():
        raise Inexpressible(f"WAF cannot compare the header {header.name} with an empty or non-ASCII text.")
    return _bytes({"SingleHeader": {"Name": header.name.lower()}}, header.value.lower(), position, _LOWERCASE)


def _countries(countries: Sequence[str]) -> Statement:
    codes = sorted({code.upper() for code in countries})
    wrong = [code for code in codes if not _COUNTRY.match(code)]
    if wrong:
        raise Inexpressible(f"Not ISO 3166 two-letter country codes: {', '.join(wrong)}.")
    return _any_of([{"GeoMatchStatement": {"CountryCodes": part}} for part in _parts(codes, COUNTRIES)])


def _bytes(
    field: Statement, text: str, position: str, transformations: Sequence[Mapping[str, Any]] = tuple(_NONE)
) -> Statement:
    if not 0 < len(text.encode()) <= SEARCH_BYTES:
        raise Inexpressible(
            f"WAF compares with 1 to {SEARCH_BYTES} bytes; {text[:40]!r} has {len(text.encode())}."
        )
    return {
        "ByteMatchStatement": {
            "SearchString": text,
            "FieldToMatch": field,
            "TextTransformations": list(transformations),
            "PositionalConstraint": position,
        }
    }


def _regex(field: Statement, pattern: str, transformations: Sequence[Mapping[str, Any]]) -> Statement:
    return {
        "RegexMatchStatement": {
            "RegexString": pattern,
            "FieldToMatch": field,
            "TextTransformations": list(transformations),
        }
    }


def _alternatives(patterns: Iterable[str], head: str, tail: str, what: str) -> list[str]:
    """As few patterns of allowed length as hold all alternatives."""
    room = REGEX_CHARACTERS - len(head) - len(tail)
    made: list[str] = []
    current = ""
    for pattern in dict.fromkeys(patterns):
        if len(pattern) > room:
            raise Inexpressible(
                f"A {what} is longer than the {REGEX_CHARACTERS} characters of a WAF pattern."
            )
        joined = f"{current}|{pattern}" if current else pattern
        if len(joined) > room:
            made.append(current)
            joined = pattern
        current = joined
    return [f"{head}{body}{tail}" for body in (*made, current)]


def _any_of(statements: list[Statement]) -> Statement:
    return statements[0] if len(statements) == 1 else {"OrStatement": {"Statements": statements}}


def _parts(values: Sequence[Any], size: int) -> list[list[Any]]:
    return [list(values[start : start + size]) for start in range(0, len(values), size)]


def _transformed(body: Mapping[str, Any]) -> int:
    return 10 * sum(1 for step in body["TextTransformations"] if step["Type"] != "NONE")
