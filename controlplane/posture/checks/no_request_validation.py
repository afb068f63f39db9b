"""Routes that pass requests on without validating them."""

from __future__ import annotations

from connectors.base.model import ConfigSnapshot, Route
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import cloudflare_fixes, fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    route_subject,
)
from controlplane.posture.types import Facts

CHECK = CheckCard(
    id="no_request_validation",
    title="No request validation",
    severity=Severity.LOW,
    why="Malformed and unexpected fields reach the application; the gateway could have refused them.",
    references=("CKV2_AWS_53", "OWASP API3:2023"),
)

_WRITES = {"POST", "PUT", "PATCH"}


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge routes that take a body or declare parameters, where the vendor has a validator at all."""
    return judge_each(
        CHECK, snapshot, ("routes",), snapshot.routes, route_subject, lambda route: _judge(snapshot, route)
    )


def _judge(snapshot: ConfigSnapshot, route: Route) -> Judgement | None:
    if route.validated is None:
        return None
    required = any(parameter.required and parameter.location != "path" for parameter in route.parameters)
    if not required and not _WRITES & set(route.methods):
        return None
    if route.validated:
        return passed("A request validator is in force.")
    if snapshot.vendor == "cloudflare":
        operation = f"{','.join(route.methods)} {route.path}"
        return fail(
            "API Shield does not block requests that do not fit a schema of this operation.",
            [excerpt("Operation as saved", route.ref, route.evidence)],
            [cloudflare_fixes.schema(operation)],
        )
    return fail(
        "Parameters and bodies are passed on unchecked: no request validator is in force.",
        [excerpt("Route as declared", route.ref, route.evidence)],
        [
            fixes.terraform(
                "aws_api_gateway_method",
                f"{'_'.join(route.methods)}_{route.path}",
                {
                    "rest_api_id": route.service_ref,
                    "http_method": route.methods[0] if route.methods else "ANY",
                    "request_validator_id": "$aws_api_gateway_request_validator.all.id",
                },
            )
        ],
    )
