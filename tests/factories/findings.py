"""Results of checks as posture reports them, and one finding with a triage."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from controlplane.findings import queries, services
from controlplane.findings.types import (
    CheckCard,
    CheckResult,
    Evidence,
    Fix,
    Reported,
    Scope,
    Severity,
    Status,
    Subject,
    Verdict,
)

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
CARD = CheckCard(
    "route_open", "Route without a lock", Severity.HIGH, "Anyone can call it.", ("OWASP API2:2023",)
)


def result(
    ref: str = "r1",
    verdict: Verdict = Verdict.FAIL,
    *,
    card: CheckCard = CARD,
    kind: str = "route",
    sentence: str = "The route is open.",
    endpoints: Sequence[str] = (),
    service_id: str = "",
) -> CheckResult:
    """One verdict of a check on one subject."""
    return CheckResult(
        card.id,
        Subject(kind, ref, f"GET shop.acme.example/{ref}"),
        verdict,
        sentence,
        (Evidence("Route as declared", {"auth": None}, ref),),
        (Fix("deck", "plugins: []", "yaml"),),
        tuple(endpoints),
        service_id,
    )


def report(
    *results: CheckResult,
    read: int = 1,
    connection: str = "con_1",
    cards: Sequence[CheckCard] = (CARD,),
    now: datetime | None = None,
) -> Reported:
    """Report these results as those of read number ``read``, five minutes after the one before."""
    at = now or NOW + timedelta(minutes=5 * read)
    return services.report(results, Scope(connection, tuple(cards), f"read-{read}", at))


def build() -> dict[str, str]:
    """A triaged finding full of the canary."""
    card = CheckCard("canary", "CANARY", Severity.CRITICAL, "CANARY")
    reported = report(result("CANARY", card=card, sentence="CANARY"), connection="con_CANARY", cards=[card])
    (finding_id,) = reported.opened_ids
    services.triage(finding_id, Status.UNDER_REVIEW, "CANARY", None, "CANARY", NOW)
    return {"finding": queries.finding(finding_id).id, "finding_id": finding_id}
