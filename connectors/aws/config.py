"""Read the declared configuration of one AWS account: API Gateway in each region, WAFv2 in both scopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.aws.gateway_model import DomainMapping, Parts, picked
from connectors.aws.http_apis import read_http_apis
from connectors.aws.rest_apis import read_rest_apis
from connectors.aws.rest_methods import Account
from connectors.aws.session import AwsSession
from connectors.aws.web_acls import read_web_acls
from connectors.base.ledger import Ledger
from connectors.base.model import ConfigSnapshot, Setting, WafPolicy

if TYPE_CHECKING:
    from connectors.aws.manifest import AwsSettings
    from connectors.egress import Egress

SECTIONS = (
    "services", "stages", "routes", "upstreams", "authorizers", "validators", "domains", "usage_plans", "settings",
    "waf", "waf_logging", "waf_attachments",
)  # fmt: skip
#: Sections read once per object of another section.
PARENTS = {
    **dict.fromkeys(("stages", "routes", "upstreams", "authorizers", "validators"), "services"),
    **dict.fromkeys(("waf_logging", "waf_attachments"), "waf"),
}
#: The only region that serves CloudFront's web ACLs.
CLOUDFRONT_REGION = "us-east-1"


class Config:
    """Reads one account. A part that fails is unknown with its reason; the rest is still read."""

    def __init__(self, settings: AwsSettings, egress: Egress, *, session: AwsSession | None = None) -> None:
        self._settings = settings
        self._session = session or AwsSession(settings, egress)

    def read_config(self) -> ConfigSnapshot:
        """A whole snapshot. Raises ``ConnectorError`` only when the role itself cannot be taken."""
        self._session.call("sts", "GetCallerIdentity", self._settings.regions[0])
        ledger, parts = Ledger(SECTIONS, PARENTS), Parts()
        policies: list[WafPolicy] = []
        for region in self._settings.regions:
            mappings = self._domains(ledger, region, parts)
            account = self._account(ledger, region, parts)
            read_rest_apis(self._session, ledger, region, mappings, account, parts)
            read_http_apis(self._session, ledger, region, mappings, parts)
            policies += read_web_acls(self._session, ledger, region, "REGIONAL")
        policies += read_web_acls(self._session, ledger, CLOUDFRONT_REGION, "CLOUDFRONT")
        return ConfigSnapshot(
            vendor="aws",
            gateway_ref=self._settings.account_id,
            gateway_name=f"AWS account {self._settings.account_id}",
            services=tuple(parts.services),
            stages=tuple(parts.stages),
            routes=tuple(parts.routes),
            upstreams=tuple(parts.upstreams.values()),
            waf_policies=tuple(policies),
            settings=tuple(parts.settings),
            sections=ledger.sections(),
        )

    def _account(self, ledger: Ledger, region: str, parts: Parts) -> Account:
        document = ledger.attempt(
            ("settings",),
            f"API Gateway account in {region}",
            lambda: self._session.call("apigateway", "GetAccount", region),
        )
        plans = ledger.attempt(
            ("usage_plans",),
            f"usage plans in {region}",
            lambda: self._session.items("apigateway", "GetUsagePlans", region, "items"),
        )
        for plan in plans or ():
            value = picked(plan, "name", "apiStages", "throttle", "quota")
            parts.settings.append(Setting(f"{region}/usageplan/{plan['id']}", "usage_plan", value, value))
        if document is None:
            return Account(None, plans)
        value = picked(document, "throttleSettings", "cloudwatchRoleArn", "features")
        parts.settings.append(Setting(f"{region}/account", "apigateway_account", value, value))
        rate = (document.get("throttleSettings") or {}).get("rateLimit")
        return Account(None if rate is None else float(rate), plans)

    def _domains(self, ledger: Ledger, region: str, parts: Parts) -> list[DomainMapping]:
        """Custom domains. v2 lists regional ones with mappings to both API kinds; v1 adds edge and private ones."""
        session = self._session
        regional = ledger.attempt(
            ("domains",),
            f"custom domains in {region}",
            lambda: session.items("apigatewayv2", "GetDomainNames", region, "Items"),
        )
        others = ledger.attempt(
            ("domains",),
            f"custom domains in {region}",
            lambda: session.items("apigateway", "GetDomainNames", region, "items"),
        )
        found: list[DomainMapping] = []
        known = set()
        for domain in regional or ():
            name = str(domain["DomainName"])
            known.add(name)
            parts.settings.append(_domain_setting(region, name, domain))
            listed = ledger.attempt(
                ("domains",),
                f"mappings of {name}",
                lambda name=name: session.items(
                    "apigatewayv2", "GetApiMappings", region, "Items", DomainName=name
                ),  # type: ignore[misc]
            )
            found += [
                DomainMapping(
                    name, _base(entry.get("ApiMappingKey")), str(entry["ApiId"]), str(entry["Stage"])
                )
                for entry in listed or ()
            ]
        for domain in others or ():
            name = str(domain["domainName"])
            if name in known:
                continue
            parts.settings.append(_domain_setting(region, name, domain))
            more = {"domainNameId": domain["domainNameId"]} if _is_private(domain) else {}
            listed = ledger.attempt(
                ("domains",),
                f"mappings of {name}",
                lambda name=name, more=more: session.items(  # type: ignore[misc]
                    "apigateway", "GetBasePathMappings", region, "items", domainName=name, **more
                ),
            )
            found += [
                DomainMapping(
                    name, _base(entry.get("basePath")), str(entry["restApiId"]), str(entry.get("stage", ""))
                )
                for entry in listed or ()
            ]
        return found


def _is_private(domain: Mapping[str, Any]) -> bool:
    types = (domain.get("endpointConfiguration") or {}).get("types") or []
    return "PRIVATE" in types and bool(domain.get("domainNameId"))


def _base(key: Any) -> str:
    text = str(key or "").strip("/")
    return "" if text in ("", "(none)") else f"/{text}"


def _domain_setting(region: str, name: str, document: Mapping[str, Any]) -> Setting:
    value = picked(
        document, "securityPolicy", "endpointConfiguration", "mutualTlsAuthentication", "domainNameStatus",
        "DomainNameConfigurations", "MutualTlsAuthentication", "routingMode", "RoutingMode",
    )  # fmt: skip
    return Setting(f"{region}/domain/{name}", "custom_domain", {"host": name, **value}, value)
