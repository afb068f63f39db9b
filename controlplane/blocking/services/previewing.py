"""Preview: what a draft would have done, what the gates say and what each target makes of it. Writes only the preview."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base.intent import BlockIntent
from controlplane.blocking.drafts import draft_document, parse_draft
from controlplane.blocking.gates import ask, worst
from controlplane.blocking.models import Preview
from controlplane.blocking.services.asking import question, utc_now
from controlplane.blocking.services.targeting import OpenTarget, compile_on, open_target
from controlplane.blocking.types import Draft, Effect, GateVerdict, Question, Verdict
from controlplane.connections import queries as connections
from controlplane.traffic.types import MICROSECONDS
from tenants.errors import Invalid

#: How long a preview may be acted upon; traffic moves on.
PREVIEW_LIFE = timedelta(minutes=15)
_MAX_WINDOW_DAYS = 30


def preview(document: Mapping[str, Any], author: str) -> Preview:
    """Simulate a draft on the last ``window_days`` (default 7) of calls, ask the gates and compile it per target."""
    draft = parse_draft(document)
    days = document.get("window_days", 7)
    if not isinstance(days, int) or not 1 <= days <= _MAX_WINDOW_DAYS:
        sentence = f"window_days must be 1 to {_MAX_WINDOW_DAYS}."
        raise Invalid(
            "invalid-window", f"{sentence} Nothing was created.", fields={"window_days": [sentence]}
        )
    opened = [_known(number, open_target(ref)) for number, ref in enumerate(draft.targets)]
    now = utc_now()
    asked = question(draft, days * 86_400, now)
    verdicts = ask(asked)
    targets = [_target_document(target, draft, now) for target in opened]
    verdict = worst(verdicts)
    if all(target["exactness"] in ("refused", "unknown") for target in targets):
        verdict = Verdict.REFUSE
    result = {
        "window": _window_document(asked, days, now),
        "effect": effect_document(asked.effect),
        "unevaluable": [{"field": field, "reason": reason} for field, reason in asked.effect.unevaluable],
        "gates": [verdict_document(v) for v in verdicts],
        "targets": targets,
        "allowed": verdict is not Verdict.REFUSE,
        "needs_approval": verdict is Verdict.NEEDS_APPROVAL,
    }
    return Preview.objects.create(
        draft=draft_document(draft),
        result=result,
        verdict=verdict.value,
        expires_at=now + PREVIEW_LIFE,
        author=author,
    )


def _known(number: int, opened: OpenTarget) -> OpenTarget:
    """A target of ours, reachable or not; ``Invalid`` naming the field when there is no such target."""
    if not opened.gone:
        return opened
    known = connections.ref(opened.ref.connection_id) is not None
    field, name = ("ref", opened.ref.ref) if known else ("connection_id", opened.ref.connection_id)
    sentence = f"There is no {'target' if known else 'connection'} {name!r}."
    raise Invalid(
        "unknown-target", f"{sentence} Nothing was created.", fields={f"targets/{number}/{field}": [sentence]}
    )


def _target_document(opened: OpenTarget, draft: Draft, now: datetime) -> dict[str, Any]:
    intent = BlockIntent(
        "preview",
        draft.match,
        draft.action,
        now + timedelta(seconds=draft.ttl_seconds),
        "preview",
        draft.rate,
    )
    compiled, error = compile_on(opened, intent)
    document: dict[str, Any] = {
        "connection_id": opened.ref.connection_id,
        "ref": opened.ref.ref,
        "name": opened.target.name if opened.target else opened.ref.ref,
        "kind": opened.target.kind if opened.target else "",
        "note": opened.target.note if opened.target else "",
    }
    if compiled is None:
        return document | {
            "exactness": "unknown",
            "reasons": [error],
            "covered": 0,
            "uncovered": [],
            "cost": "",
        }
    return document | {
        "exactness": compiled.exactness.value,
        "reasons": list(compiled.reasons),
        "covered": len(compiled.coverage.covered),
        "uncovered": [{"ref": ref, "reason": reason} for ref, reason in compiled.coverage.uncovered],
        "cost": compiled.cost,
    }


def _window_document(asked: Question, days: int, now: datetime) -> dict[str, Any]:
    start = now - timedelta(days=days)
    return {
        "from": start.isoformat(),
        "to": now.isoformat(),
        "calls": asked.effect.calls,
        "history_seconds": round(asked.history_seconds),
    }


def iso(microseconds: int) -> str:
    """Event time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(microseconds / MICROSECONDS, UTC).isoformat()


def effect_document(effect: Effect) -> dict[str, Any]:
    """The API form of an effect."""
    return {
        "requests": effect.requests,
        "unknown_requests": effect.unknown,
        "principals": effect.principals,
        "addresses": effect.addresses,
        "share_of_traffic": effect.share_of_traffic,
        "good_requests": effect.good_requests,
        "good_total": effect.good_total,
        "share_of_good": effect.share_of_good,
        "endpoints": [{"label": label, "requests": count} for label, count in effect.endpoints],
        "partners": [{"name": partner.name, "requests": partner.requests} for partner in effect.partners],
        "examples": [
            {**example, "at": iso(example["ts"]), "ts": iso(example["ts"])} for example in effect.examples
        ],
        "series": [{"at": iso(at), "total": total, "hit": hit} for at, total, hit in effect.series],
    }


def verdict_document(verdict: GateVerdict) -> dict[str, Any]:
    """The API form of a gate's verdict."""
    return {
        "gate": verdict.gate,
        "verdict": verdict.verdict.value,
        "sentence": verdict.sentence,
        "numbers": dict(verdict.numbers),
    }
