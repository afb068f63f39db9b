"""Declared routes: templates known from configuration and specs, matched before anything learnt."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from .segments import MARK

_PARAMETER: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class KnownRoute:
    """A declared operation: `host` "" means any host, `method` "ANY" any method.

    `template` is written `/pets/{petId}`; a trailing `{name+}` or `{name*}` is a catch-all, which says
    nothing about operations: paths below it are learnt from traffic.
    """

    host: str
    method: str
    template: str


@dataclass(slots=True)
class Declared:
    """Trie of declared templates."""

    literals: dict[str, "Declared"] = field(default_factory=dict)
    patterns: list[tuple[re.Pattern[str], str, "Declared"]] = field(default_factory=list)
    methods: dict[str, str] = field(default_factory=dict)

    def match(self, keys: Sequence[str], method: str, start: int = 0) -> str | None:
        """Template of the most specific declared route for a path, literals before parameters."""
        if start == len(keys):
            return self.methods.get(method) or self.methods.get("ANY")
        key = keys[start]
        child = self.literals.get(key)
        if child is not None and (found := child.match(keys, method, start + 1)):
            return found
        for pattern, _, below in self.patterns:
            text = key[1:] if key.startswith(MARK) else key
            if pattern.fullmatch(text) and (found := below.match(keys, method, start + 1)):
                return found
        return None

    def below(self, key: str | None) -> list["Declared"]:
        """Declared positions after a literal key, or after a parameter when `key` is None."""
        if key is not None:
            child = self.literals.get(key)
            return [child] if child is not None else []
        return [below for _, _, below in self.patterns]

    def parameter(self) -> str | None:
        """Name of the whole-segment parameter declared at this position."""
        for _, segment, _ in self.patterns:
            if segment.startswith("{") and segment.endswith("}") and segment.count("{") == 1:
                return segment[1:-1]
        return None


def compile_routes(routes: Iterable[KnownRoute]) -> dict[str, Declared]:
    """Tries of declared routes by lower-case host ("" holds those for any host)."""
    hosts: dict[str, Declared] = {}
    for route in sorted(set(routes), key=lambda r: (r.host, r.template, r.method)):
        node = hosts.setdefault(route.host.lower(), Declared())
        for segment in [part for part in route.template.split("/") if part]:
            if re.fullmatch(r"\{[^{}]*[+*]\}", segment):
                break
            node = _descend(node, segment)
        else:
            node.methods[route.method.upper()] = route.template
    return hosts


def _descend(node: Declared, segment: str) -> Declared:
    if "{" not in segment:
        return node.literals.setdefault(segment, Declared())
    for _, _, below in (entry for entry in node.patterns if _shape(entry[1]) == _shape(segment)):
        return below
    pattern = re.compile(".+".join(re.escape(piece) for piece in _PARAMETER.split(segment)[::2]))
    below = Declared()
    node.patterns.append((pattern, segment, below))
    node.patterns.sort(key=lambda entry: (-len(_shape(entry[1])), entry[1]))
    return below


def _shape(segment: str) -> str:
    return _PARAMETER.sub("{}", segment)
