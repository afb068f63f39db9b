"""Rules of a load balancer's listeners as routes: what they match, whom they let through and where they lead. Pure.

Sources: Elastic Load Balancing "Listener rules", "Authenticate users", "Verify JWTs", "Mutual authentication with TLS".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.aws.edge_paths import EdgePath, edge_path, regex_path
from connectors.aws.gateway_model import picked, plain
from connectors.base.model import Auth, AuthKind, Route

_SECURE: Final = "HTTPS"
#: Where a condition keeps its values, by its field.
_CONFIGS: Final = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}
_AUTHENTICATES: Final = {
    "authenticate-oidc": (AuthKind.OIDC, "cookie", "AuthenticateOidcConfig"),
    "authenticate-cognito": (AuthKind.COGNITO, "cookie", "AuthenticateCognitoConfig"),
    "jwt-validation": (AuthKind.JWT, "header", "JwtValidationConfig"),
}


@dataclass(frozen=True, slots=True)
class Listener:
    """One listener of the load balancer ``balancer`` (its ARN), called ``name``."""

    balancer: str
    name: str
    document: Mapping[str, Any]

    @property
    def ref(self) -> str:
        """Its ARN."""
        return str(self.document["ListenerArn"])

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.document.get("Protocol") == _SECURE


@dataclass(frozen=True, slots=True)
class _Conditions:
    """What a rule matches, by field. Values a rule expects in headers and query strings may be secrets: names only."""

    values: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[str, ...]]  # regular expressions
    evidence: list[dict[str, Any]]

    @property
    def paths(self) -> list[EdgePath]:
        """The paths; every path when the rule does not say."""
        found = [edge_path(value) for value in self.values.get("path-pattern", ())]
        found += [regex_path(value) for value in self.patterns.get("path-pattern", ())]
        return found or [edge_path("/*")]


def rule_routes(listener: Listener, rule: Mapping[str, Any]) -> Iterator[Route]:
    """One route per path of a rule that forwards; redirects and fixed answers reach nothing and are left out."""
    groups = _groups(rule)
    if not groups:
        return
    conditions = _conditions(rule)
    auth = tuple(_auth(listener, rule))
    ref = f"{listener.ref}#default" if rule.get("IsDefault") else str(rule["RuleArn"])
    narrowed = [
        entry for entry in conditions.evidence if entry["field"] not in ("host-header", "path-pattern")
    ]
    for path in conditions.paths:
        yield Route(
            ref=f"{ref}#{path.pattern}",
            service_ref=listener.balancer,
            path=path.template,
            methods=tuple(value.upper() for value in conditions.values.get("http-request-method", ())),
            hosts=tuple(value.lower() for value in conditions.values.get("host-header", ())),
            protocols=("https",) if listener.secure else ("http",),
            auth=auth,
            auth_known=bool(auth),  # without any, the targets may still ask
            catch_all=path.catch_all and not narrowed,
            prefix=path.prefix,
            upstream_ref=groups[0],
            stage_refs=(listener.balancer,),
            evidence={
                "listener": f"{listener.document.get('Protocol')}:{listener.document.get('Port')}",
                "priority": str(rule.get("Priority", "")),
                "conditions": conditions.evidence,
                "actions": [str(action.get("Type")) for action in _actions(rule)],
                "targetGroups": groups,
                "approximate": path.approximate,
                **picked(rule, "Transforms"),
            },
        )


def _actions(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return sorted(rule.get("Actions") or (), key=lambda action: int(action.get("Order") or 0))


def _groups(rule: Mapping[str, Any]) -> list[str]:
    """Target groups the rule forwards to, the one with the greatest weight first; weight 0 gets nothing."""
    for action in _actions(rule):
        if action.get("Type") != "forward":
            continue
        weighted = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
        ranked = sorted(weighted, key=lambda group: -int(group.get("Weight", 1)))
        found = [str(group["TargetGroupArn"]) for group in ranked if int(group.get("Weight", 1)) > 0]
        if not found and action.get("TargetGroupArn"):
            found.append(str(action["TargetGroupArn"]))
        return found
    return []


def _conditions(rule: Mapping[str, Any]) -> _Conditions:
    values: dict[str, tuple[str, ...]] = {}
    patterns: dict[str, tuple[str, ...]] = {}
    evidence: list[dict[str, Any]] = []
    for condition in rule.get("Conditions") or ():
        name = str(condition.get("Field"))
        if name not in _CONFIGS:
            evidence.append({"field": name, **_names(condition)})
            continue
        held = condition.get(_CONFIGS[name]) or condition
        values[name] = tuple(map(str, held.get("Values") or ()))
        patterns[name] = tuple(map(str, held.get("RegexValues") or ()))
        evidence.append({"field": name, **picked(held, "Values", "RegexValues")})
    return _Conditions(values, patterns, evidence)


def _names(condition: Mapping[str, Any]) -> dict[str, Any]:
    header = (condition.get("HttpHeaderConfig") or {}).get("HttpHeaderName")
    keys = [entry.get("Key") for entry in (condition.get("QueryStringConfig") or {}).get("Values") or ()]
    named = {"header": header} if header else {"keys": [key for key in keys if key]}
    return dict(plain(named))


def _auth(listener: Listener, rule: Mapping[str, Any]) -> Iterator[Auth]:
    mutual = listener.document.get("MutualAuthentication") or {}
    if mutual.get("Mode") == "verify":
        yield Auth(AuthKind.MTLS, "tls", False, f"listener of {listener.name}", picked(mutual, "Mode"))
    for action in _actions(rule):
        found = _AUTHENTICATES.get(str(action.get("Type")))
        if found is None:
            continue
        kind, location, member = found
        config = action.get(member) or {}
        details = picked(config, "Issuer", "Scope", "UserPoolArn", "OnUnauthenticatedRequest", "JwksEndpoint")
        optional = config.get("OnUnauthenticatedRequest") == "allow"
        yield Auth(kind, location, optional, str(action["Type"]), details)
