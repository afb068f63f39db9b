"""WAF logs that hold credentials in clear."""

from __future__ import annotations

import json

from connectors.base.model import ConfigSnapshot, WafPolicy
from controlplane.findings.types import CheckCard, CheckResult, Severity
from controlplane.posture import fixes
from controlplane.posture.judging import (
    Judgement,
    excerpt,
    fail,
    judge_each,
    passed,
    unknown,
    waf_subject,
)
from controlplane.posture.types import Facts

#: Headers that carry credentials and must not be written to a log.
CREDENTIAL_HEADERS = ("authorization", "cookie")

CHECK = CheckCard(
    id="waf_log_redaction_missing",
    title="WAF log holds credentials",
    severity=Severity.MEDIUM,
    why="Everybody who may read the log can replay tokens and session cookies found in it.",
    references=("AWS WAF docs: RedactedFields",),
    vendors=("aws",),
)


def evaluate(snapshot: ConfigSnapshot, facts: Facts) -> list[CheckResult]:
    """Judge every policy that logs."""
    return judge_each(CHECK, snapshot, ("waf", "waf_logging"), snapshot.waf_policies, waf_subject, _judge)


def _judge(policy: WafPolicy) -> Judgement | None:
    if policy.logging is None:
        return unknown("The logging configuration could not be read.")
    if not policy.logging:
        return None
    logging = policy.evidence.get("LoggingConfiguration")
    if logging is None:
        return unknown("The redacted fields of the log could not be read.")
    redacted = json.dumps(logging.get("RedactedFields", [])).lower()
    missing = [header for header in CREDENTIAL_HEADERS if f'"{header}"' not in redacted]
    if not missing:
        return passed("Credentials are redacted before they are logged.")
    return fail(
        f"The header {' and '.join(missing)} is written to the WAF log in clear.",
        [excerpt("Logging configuration", policy.ref, {"LoggingConfiguration": logging})],
        [
            fixes.terraform(
                "aws_wafv2_web_acl_logging_configuration",
                policy.name,
                {
                    "resource_arn": policy.ref,
                    "redacted_fields": {"single_header": {"name": missing[0]}},
                },
            )
        ],
    )
