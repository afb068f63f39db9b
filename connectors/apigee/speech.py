"""What a block says in the conditions of a security action, and why some blocks cannot be said, there or at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.apigee.limits import KINDS, METHODS, VALUES
from connectors.base.enforcement import Target
from connectors.base.intent import BlockAction, BlockIntent, Compiled, Coverage, Exactness, Match

_UNSPEAKABLE: Final = {
    "principals": "Apigee does not know the stored principal; name the app instead.",
    "ja4": "Apigee sees no TLS fingerprint.",
    "hosts": "A security action cannot compare the host; choose the environment whose group has the host.",
}
_ACTIONS: Final = {
    BlockAction.RATE_LIMIT: "A security action cannot limit rates; put a SpikeArrest or Quota policy into the proxy.",
    BlockAction.CHALLENGE: "Apigee cannot challenge a client; block instead.",
}
FORGEABLE: Final = (
    "This environment takes client addresses from a header that callers can fill in themselves, so a block of addresses can "
    "be evaded. Set its client IP resolution to a negative index of X-Forwarded-For."
)
AGENT_CASE: Final = "Apigee compares the user agent as it is written, capital letters included."


class Inexpressible(Exception):
    """Apigee cannot say this; the message is the reason, for the user."""


def conditions_of(match: Match) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The conditions but for networks and paths, and what differs from what was asked; ``Inexpressible`` with the reason."""
    made: dict[str, list[str]] = {}
    notes: tuple[str, ...] = ()
    if match.methods:
        made["httpMethods"] = _methods(match.methods)
    if match.headers:
        made["userAgents"], notes = [_agent(match)], (AGENT_CASE,)
    if match.countries:
        made["regionCodes"] = sorted({country.upper() for country in match.countries})
    if match.asns:
        made["asns"] = [str(number) for number in sorted(set(match.asns))]
    if match.consumers:
        kind, names = _consumers(match.consumers)
        made[kind] = names
    for kind, values in made.items():
        if len(values) > VALUES:
            raise Inexpressible(
                f"{kind}: a security action takes at most {VALUES:,} values, not {len(values):,}."
            )
    return made, notes


def check_speakable(intent: BlockIntent) -> None:
    """``Inexpressible`` with every reason that does not depend on the environment."""
    problems = [reason for name, reason in _UNSPEAKABLE.items() if getattr(intent.match, name)]
    if intent.match.is_empty():
        problems.append("The block names nothing to match and would stop every request.")
    if intent.action in _ACTIONS:
        problems.append(_ACTIONS[intent.action])
    if problems:
        raise Inexpressible(" ".join(problems))


def check_combined(kinds: list[str], environment: Mapping[str, Any], combined: bool) -> None:
    """``Inexpressible`` when so many kinds of conditions cannot stand in one action here."""
    if len(kinds) > KINDS:
        raise Inexpressible(
            f"A security action combines at most {KINDS} kinds of conditions; this block has {len(kinds)} "
            f"({', '.join(kinds)}). Leave some out only if the block may stop more."
        )
    if len(kinds) == KINDS and environment.get("hybrid") and not combined:
        raise Inexpressible(
            "Apigee hybrid combines two kinds of conditions only from runtime 1.16 on. If every runtime is as new, say so "
            "in the settings."
        )


def effect_members(intent_action: BlockAction, label: str) -> dict[str, Any]:
    """What an action does: deny, or flag with a header that targets see."""
    if intent_action is BlockAction.COUNT:
        return {"flag": {"headers": [{"name": "x-portcullis-count", "value": label}]}}
    return {"deny": {"responseCode": 403}}


def refused(intent: BlockIntent, target: Target, reason: str) -> Compiled:
    """The outcome of a block that is not made, nowhere in the environment."""
    uncovered = tuple((ref, reason) for ref in target.service_refs)
    return Compiled(intent.id, Exactness.REFUSED, (reason,), Coverage((), uncovered))


def _methods(methods: tuple[str, ...]) -> list[str]:
    found = sorted({method.upper() for method in methods})
    unknown = [method for method in found if method not in METHODS]
    if unknown:
        raise Inexpressible(
            f"A security action knows the methods {', '.join(METHODS)}, but not {unknown[0]}."
        )
    return found


def _agent(match: Match) -> str:
    others = [header.name for header in match.headers if header.name.lower() != "user-agent"]
    if others:
        raise Inexpressible(f"A security action compares no header but the user agent, so not {others[0]}.")
    if any(header.operator != "equals" for header in match.headers):
        raise Inexpressible(
            "A security action compares only whole user agents, not a part of one. Name the whole user agent, or block the "
            "addresses or the app."
        )
    values = {header.value for header in match.headers}
    if len(values) > 1:
        raise Inexpressible("No request has two user agents at once.")
    return values.pop()


def _consumers(consumers: tuple[str, ...]) -> tuple[str, list[str]]:
    """Apps by their name, or developers by their e-mail."""
    developers = sorted({name for name in consumers if "@" in name})
    apps = sorted({name for name in consumers if "@" not in name})
    if developers and apps:
        raise Inexpressible("One security action names apps or developers, not either; make two blocks.")
    return ("developers", developers) if developers else ("developerApps", apps)
