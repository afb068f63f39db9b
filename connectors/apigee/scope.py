"""Path templates as whole proxies: security actions know proxies, not paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.apigee.conditions import segments
from connectors.apigee.speech import Inexpressible


@dataclass(frozen=True, slots=True)
class Scope:
    """The proxies that lie entirely within path templates; ``partly`` are those that only touch them."""

    proxies: tuple[str, ...]
    partly: tuple[str, ...]
    notes: tuple[str, ...]


def scope_of(templates: Sequence[str], proxies: Mapping[str, Sequence[str]]) -> Scope:
    """The scope of path templates among the deployed proxies with their base paths; ``Inexpressible`` when it is none."""
    within, partly, roots = [], [], []
    for name, bases in sorted(proxies.items()):
        covered = [base for base in bases if any(_covers(template, base) for template in templates)]
        if bases and len(covered) == len(bases):
            within.append(name)
            roots += [
                base for base in bases if any(_head(template) == segments(base) for template in templates)
            ]
        elif any(_touches(template, base) for template in templates for base in bases):
            partly.append(name)
    asked = ", ".join(sorted(templates))
    if not within:
        reason = f"Security actions stop whole proxies, and none lies entirely within {asked}."
        if partly:
            reason += f" {', '.join(partly)} also serve other paths."
        raise Inexpressible(
            f"{reason} Block the address or the app, or raise a fault in the flow of that path."
        )
    notes = [f"Apigee compares no paths: the proxies within {asked} are stopped ({', '.join(within)})."]
    if roots:
        notes.append(f"Requests to {', '.join(sorted(set(roots)))} itself are stopped too.")
    if partly:
        notes.append(f"{', '.join(partly)} also serve such paths, besides others, and are not covered.")
    return Scope(tuple(within), tuple(partly), tuple(notes))


def _head(template: str) -> list[str] | None:
    """The segments before a tail ``{x+}``; None for a template without one, or with a variable before it."""
    parts = segments(template)
    if not parts or not parts[-1].endswith("+}") or any(part.startswith("{") for part in parts[:-1]):
        return None
    return parts[:-1]


def _covers(template: str, base: str) -> bool:
    head = _head(template)
    return head is not None and segments(base)[: len(head)] == head


def _touches(template: str, base: str) -> bool:
    """Whether a request below the base path can fit the template."""
    asked, own = segments(template), segments(base)
    for number, segment in enumerate(own):
        if number >= len(asked):
            return False
        if asked[number].endswith("+}"):
            return True
        if segment not in ("*", asked[number]) and not asked[number].startswith("{"):
            return False
    return True
