"""Envoy's route matches as path templates and methods. Source: ``envoy.config.route.v3.RouteMatch``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TEMPLATE = "envoy.path.match.uri_template.uri_template_matcher"
_VARIABLE = re.compile(r"\{([A-Za-z0-9_]+)(?:=[^{}]*)?\}")
_PLAIN = re.compile(r"^[\w/~!$&',;=:@%.-]+$")


@dataclass(frozen=True, slots=True)
class Matched:
    """What a match takes: ``prefix`` when paths below the template belong to it too."""

    template: str
    prefix: bool = False
    pattern: str = ""  # the regular expression that could not be read as a template


def path_of(match: Mapping[str, Any]) -> Matched | None:
    """The path of a match; None for CONNECT requests, which have none."""
    if "path" in match:
        return Matched(str(match["path"]))
    if "prefix" in match:
        prefix = str(match["prefix"])
        return Matched(prefix if prefix == "/" else prefix.rstrip("/") or "/", prefix=True)
    if "path_separated_prefix" in match:
        return Matched(str(match["path_separated_prefix"]), prefix=True)
    policy = match.get("path_match_policy")
    if isinstance(policy, Mapping) and policy.get("name") == _TEMPLATE:
        template = str((policy.get("typed_config") or {}).get("path_template", "/"))
        return Matched(_VARIABLE.sub(r"{\1}", template).replace("**", "{rest+}").replace("*", "{param}"))
    if "safe_regex" in match:
        return _from_regex(str((match["safe_regex"] or {}).get("regex", "")))
    return None if "connect_matcher" in match else Matched("/", prefix=True)


def _from_regex(regex: str) -> Matched:
    """A whole-path pattern read segment by segment; what cannot be read keeps its text."""
    segments = regex.removeprefix("^").removesuffix("$").replace("[^/]", "[^\0]").split("/")
    if segments[0] != "":
        return Matched("/", prefix=True, pattern=regex)
    made = []
    for number, segment in enumerate(segments[1:], start=1):
        if not segment or _PLAIN.match(segment):
            made.append(segment.replace("\\.", "."))
        elif segment in (".*", "(.*)", ".+", "(.+)") and number == len(segments) - 1:
            return Matched("/" + "/".join(made), prefix=True)
        elif re.fullmatch(r"\(?\[[^\]]+\](?:[+*]|\{\d+(?:,\d*)?\})\)?|\(?\\[dw][+*]\)?", segment):
            made.append(f"{{param{number}}}")
        else:
            return Matched("/" + "/".join(made), prefix=True, pattern=regex)
    return Matched("/" + "/".join(made))


def methods_of(match: Mapping[str, Any]) -> tuple[str, ...]:
    """The methods a match asks for by the pseudo header; empty: any."""
    found: list[str] = []
    for header in match.get("headers") or ():
        if header.get("name") != ":method" or header.get("invert_match"):
            continue
        given = header.get("string_match") or {}
        exact = given.get("exact") or header.get("exact_match")
        regex = (given.get("safe_regex") or header.get("safe_regex_match") or {}).get("regex", "")
        if exact:
            found.append(str(exact).upper())
        elif re.fullmatch(r"\^?\(?[A-Z]+(?:\|[A-Z]+)*\)?\$?", regex):
            found += re.findall("[A-Z]+", regex)
    return tuple(dict.fromkeys(found))
