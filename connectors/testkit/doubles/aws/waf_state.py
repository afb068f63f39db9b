"""The bridge from moto's WAFv2 state to the evaluation: current rules, compiled address sets, rate counters.

Compiled sets are cached per lock token, so a change at the API is obeyed by the very next request.
"""

from typing import Any

from connectors.testkit.doubles.aws.state import LOCK, backend
from connectors.testkit.doubles.aws.waf_evaluation import Verdict, WebAcl, evaluate
from connectors.testkit.doubles.aws.waf_statements import AddressSet, Context, RateCounters
from connectors.testkit.doubles.aws.web_request import WebRequest


class WafState:
    """Evaluates web ACLs of one region as they are now."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._rates = RateCounters()
        self._sets: dict[str, tuple[str, AddressSet]] = {}

    def evaluate(self, acl_arn: str, request: WebRequest) -> Verdict:
        """The verdict of the web ACL on ``request``; an ACL that is gone allows."""
        with LOCK:
            acl = backend("wafv2", self._region).wacls.get(acl_arn)
            if acl is None:
                return Verdict("ALLOW")
            rules = [rule.to_dict() for rule in acl.rules]
            current = WebAcl(acl_arn, rules, acl.default_action, self._group_rules)
            return evaluate(current, request, Context(self._addresses, self._patterns, self._rates))

    def _group_rules(self, arn: str) -> list[dict[str, Any]]:
        group = backend("wafv2", self._region).rule_groups.get(arn)
        return [rule.to_dict() for rule in group.rules] if group else []

    def _addresses(self, arn: str) -> AddressSet:
        ip_set = backend("wafv2", self._region).ip_sets.get(arn)
        if ip_set is None:
            return AddressSet([])
        cached = self._sets.get(arn)
        if cached is None or cached[0] != ip_set.lock_token:
            cached = (ip_set.lock_token, AddressSet(ip_set.addresses))
            self._sets[arn] = cached
        return cached[1]

    def _patterns(self, arn: str) -> list[str]:
        pattern_set = backend("wafv2", self._region).regex_pattern_sets.get(arn)
        return [item["RegexString"] for item in pattern_set.regular_expressions] if pattern_set else []
