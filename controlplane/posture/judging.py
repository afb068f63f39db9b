"""How checks walk a snapshot: each item judged, and what was not read reported as unknown, never as clean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from connectors.base.model import (
    Completeness,
    ConfigSnapshot,
    Route,
    Service,
    Stage,
    Upstream,
    WafPolicy,
)
from controlplane.findings.types import (
    CheckCard,
    CheckResult,
    Evidence,
    Fix,
    Subject,
    Verdict,
)
from controlplane.posture.types import EndpointFacts

T = TypeVar("T")

#: How Terraform names a vendor's resources, for vendors not every check has a repair for yet.
_RESOURCES = {"azure": "azurerm_", "apigee": "google_"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check thinks of one item."""

    verdict: Verdict
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    fix: tuple[Fix, ...] = ()


def fail(sentence: str, evidence: Iterable[Evidence] = (), fix: Iterable[Fix] = ()) -> Judgement:
    """The item has the weakness; ``sentence`` names it, ``fix`` repairs this very resource."""
    return Judgement(Verdict.FAIL, sentence, tuple(evidence), tuple(fix))


def passed(sentence: str) -> Judgement:
    """The item was read and does not have the weakness."""
    return Judgement(Verdict.PASS, sentence)


def unknown(sentence: str) -> Judgement:
    """It cannot be told; ``sentence`` says what is missing."""
    return Judgement(Verdict.UNKNOWN, sentence)


def route_subject(route: Route) -> Subject:
    """A route as a subject: ``GET,POST api.example.com/orders``."""
    host = route.hosts[0] if route.hosts else ""
    return Subject("route", route.ref, f"{','.join(route.methods) or 'ANY'} {host}{route.path}")


def stage_subject(stage: Stage) -> Subject:
    """A stage as a subject."""
    return Subject(
        "stage",
        stage.ref,
        f"stage {stage.name}" + (f" ({stage.hosts[0]})" if stage.hosts else ""),
    )


def service_subject(service: Service) -> Subject:
    """A service as a subject."""
    return Subject("service", service.ref, service.name)


def upstream_subject(upstream: Upstream) -> Subject:
    """An upstream as a subject."""
    return Subject("upstream", upstream.ref, upstream.url)


def waf_subject(policy: WafPolicy) -> Subject:
    """A WAF policy as a subject."""
    return Subject("waf_policy", policy.ref, policy.name)


def endpoint_subject(endpoint: EndpointFacts) -> Subject:
    """An endpoint of the inventory as a subject; its id never changes."""
    return Subject("endpoint", endpoint.id, endpoint.label)


def gateway_subject(snapshot: ConfigSnapshot) -> Subject:
    """The gateway itself as a subject."""
    return Subject("gateway", snapshot.gateway_ref, snapshot.gateway_name)


def excerpt(label: str, ref: str, document: Mapping[str, Any]) -> Evidence:
    """Evidence: part of the vendor's document and the object it was read from."""
    return Evidence(label, dict(document), ref)


#: Sections a vendor has no reader of its own for, and those its objects are derived from.
DERIVED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "kong": {"stages": ("services", "routes", "plugins"), "upstreams": ("services",)},
}


def completeness(snapshot: ConfigSnapshot, section: str) -> tuple[Completeness, str]:
    """How much of a section was read, and why not all; parts of one (``routes:<api>``) count together."""
    parts = [
        s for s in snapshot.sections if s.name == section or s.name.startswith((f"{section}:", f"{section}/"))
    ]
    if not parts:
        return (
            Completeness.UNKNOWN,
            f"The connection did not report the section {section}.",
        )
    lacking = [part for part in parts if part.completeness is not Completeness.COMPLETE]
    if not lacking:
        return Completeness.COMPLETE, ""
    reasons = "; ".join(dict.fromkeys(part.reason or f"{part.name} was not read" for part in lacking))
    whole = all(part.completeness is Completeness.UNKNOWN for part in parts)
    return (Completeness.UNKNOWN if whole else Completeness.PARTIAL), reasons


def not_read(card: CheckCard, snapshot: ConfigSnapshot, sections: Iterable[str]) -> list[CheckResult]:
    """One connection-wide unknown result for each section that was not read completely."""
    results = []
    derived = DERIVED.get(snapshot.vendor, {})
    wanted = dict.fromkeys(part for name in sections for part in derived.get(name, (name,)))
    for section in wanted:
        known, reason = completeness(snapshot, section)
        if known is not Completeness.COMPLETE:
            word = "was not read" if known is Completeness.UNKNOWN else "was read in part"
            subject = Subject("connection", f"{snapshot.gateway_ref}#{section}", snapshot.gateway_name)
            sentence = f"The section {section} {word}: {reason}".rstrip(". ") + "."
            results.append(CheckResult(card.id, subject, Verdict.UNKNOWN, sentence))
    return results


def _of_vendor(fixes: tuple[Fix, ...], vendor: str) -> tuple[Fix, ...]:
    """The repairs that are meant for this vendor: another one's resources repair nothing."""
    own = _RESOURCES.get(vendor)
    return tuple(fix for fix in fixes if own is None or fix.tool != "terraform" or f'"{own}' in fix.body)


def judge_each(
    card: CheckCard,
    snapshot: ConfigSnapshot,
    sections: Iterable[str],
    items: Iterable[T],
    subject: Callable[[T], Subject],
    judge: Callable[[T], Judgement | None],
) -> list[CheckResult]:
    """Judge every item and add what was not read; ``judge`` answers None for items the check is not about."""
    results = not_read(card, snapshot, sections)
    for item in items:
        found = judge(item)
        if found is not None:
            results.append(
                CheckResult(
                    card.id,
                    subject(item),
                    found.verdict,
                    found.sentence,
                    found.evidence,
                    _of_vendor(found.fix, snapshot.vendor),
                )
            )
    return results
