"""Which object an API Gateway or WAFv2 event changed, by the ``ref`` it has in a snapshot (``config.py``).

Parameter names: those of the services' operations, with a small first letter; REST APIs put the body of
creating operations under ``<operation>Input``. Names are compared in lower case, for casing differs by age.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

Parameters = Mapping[str, Any]
Found = tuple[str, str, str]  # kind, ref, name

#: Parameters that name objects, and nothing else; they may be shown.
IDENTIFIERS: Final = (
    "restapiid", "apiid", "stagename", "resourceid", "httpmethod", "routeid", "authorizerid", "integrationid",
    "deploymentid", "domainname", "basepath", "usageplanid", "id", "name", "scope", "webaclarn", "resourcearn",
)  # fmt: skip
_API_ARN: Final = re.compile(r"^arn:[\w-]+:apigateway:[\w-]*::/(?:restapis|apis)/([^/]+)(?:/stages/([^/]+))?")
_WAF_ARN: Final = re.compile(r"^arn:[\w-]+:wafv2:[^:]*:\d*:\w+/(\w+)/([^/]+)/")
_WAF_KINDS: Final = {
    "webacl": "web_acl", "ipset": "ip_set", "rulegroup": "rule_group", "regexpatternset": "pattern_set",
}  # fmt: skip
_VERB: Final = re.compile(r"^[A-Z][a-z]+")


def parameters_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """Request parameters with lower-case names; members of ``…Input`` objects stand beside them."""
    given = event.get("requestParameters")
    flat: dict[str, Any] = {}
    for name, value in given.items() if isinstance(given, dict) else ():
        key = str(name).lower()
        if isinstance(value, dict) and (key.endswith("input") or key == "loggingconfiguration"):
            flat |= {str(inner).lower(): entry for inner, entry in value.items()}
        else:
            flat[key] = value
    return flat


def object_of(event: Mapping[str, Any], given: Parameters, action: str, region: str, account: str) -> Found:
    """Kind, ref and name of the object. What has no ref in a snapshot is told by its API, or by the account."""
    answered = event.get("responseElements")
    made = {str(key).lower(): value for key, value in answered.items()} if isinstance(answered, dict) else {}
    if event.get("eventSource") == "wafv2.amazonaws.com":
        found = _waf(given, made, action, region, account)
    else:
        found = _gateway(given, made, action, region)
    return found or (_noun(action), f"{region}/{account}", "")


def _text(source: Parameters, *names: str) -> str:
    return next((str(source[name]) for name in names if isinstance(source.get(name), str | int)), "")


def _gateway(given: Parameters, made: Parameters, action: str, region: str) -> Found | None:
    arn = _API_ARN.match(_text(given, "resourcearn"))
    if arn:
        return _stage(arn.group(1), arn.group(2)) if arn.group(2) else ("api", arn.group(1), "")
    api = _text(given, "restapiid", "apiid")
    if not api and action in ("CreateRestApi", "ImportRestApi", "CreateApi", "ImportApi"):
        api = _text(made, "id", "apiid")
    domain = _text(given, "domainname")
    if domain:
        return "custom_domain", f"{region}/domain/{domain}", domain
    if not api:
        return _of_account(given, made, action, region)
    if stage := _text(given, "stagename"):
        return _stage(api, stage)
    resource, method = _text(given, "resourceid"), _text(given, "httpmethod")
    if resource and method:
        return "route", f"{api}/{resource}/{method}", ""
    if route := _text(given, "routeid") or (_text(made, "routeid") if action == "CreateRoute" else ""):
        return "route", f"{api}/{route}", _text(given, "routekey")
    kind = "rest_api" if _text(given, "restapiid") or "RestApi" in action else "http_api"
    return kind, api, _text(made, "name") or _text(given, "name")


def _stage(api: str, stage: str) -> Found:
    return "stage", f"{api}/{stage}", stage


def _of_account(given: Parameters, made: Parameters, action: str, region: str) -> Found | None:
    if "UsagePlan" in action:
        plan = _text(given, "usageplanid") or _text(made, "id")
        return "usage_plan", f"{region}/usageplan/{plan}", _text(made, "name")
    if "ApiKey" in action:
        return "api_key", f"{region}/apikeys", ""  # which key it was is not kept
    if action == "UpdateAccount":
        return "account", f"{region}/account", ""
    return None


def _waf(given: Parameters, made: Parameters, action: str, region: str, account: str) -> Found | None:
    summary = made.get("summary")
    created = {str(k).lower(): v for k, v in summary.items()} if isinstance(summary, dict) else {}
    arn = _text(created, "arn") or _text(given, "webaclarn", "resourcearn")
    stage = _API_ARN.match(arn)
    if stage and stage.group(2):  # a stage that a web ACL is taken off
        return _stage(stage.group(1), stage.group(2))
    kind, name, identifier = _noun(action).replace("_", ""), _text(given, "name"), _text(given, "id")
    if not arn and kind in _WAF_KINDS and name and identifier:
        where = "global" if _text(given, "scope") == "CLOUDFRONT" else "regional"
        arn = f"arn:{_partition(region)}:wafv2:{region}:{account}:{where}/{kind}/{name}/{identifier}"
    if known := _WAF_ARN.match(arn):
        return _WAF_KINDS.get(known.group(1), known.group(1)), arn, known.group(2)
    if arn or name:
        return _WAF_KINDS.get(kind, kind or "resource"), arn or f"{region}/{name}", name
    return None


def _partition(region: str) -> str:
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _noun(action: str) -> str:
    """``UpdateIPSet`` is about an ``ip_set``."""
    noun = _VERB.sub("", action, count=1) or action
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", noun).lower()
