"""Run checks over what was read, report to findings, and hand the endpoints' risk to inventory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from django.db import transaction

from connectors.base.capabilities import Capability
from connectors.base.model import ConfigSnapshot
from controlplane.classification import Classifier
from controlplane.connections import queries as connections
from controlplane.connections import services as connecting
from controlplane.connections.types import ConnectionRef, RunState
from controlplane.findings import queries as findings
from controlplane.findings import services as reporting
from controlplane.findings.types import CheckResult, Reported, Scope, Verdict, Verification
from controlplane.inventory import queries as inventory
from controlplane.inventory import services as cataloguing
from controlplane.inventory.types import EndpointView
from controlplane.posture import risk
from controlplane.posture.placing import Places
from controlplane.posture.registry import all_checks, checks_for
from controlplane.posture.types import Check, EndpointFacts, Facts
from controlplane.traffic import queries as traffic
from tenants.audit.services import record
from tenants.errors import DomainError

#: Levels of data classes that count as sensitive.
SENSITIVE = frozenset({"confidential", "restricted"})


def run_checks(connection_id: str, now: datetime) -> Reported:
    """Run every check that applies over the newest snapshot and the endpoints' facts; then score the endpoints.

    Where no configuration was read, configuration checks come out unknown and traffic is still judged.
    """
    connection = connections.ref(connection_id)
    if connection is None:
        return Reported()
    views = inventory.views(connection_id)
    snapshot, read_id = _snapshot(connection, now)
    if snapshot is None and not views:
        return Reported()
    seen = snapshot or ConfigSnapshot(connection.vendor, connection_id, connection.name)
    checks = checks_for(seen.vendor)
    results = _evaluate(checks, connection_id, seen, views)
    scope = Scope(connection_id, tuple(check.card for check in checks), read_id, now)
    reported = reporting.report(results, scope)
    score_endpoints(views)
    return reported


def score_endpoints(views: Sequence[EndpointView]) -> None:
    """Hand the risk of each endpoint to inventory, with the parts it is the sum of."""
    severities = findings.open_by_endpoint([view.id for view in views])
    classes = sensitive_classes()
    scores = {}
    for endpoint in endpoint_facts(views):
        parts = risk.contributions(endpoint, classes, severities.get(endpoint.id, ()))
        open_findings = len(severities.get(endpoint.id, ()))
        scores[endpoint.id] = (risk.score(parts), [asdict(part) for part in parts], open_findings)
    cataloguing.set_risk(scores)
    cataloguing.set_service_findings(findings.open_by_service())


def verify(finding_id: str, now: datetime) -> Verification:
    """Read the configuration again, run the finding's check and let the finding take note.

    ``still_present`` is None when the read or the check could not tell; nothing is changed then.
    """
    finding = findings.finding(finding_id)
    check = all_checks().get(finding.check_id)
    connection = connections.ref(finding.connection_id)
    if check is None or connection is None:
        gone = "check that found it" if check is None else "connection it was found in"
        return Verification(None, f"It cannot be looked at again: the {gone} no longer exists.")
    refused = _read_again(connection, about_traffic=finding.subject_kind == "endpoint")
    if refused:
        return Verification(None, refused)
    snapshot, read_id = _snapshot(connection, now)
    seen = snapshot or ConfigSnapshot(connection.vendor, connection.id, connection.name)
    results = _evaluate([check], connection.id, seen, inventory.views(connection.id))
    scope = Scope(connection.id, (check.card,), read_id, now)
    with transaction.atomic():
        reporting.report(results, scope)
        after = findings.finding(finding_id).status
        record("finding.verify", finding_id, before={"status": finding.status}, after={"status": after})
    return _answer(finding.fingerprint, results, connection.id, after)


def endpoint_facts(views: Sequence[EndpointView]) -> list[EndpointFacts]:
    """Inventory's endpoints as checks take them: only mandatory credentials count as declared."""
    labels = {view.id: f"{view.method} {view.host}{view.template}" for view in views}
    return [
        EndpointFacts(
            id=view.id,
            host=view.host,
            method=view.method,
            template=view.template,
            state=view.state,
            states_why=view.states_why,
            auth_declared=tuple(
                kind for kind in view.auth_declared if kind != "none" and "(optional)" not in kind
            ),
            auth_known=view.auth_known,
            authenticated=view.authenticated,
            anonymous=view.anonymous,
            anonymous_success=view.anonymous_success,
            auth_unknown=view.auth_unknown,
            data_classes=view.data_classes,
            calls=view.calls,
            exposure=view.exposure,
            route_refs=view.route_refs,
            replaced_by=labels.get(view.replaced_by, ""),
        )
        for view in views
    ]


def sensitive_classes() -> frozenset[str]:
    """Ids of the data classes that count as sensitive."""
    shipped = Classifier.load().classes.values()
    return frozenset(data_class.id for data_class in shipped if data_class.level in SENSITIVE)


def _snapshot(connection: ConnectionRef, now: datetime) -> tuple[ConfigSnapshot | None, str]:
    """The newest snapshot and the name of its read; without one, traffic is read anew every hour."""
    stored = connections.latest(connection.id)
    if stored is None:
        return None, f"calls@{now:%Y-%m-%dT%H}"
    return stored.snapshot, stored.read_id


def _evaluate(
    checks: Sequence[Check], connection_id: str, snapshot: ConfigSnapshot, views: Sequence[EndpointView]
) -> list[CheckResult]:
    called = any(view.calls for view in views) or traffic.calls_stored(connection_id) > 0
    facts = Facts(tuple(endpoint_facts(views)), called, sensitive_classes())
    places = Places(snapshot, views)
    found = []
    for check in checks:
        for result in check.evaluate(snapshot, facts):
            service_id, endpoint_ids = places.of(result.subject)
            found.append(replace(result, service_id=service_id, endpoint_ids=endpoint_ids))
    return found


def _read_again(connection: ConnectionRef, *, about_traffic: bool) -> str:
    """Read the configuration afresh; the sentence why that was not possible, else empty."""
    if Capability.CONFIG not in connecting.manifest_of(connection.connector).capabilities:
        if about_traffic:
            return ""
        return "There is nothing to read again: this came from a file. Import its new version; checks run by themselves."
    try:
        run = connecting.run_sync(connecting.request_sync(connection.id).id)
    except DomainError as error:
        return f"The configuration could not be read again: {error.detail} The finding was not changed."
    if run.state != RunState.DONE:
        reason = (run.error or {}).get("detail") or "the read did not end."
        return f"The configuration could not be read again: {reason} The finding was not changed."
    if about_traffic:
        cataloguing.apply_snapshot(connection.id)
    return ""


def _answer(
    fingerprint: str, results: Sequence[CheckResult], connection_id: str, status: str
) -> Verification:
    own = next((result for result in results if result.fingerprint(connection_id) == fingerprint), None)
    blind = next((result for result in results if result.is_blind), None)
    telling = own or blind
    if telling is not None and telling.verdict is Verdict.UNKNOWN:
        return Verification(None, f"It cannot be told: {telling.sentence}", telling.evidence)
    if telling is not None and telling.verdict is Verdict.FAIL:
        return Verification(True, telling.sentence, telling.evidence)
    reason = (
        own.sentence if own is not None else "Its subject no longer exists or the check no longer applies."
    )
    after = "It is resolved." if status == "resolved" else "One more clean read resolves it."
    return Verification(False, f"{reason} {after}")
