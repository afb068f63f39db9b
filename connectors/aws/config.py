"""Read the declared configuration of one AWS account.

API Gateway and load balancers in each region, WAFv2 in both scopes, CloudFront.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.aws.balancers import read_load_balancers
from connectors.aws.distributions import read_distributions
from connectors.aws.domains import read_domains
from connectors.aws.fronts import with_fronts
from connectors.aws.gateway_model import Parts, picked
from connectors.aws.http_apis import read_http_apis
from connectors.aws.rest_apis import read_rest_apis
from connectors.aws.rest_methods import Account
from connectors.aws.session import AwsSession
from connectors.aws.web_acls import CLOUDFRONT_REGION, read_web_acls
from connectors.base.ledger import Ledger
from connectors.base.model import ConfigSnapshot, Setting, WafPolicy

if TYPE_CHECKING:
    from connectors.aws.manifest import AwsSettings
    from connectors.egress import Egress

SECTIONS = (
    "services", "stages", "routes", "upstreams", "authorizers", "validators", "domains", "usage_plans", "settings",
    "waf", "waf_logging", "waf_attachments", "load_balancers", "distributions",
)  # fmt: skip
#: Sections read once per object of another section.
PARENTS = {
    **dict.fromkeys(("stages", "routes", "upstreams", "authorizers", "validators"), "services"),
    **dict.fromkeys(("waf_logging", "waf_attachments"), "waf"),
}


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
            mappings = read_domains(self._session, ledger, region, parts)
            account = self._account(ledger, region, parts)
            read_rest_apis(self._session, ledger, region, mappings, account, parts)
            read_http_apis(self._session, ledger, region, mappings, parts)
            regional = read_web_acls(self._session, ledger, region, "REGIONAL")
            read_load_balancers(self._session, ledger, region, regional, parts)
            policies += regional.policies
        edge = read_web_acls(self._session, ledger, CLOUDFRONT_REGION, "CLOUDFRONT")
        distributions = read_distributions(self._session, ledger, edge, parts)
        policies += edge.attached_to(distributions)
        return ConfigSnapshot(
            vendor="aws",
            gateway_ref=self._settings.account_id,
            gateway_name=f"AWS account {self._settings.account_id}",
            services=tuple(parts.services),
            stages=with_fronts(parts.stages, distributions),
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
