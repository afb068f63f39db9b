"""The learnt model: assigning paths to templates, listing endpoints, storing and loading."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from .declared import Declared, KnownRoute, compile_routes
from .evidence import SILENT_METHODS, survey
from .naming import parameter_name
from .noise import is_asset, is_scan
from .resolve import PURE_KINDS, Rule, kind_and_suffix, resolve
from .segments import MARK, key_of, literal_score, split
from .trie import Node, Tally

PASSES: Final = 2
CACHED: Final = 50_000
_INT: Final = MARK + "int"
FORMAT: Final = 1
"""Version of the JSON form."""


@dataclass(frozen=True, slots=True)
class ParameterGuess:
    """A path parameter: its name, the kind most values have, all kinds seen and about how many values."""

    name: str
    kind: str
    kinds: tuple[str, ...] = ()
    distinct: int = 0
    declared: bool = False


@dataclass(frozen=True, slots=True)
class LearnedEndpoint:
    """An operation seen in traffic (`count` calls) with the reasons for believing in it."""

    host: str
    method: str
    template: str
    count: int
    parameters: tuple[ParameterGuess, ...]
    confidence: float
    evidence: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    tally: Tally
    parameters: tuple[ParameterGuess, ...]
    declared: bool


@dataclass(slots=True)
class _Host:
    """Compiled view of one host."""

    rule: Rule
    declared: list[Declared]
    endpoints: dict[tuple[str, str], _Found] = field(default_factory=dict)
    answers: dict[str, str | None] = field(default_factory=dict)
    """Templates already worked out, by method and keys; emptied when it has grown to `CACHED`."""


@dataclass(slots=True)
class TemplateModel:
    """Statistics per host and what follows from them. Learnt by `learn`; never changed afterwards."""

    roots: dict[str, Node] = field(default_factory=dict)
    known: tuple[KnownRoute, ...] = ()
    _hosts: dict[str, _Host] = field(default_factory=dict, repr=False)
    _declared: dict[str, Declared] = field(default_factory=dict, repr=False)

    def compile(self) -> None:
        """Derive rules and endpoints from the statistics."""
        self._declared = compile_routes(self.known)
        self._hosts = {host: self._compile_host(host, root) for host, root in self.roots.items()}

    def _declared_for(self, host: str) -> list[Declared]:
        return [self._declared[name] for name in (host, "") if name in self._declared]

    def _compile_host(self, host: str, root: Node) -> _Host:
        root.weigh()
        evidence = survey(root)
        declared = self._declared_for(host)
        for _ in range(PASSES - 1):
            resolve([root], evidence, declared=declared)
            evidence.advance()
        compiled = _Host(resolve([root], evidence, declared=declared), declared)
        for keys, node in _leaves(root):
            for method, tally in node.methods.items():
                _collect(compiled, keys, method, tally)
        compiled.endpoints = {
            key: found for key, found in compiled.endpoints.items() if _is_endpoint(key[0], key[1], found)
        }
        return compiled

    def assign_one(self, method: str, host: str, path: str) -> str | None:
        """Template of one call; None when it is noise or fits no endpoint."""
        method, host = method.upper(), normal_host(host)
        keys = keys_of(path)
        compiled = self._hosts.get(host)
        if compiled is None:
            return _match_declared(self._declared_for(host), keys, method)
        question = f"{method} {'/'.join(keys)}"
        if question not in compiled.answers:
            if len(compiled.answers) >= CACHED:
                compiled.answers.clear()
            compiled.answers[question] = _answer(compiled, keys, method)
        return compiled.answers[question]

    def assign(self, method: pa.Array, host: pa.Array, path: pa.Array) -> pa.Array:
        """Templates for columns of calls (strings in, strings out; null where there is no endpoint)."""
        table = pa.table({"m": method, "h": host, "p": path})
        encoded = [table[name].combine_chunks().dictionary_encode() for name in ("m", "h", "p")]
        methods, hosts, paths = (
            [value or "" for value in column.dictionary.to_pylist()] for column in encoded
        )
        cache: dict[tuple[int, int, int], str | None] = {}
        out: list[str | None] = []
        for code in zip(*(column.indices.to_pylist() for column in encoded), strict=True):
            if None in code:
                out.append(None)
                continue
            if code not in cache:
                cache[code] = self.assign_one(methods[code[0]], hosts[code[1]], paths[code[2]])
            out.append(cache[code])
        return pa.array(out, pa.string())

    def endpoints(self) -> list[LearnedEndpoint]:
        """All endpoints seen in traffic, by host, template and method."""
        result = []
        for host, compiled in sorted(self._hosts.items()):
            for (method, template), found in sorted(
                compiled.endpoints.items(), key=lambda e: (e[0][1], e[0][0])
            ):
                confidence, evidence = _judge(template, found)
                result.append(
                    LearnedEndpoint(
                        host, method, template, found.tally.total, found.parameters, confidence, evidence
                    )
                )
        return result

    def to_json(self) -> str:
        """Versioned JSON text of the statistics and the declared routes."""
        data = {
            "format": FORMAT,
            "known": [[route.host, route.method, route.template] for route in self.known],
            "hosts": {host: root.to_json() for host, root in sorted(self.roots.items())},
        }
        return json.dumps(data, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "TemplateModel":
        """Inverse of `to_json`; ValueError for another format version."""
        data: dict[str, Any] = json.loads(text)
        if data.get("format") != FORMAT:
            raise ValueError(
                f"Template model has format {data.get('format')!r}, this version reads {FORMAT}: learn it again."
            )
        model = cls(
            {host: Node.from_json(root) for host, root in data["hosts"].items()},
            tuple(KnownRoute(*route) for route in data["known"]),
        )
        model.compile()
        return model


def normal_host(host: str) -> str:
    """Host in lower case without its port."""
    host = host.lower()
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() else host


def keys_of(path: str) -> list[str]:
    """Keys of a path's segments; a single digit that can only be a version (`/rest/api/2/…`) stays text."""
    return keys_of_segments(split(path))


