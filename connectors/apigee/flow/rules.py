"""A block as rules that the shared flow compares with each request: pure. What it cannot compare is refused with the reason.

A rule is a JSON object: ``id`` of the block, ``part``, ``mode`` (block or count), ``exp`` (milliseconds of the epoch) and
conditions, all of which must hold: ``v4``/``v6`` (sorted ranges, first and last address as hexadecimal digits, all in one
text), ``verbs``, ``hosts``, ``paths`` (see ``path_parts``), ``headers``, ``apps``. ``slow`` rules are judged last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from connectors.apigee.flow.limits import NETWORKS, VARIABLES
from connectors.apigee.speech import Inexpressible
from connectors.base.addresses import collapsed
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, IPNetwork, Match

Rule = dict[str, Any]

APP_LATE: Final = (
    "An app is known after the proxy's own policies: what a proxy answers without its target is not stopped."
)
LONG_PATH: Final = (
    "A path of thousands of characters may take the comparison with a piece of a segment past the 200 ms a script has, and "
    "then passes. Write the whole segment as a variable."
)
_UNSPEAKABLE: Final = {
    "principals": "Apigee does not know the stored principal; name the app instead.",
    "ja4": "Apigee sees no TLS fingerprint.",
    "countries": "A shared flow is told no country; choose the security actions of the environment, or block networks.",
    "asns": "A shared flow is told no AS number; choose the security actions of the environment, or block networks.",
}
_ACTIONS: Final = {
    BlockAction.RATE_LIMIT: "The shared flow limits no rates; put a SpikeArrest or Quota policy into the proxy.",
    BlockAction.CHALLENGE: "Apigee cannot challenge a client; block instead.",
}
_HEADER: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_PORT: Final = re.compile(r":[0-9]*$|\.$")
_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")


def rules_of(intent: BlockIntent) -> tuple[list[Rule], tuple[str, ...]]:
    """The rules of a block and what differs from what was asked; ``Inexpressible`` with every reason."""
    match = intent.match
    problems = [reason for name, reason in _UNSPEAKABLE.items() if getattr(match, name)]
    if match.is_empty():
        problems.append("The block names nothing to match and would stop every request.")
    if intent.action in _ACTIONS:
        problems.append(_ACTIONS[intent.action])
    problems += [problem for header in match.headers if (problem := _unreadable(header))]
    if any(len(_VARIABLE.findall(template)) > VARIABLES for template in match.path_templates):
        problems.append(f"A path template may have at most {VARIABLES} variables.")
    if any(max(map(ord, template), default=0) > 0xFFFF for template in match.path_templates):
        problems.append(
            "A path template with characters beyond the basic plane of Unicode cannot be compared."
        )
    if any(_PORT.search(host) for host in _hosts(match)):
        problems.append(
            "The host is compared without its port and without a dot at its end: leave these out."
        )
    if any(template.count("+}") > 1 for template in match.path_templates):
        problems.append("A path template may have one tail {x+}, so that no path makes the comparison slow.")
    if problems:
        raise Inexpressible(" ".join(problems))
    mode = "count" if intent.action is BlockAction.COUNT else "block"
    head = {"id": intent.id, "mode": mode, "exp": round(intent.expires_at.timestamp() * 1000)}
    conditions = _conditions(match)
    made = [
        {**head, "part": number, **ranges, **conditions}
        for number, ranges in enumerate(_ranges(match.networks) if match.networks else [{}], 1)
    ]
    notes = (APP_LATE,) if match.consumers else ()
    return made, (*notes, LONG_PATH) if "slow" in conditions else notes


def path_parts(template: str) -> list[list[str | int]]:
    """A template's parts: a text, 1 for ``{x}``; with a tail ``{x+}`` those before it, and those behind it backwards.

    A slash at the end is tolerated, as the evaluator does.
    """
    if template == "/":
        return [["/"]]
    parts: list[str | int] = []
    position = 0
    for found in _VARIABLE.finditer(template):
        parts += [template[position : found.start()], 2 if found[1].endswith("+") else 1]
        position = found.end()
    parts.append(template[position:].rstrip("/"))
    kept = [part for part in parts if part != ""]
    if 2 not in kept:
        return [kept]
    at = kept.index(2)
    behind = [part[::-1] if isinstance(part, str) else part for part in reversed(kept[at + 1 :])]
    return [kept[:at], behind]


def pieces_of(template: str) -> int:
    """How many variables end where they have to be searched for; 0 when each is a whole segment or the tail."""
    return len(_VARIABLE.findall(template)) if _is_slow(template) else 0


def _is_slow(template: str) -> bool:
    found = path_parts(template)
    inside = any(
        part == 1 and (following == 1 or not str(following).startswith("/"))
        for parts in found
        for part, following in pairwise(parts)
    )
    return inside or (len(found) == 2 and any(parts[-1:] == [1] for parts in found))


def _conditions(match: Match) -> Rule:
    made: Rule = {}
    if match.methods:
        made["verbs"] = sorted({method.upper() for method in match.methods})
    if match.hosts:
        made["hosts"] = sorted({host.lower() for host in match.hosts})
    if match.path_templates:
        made["paths"] = [path_parts(template) for template in sorted(set(match.path_templates))]
        if any(_is_slow(template) for template in match.path_templates):
            made["slow"] = True
    if match.headers:
        made["headers"] = [
            {"name": header.name.lower(), "op": header.operator, "value": header.value.lower()}
            for header in match.headers
        ]
    if match.consumers:
        made["apps"] = sorted(set(match.consumers))
    return made


def _hosts(match: Match) -> tuple[str, ...]:
    """What a block compares a host with; the beginning of one, or a part, may end in a dot."""
    parts = [
        header.value.rstrip(".") if header.operator != "equals" else header.value
        for header in match.headers
        if header.name.lower() == "host"
    ]
    return (*match.hosts, *parts)


def _unreadable(header: HeaderMatch) -> str:
    if not _HEADER.fullmatch(header.name):
        return f"The name of the header {header.name} cannot be that of a variable in Apigee."
    return "" if header.value else f"The block names no value of the header {header.name}."


def _ranges(networks: Sequence[IPNetwork]) -> list[Rule]:
    """Ranges of addresses, so many to a rule that it fits a page with room to spare."""
    found: list[Rule] = []
    fewest = collapsed(networks)
    for version, most in NETWORKS.items():
        ranges = [_range(network) for network in fewest if network.version == version]
        found += [
            {f"v{version}": "".join(ranges[start : start + most])} for start in range(0, len(ranges), most)
        ]
    return found


def _range(network: IPNetwork) -> str:
    return network.network_address.packed.hex() + network.broadcast_address.packed.hex()
