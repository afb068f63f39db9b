"""WAFv2 log records and the S3 keys they are delivered under.

Source: AWS WAF Developer Guide, "Log fields for protection pack (web ACL) traffic" and "Sending protection
pack (web ACL) traffic logs to an Amazon Simple Storage Service bucket" (key layout, 5-minute periods).
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from connectors.testkit.doubles.aws.waf_evaluation import Verdict
from connectors.testkit.doubles.aws.web_request import BODY_LIMIT, WebRequest

PERIOD_MS = 5 * 60_000


def record(acl_arn: str, source_id: str, request: WebRequest, verdict: Verdict) -> dict[str, Any]:
    """One log record; ``source_id`` is ``<account>:<api id>:<stage>``."""
    return {
        "timestamp": request.time_ms,
        "formatVersion": 1,
        "webaclId": acl_arn,
        "terminatingRuleId": verdict.rule_id,
        "terminatingRuleType": verdict.rule_type,
        "action": verdict.action,
        "terminatingRuleMatchDetails": verdict.match_details,
        "httpSourceName": "APIGW",
        "httpSourceId": source_id,
        "ruleGroupList": verdict.groups,
        "rateBasedRuleList": verdict.rate_based,
        "nonTerminatingMatchingRules": verdict.non_terminating,
        "requestHeadersInserted": None,
        "responseCodeSent": verdict.response_code if verdict.action != "ALLOW" else None,
        "httpRequest": {
            "clientIp": request.client_ip,
            "country": request.country,
            "headers": [{"name": name, "value": value} for name, value in request.headers],
            "uri": request.uri,
            "args": request.query,
            "httpVersion": request.http_version,
            "httpMethod": request.method,
            "requestId": request.request_id,
            "fragment": "",
            "scheme": "https",
            "host": request.host,
        },
        "labels": [{"name": label} for label in sorted(request.labels)],
        "requestBodySize": len(request.body),
        "requestBodySizeInspectedByWAF": min(len(request.body), BODY_LIMIT),
        **({"ja3Fingerprint": request.ja3} if request.ja3 else {}),
        **({"ja4Fingerprint": request.ja4} if request.ja4 else {}),
        **({"clientAsn": request.asn} if request.asn else {}),
    }


def redacted(log_record: dict[str, Any], redacted_fields: list[dict[str, Any]]) -> dict[str, Any]:
    """``log_record`` with the fields of a logging configuration's ``RedactedFields`` replaced by REDACTED."""
    http = dict(log_record["httpRequest"])
    for item in redacted_fields:
        if header := item.get("SingleHeader"):
            name = (header.get("Name") or header.get("name", "")).lower()
            http["headers"] = [
                {"name": h["name"], "value": "REDACTED"} if h["name"].lower() == name else h
                for h in http["headers"]
            ]
        for field, key in (("UriPath", "uri"), ("QueryString", "args"), ("Method", "httpMethod")):
            if field in item:
                http[key] = "REDACTED"
    return {**log_record, "httpRequest": http}


def kept(log_record: dict[str, Any], logging_filter: dict[str, Any] | None) -> bool:
    """Whether a ``LoggingFilter`` keeps the record (action conditions only)."""
    if not logging_filter:
        return True
    for rule in logging_filter.get("Filters", []):
        actions = [c.get("ActionCondition", {}).get("Action") for c in rule.get("Conditions", [])]
        counted = bool(log_record["nonTerminatingMatchingRules"])
        hits = [action == log_record["action"] or (action == "COUNT" and counted) for action in actions]
        if all(hits) if rule.get("Requirement") == "MEETS_ALL" else any(hits):
            return bool(rule.get("Behavior") == "KEEP")
    return bool(logging_filter.get("DefaultBehavior", "KEEP") == "KEEP")


def s3_key(account: str, region: str, acl_name: str, time_ms: int) -> str:
    """The object key of a delivery whose records fall into the 5-minute period of ``time_ms``."""
    start = datetime.fromtimestamp(time_ms // PERIOD_MS * PERIOD_MS / 1000, UTC)
    suffix = uuid.uuid4().hex[:8]
    return (
        f"AWSLogs/{account}/WAFLogs/{region}/{acl_name}/{start:%Y/%m/%d/%H/%M}/"
        f"{account}_waflogs_{region}_{acl_name}_{start:%Y%m%dT%H%MZ}_{suffix}.log.gz"
    )