def keys_of_segments(segments: Sequence[str]) -> list[str]:
    """Keys of split segments, see `keys_of`."""
    keys = [key_of(segment) for segment in segments]
    for index, key in enumerate(keys[:4]):
        if (
            key == _INT
            and len(segments[index]) == 1
            and (index == 0 or segments[index - 1] in ("api", "rest"))
        ):
            keys[index] = segments[index]
    return keys


def _leaves(root: Node) -> Iterator[tuple[list[str], Node]]:
    stack: list[tuple[list[str], Node]] = [([], root)]
    while stack:
        keys, node = stack.pop()
        if node.methods:
            yield keys, node
        stack.extend(([*keys, key], child) for key, child in sorted(node.children.items()))


def _match_declared(declared: Sequence[Declared], keys: Sequence[str], method: str) -> str | None:
    for trie in declared:
        if found := trie.match(keys, method):
            return found
    return None


def _locate(
    compiled: _Host, keys: Sequence[str], method: str
) -> tuple[str, tuple[ParameterGuess, ...], bool] | None:
    """Template and parameters for a path by its keys, whether or not such an endpoint exists."""
    found = _match_declared(compiled.declared, keys, method)
    if found is not None:
        return found, (), True
    rule = compiled.rule
    spots = list(compiled.declared)
    parts: list[str] = []
    parameters: list[ParameterGuess] = []
    before: str | None = None
    for key in keys:
        below = rule.literals.get(key)
        if below is not None:
            if key.startswith(MARK + "call"):
                parts.append(key[5:] + "{id})")
                parameters.append(ParameterGuess("id", "call"))
            else:
                parts.append(key)
            before = key
            spots = [s for spot in spots for s in spot.below(key)]
            rule = below
            continue
        kind, suffix = kind_and_suffix(key)
        below = rule.params.get(suffix)
        if below is None:
            return None
        kinds = rule.kinds[suffix]
        known_name = next((name for spot in spots if (name := spot.parameter())), None)
        taken = {parameter.name for parameter in parameters}
        name = known_name if known_name and known_name not in taken else None
        name = name or parameter_name(before, _main(kinds), taken)
        parts.append("{" + name + "}" + suffix)
        parameters.append(
            ParameterGuess(name, kind, tuple(sorted(kinds)), rule.distinct[suffix], bool(known_name))
        )
        before = None
        spots = [s for spot in spots for s in spot.below(None)]
        rule = below
    return "/" + "/".join(parts), tuple(parameters), False


def _answer(compiled: _Host, keys: Sequence[str], method: str) -> str | None:
    located = _locate(compiled, keys, method)
    if located is None:
        return None
    template, parameters, declared = located
    if declared:
        return template
    found = compiled.endpoints.get((method, template))
    return template if found is not None and _fits(parameters, found.parameters) else None


def _main(kinds: Counter[str]) -> str:
    return min(kinds.items(), key=lambda item: (-item[1], item[0]))[0] if kinds else "word"


def _collect(compiled: _Host, keys: Sequence[str], method: str, tally: Tally) -> None:
    located = _locate(compiled, keys, method)
    if located is None:
        return
    template, parameters, declared = located
    found = compiled.endpoints.get((method, template))
    if found is None:
        compiled.endpoints[method, template] = found = _Found(Tally(), parameters, declared)
    found.tally.add(tally)


def _is_endpoint(method: str, template: str, found: _Found) -> bool:
    if found.declared:
        return found.tally.total > 0
    if method in SILENT_METHODS or found.tally.positive == 0:
        return False
    if is_asset(template):
        return False
    return not is_scan(template)


def _fits(parameters: Sequence[ParameterGuess], learnt: Sequence[ParameterGuess]) -> bool:
    """Whether the kinds of a path's values were met at these positions; lenient where kinds vary."""
    for mine, theirs in zip(parameters, learnt, strict=True):
        if mine.kind not in theirs.kinds and theirs.distinct >= 15 and PURE_KINDS.issuperset(theirs.kinds):
            return False
    return True


def _judge(template: str, found: _Found) -> tuple[float, tuple[str, ...]]:
    """Confidence in [0, 1] and its reasons in words."""
    tally = found.tally
    reasons = [f"{tally.total} calls, {tally.served} served, {tally.refused} refused"]
    if found.declared:
        return 1.0, ("declared in configuration or a spec", *reasons)
    support = tally.positive / (tally.positive + 2)
    weakest = 1.0
    for part in template.split("/"):
        if part and "{" not in part:
            score = literal_score(part)
            weakest = min(weakest, 1 / (1 + 2.718 ** -(score + 1.5)))
    for parameter in found.parameters:
        reasons.append(
            f"{{{parameter.name}}}: about {parameter.distinct} values of kind {', '.join(parameter.kinds)}"
        )
    return round(0.3 + 0.7 * support * weakest, 3), tuple(reasons)
