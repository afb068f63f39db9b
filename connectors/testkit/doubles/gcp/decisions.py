"""What a security policy decides about a request: the first rule that fits ends it, previewed rules end nothing."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.testkit.doubles.gcp.cel import parse
from connectors.testkit.doubles.gcp.cel_evaluation import Asked, Groups, holds, in_ranges

_CONFIGURED = {"allow": "ALLOW", "throttle": "THROTTLE", "rate_based_ban": "RATE_BASED_BAN"}


@dataclass(frozen=True)
class Decision:
    """One rule's verdict: ``status`` 0 lets the request pass; ``location`` is where a redirect leads."""

    policy: str
    priority: int
    configured: str
    outcome: str  # ACCEPT, DENY, REDIRECT
    status: int = 0
    location: str = ""
    signatures: tuple[str, ...] = ()
    rate: str = ""

    def logged(self) -> dict[str, Any]:
        """The member of a log entry."""
        found: dict[str, Any] = {
            "name": self.policy,
            "priority": self.priority,
            "configuredAction": self.configured,
            "outcome": self.outcome,
        }
        if self.signatures:
            found["preconfiguredExprIds"] = list(self.signatures)
        if self.rate:
            found["rateLimitAction"] = {"outcome": self.rate}
        return found


@dataclass
class Counters:
    """Requests per rule and key in fixed windows, and bans. Safe for threads."""

    _counts: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _bans: dict[tuple[Any, ...], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def exceeded(self, key: tuple[Any, ...], count: int, interval: int, ban: int) -> bool:
        """Count a request; whether it is above the threshold or its key is banned."""
        now = time.time()
        with self._lock:
            if self._bans.get(key, 0.0) > now:
                return True
            window = (*key, int(now // interval))
            self._counts[window] = self._counts.get(window, 0) + 1
            if self._counts[window] <= count:
                return False
            if ban:
                self._bans[key] = now + ban
            return True


def decide(
    policy: Mapping[str, Any], asked: Asked, groups: Groups, counters: Counters, backend: str
) -> tuple[Decision, Decision | None]:
    """The enforced decision, and that of the first previewed rule that fits."""
    preview: Decision | None = None
    for rule in sorted(policy["rules"], key=lambda entry: int(entry["priority"])):
        if rule.get("preview") and preview is not None:
            continue
        if not _fits(rule["match"], asked, groups):
            continue
        decision = _verdict(policy["name"], rule, asked, counters, backend)
        if not rule.get("preview"):
            return decision, preview
        preview = decision
    raise AssertionError("every policy ends with a rule that fits")


def _fits(match: Mapping[str, Any], asked: Asked, groups: Groups) -> bool:
    if "versionedExpr" in match:
        return in_ranges(asked.ip, match["config"]["srcIpRanges"])
    return holds(parse(match["expr"]["expression"]), asked, groups)


def _verdict(name: str, rule: Mapping[str, Any], asked: Asked, counters: Counters, backend: str) -> Decision:
    action, priority = rule["action"], int(rule["priority"])
    signatures = _signatures(rule["match"])
    if action == "allow":
        return Decision(name, priority, "ALLOW", "ACCEPT", signatures=signatures)
    if action == "redirect":
        return _redirected(name, priority, rule["redirectOptions"])
    if action in ("throttle", "rate_based_ban"):
        options = rule["rateLimitOptions"]
        threshold = options["rateLimitThreshold"]
        key = (name, priority, backend, *_keys(options, asked))
        limits = (threshold["count"], threshold["intervalSec"], options.get("banDurationSec", 0))
        if not counters.exceeded(key, *limits):
            return Decision(
                name, priority, _CONFIGURED[action], "ACCEPT", rate="RATE_LIMIT_THRESHOLD_CONFORM"
            )
        status = int(options["exceedAction"][5:8])
        return Decision(
            name, priority, _CONFIGURED[action], "DENY", status, rate="RATE_LIMIT_THRESHOLD_EXCEED"
        )
    return Decision(name, priority, "DENY", "DENY", int(action[5:8]), signatures=signatures)


def _redirected(name: str, priority: int, options: Mapping[str, Any]) -> Decision:
    """reCAPTCHA is a redirect too: to Google's page of the challenge."""
    if options["type"] == "GOOGLE_RECAPTCHA":
        location = "https://www.google.com/recaptcha/challengepage/"
        return Decision(name, priority, "GOOGLE_RECAPTCHA", "REDIRECT", 302, location)
    return Decision(name, priority, "EXTERNAL_302", "REDIRECT", 302, options["target"])


def _keys(options: Mapping[str, Any], asked: Asked) -> list[str]:
    kinds = options.get("enforceOnKeyConfigs") or [{"enforceOnKeyType": options.get("enforceOnKey", "ALL")}]
    values = {
        "IP": asked.ip,
        "USER_IP": asked.ip,
        "XFF_IP": asked.headers.get("x-forwarded-for", asked.ip),
        "HTTP_PATH": asked.path,
        "REGION_CODE": asked.region_code,
        "ASN": str(asked.asn),
        "TLS_JA4_FINGERPRINT": asked.ja4,
    }
    found = []
    for kind in kinds:
        name = str(kind.get("enforceOnKeyName", "")).lower()
        header = kind["enforceOnKeyType"] == "HTTP_HEADER"
        found.append(asked.headers.get(name, "") if header else values.get(kind["enforceOnKeyType"], ""))
    return found


def _signatures(match: Mapping[str, Any]) -> tuple[str, ...]:
    expression = match.get("expr", {}).get("expression", "")
    marker = "evaluatePreconfiguredWaf('"
    if marker not in expression:
        return ()
    rule_set = expression.partition(marker)[2].partition("'")[0].partition("-")[0]
    identity = {"sqli": "942100", "xss": "941100", "lfi": "930100"}.get(rule_set, "900000")
    return (f"owasp-crs-v042200-id{identity}-{rule_set}",)
