"""CloudFront distributions: each as a service with one stage, its cache behaviours as routes.

Sources: CloudFront API reference 2020-05-31; "Standard logging (v2)" and "Real-time logs" of the Developer Guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from connectors.aws.behaviours import Behaviour, behaviour_routes, behaviour_upstreams, behaviours, listed
from connectors.aws.gateway_model import Parts, picked
from connectors.aws.session import AwsSession
from connectors.aws.tls_versions import least, minimum_tls
from connectors.aws.web_acls import CLOUDFRONT_REGION, WebAcls
from connectors.base.ledger import Ledger
from connectors.base.model import Exposure, Service, Stage

KIND: Final = "distribution"
_EVERYTHING: Final = ("distributions", "services", "stages", "routes", "upstreams")


@dataclass(frozen=True, slots=True)
class Distribution:
    """One distribution: its ARN, the hosts viewers call (its own last), its web ACL ("" is none), what it does."""

    ref: str
    hosts: tuple[str, ...]
    acl: str
    enabled: bool
    behaviours: tuple[Behaviour, ...]

    @property
    def name(self) -> str:
        """What people call it: its first host."""
        return self.hosts[0]


def read_distributions(
    session: AwsSession, ledger: Ledger, acls: WebAcls, parts: Parts
) -> list[Distribution] | None:
    """Add every distribution to ``parts``; None when they could not be listed, or not all of them read."""
    ask = partial(session.items, "cloudfront", "ListDistributions", CLOUDFRONT_REGION, "Items")
    summaries = ledger.attempt(_EVERYTHING, "CloudFront distributions", ask)
    if not summaries:
        return None if summaries is None else []
    deliveries = ledger.attempt(
        ("distributions",), "log deliveries of CloudFront", partial(_deliveries, session)
    )
    found, whole = [], True
    for summary in summaries:
        name = str(summary["Id"])
        config = ledger.attempt(
            ("distributions", "routes", "upstreams"),
            f"distribution {name}",
            partial(session.call, "cloudfront", "GetDistributionConfig", CLOUDFRONT_REGION, Id=name),
        )
        if config is None:
            whole = False
            continue
        document = config["DistributionConfig"]
        if document.get("ConnectionMode") == "tenant-only":
            reason = f"Distribution {name} serves tenants; the domains of its tenants are not read."
            ledger.failed(("distributions",), reason)
        distribution = _distribution(summary, document)
        found.append(distribution)
        _add(distribution, document, acls, deliveries, parts)
    return found if whole else None


def _deliveries(session: AwsSession) -> dict[str, str]:
    """Where standard logs of version 2 go, by the distribution's ARN."""
    read = partial(session.items, "logs", region=CLOUDFRONT_REGION)
    sources = {
        str(source["name"]): [str(arn) for arn in source.get("resourceArns") or ()]
        for source in read(operation="DescribeDeliverySources", key="deliverySources")
        if source.get("logType") == "ACCESS_LOGS"
    }
    found: dict[str, str] = {}
    for delivery in read(operation="DescribeDeliveries", key="deliveries"):
        for arn in sources.get(str(delivery.get("deliverySourceName")), ()):
            found.setdefault(arn, str(delivery.get("deliveryDestinationArn") or ""))
    return found


def _distribution(summary: Mapping[str, Any], config: Mapping[str, Any]) -> Distribution:
    own = str(summary.get("DomainName") or "").lower()
    aliases = [str(alias).lower() for alias in listed(config.get("Aliases"))]
    return Distribution(
        str(summary["ARN"]),
        tuple(host for host in (*aliases, own) if host),
        str(config.get("WebACLId") or ""),
        bool(config.get("Enabled")),
        tuple(behaviours(config)),
    )


def _add(
    distribution: Distribution,
    config: Mapping[str, Any],
    acls: WebAcls,
    deliveries: Mapping[str, str] | None,
    parts: Parts,
) -> None:
    ref, certificate = distribution.ref, config.get("ViewerCertificate") or {}
    version = str(certificate.get("MinimumProtocolVersion") or "")
    parts.services.append(
        Service(
            ref=ref,
            name=str(config.get("Comment") or distribution.name),
            kind=KIND,
            hosts=distribution.hosts,
            exposure=Exposure.PUBLIC,
            evidence=picked(
                config, "Comment", "Enabled", "HttpVersion", "WebACLId", "Staging", "ConnectionMode"
            ),
        )
    )
    parts.stages.append(
        Stage(
            ref=ref,
            service_ref=ref,
            name=distribution.name,
            hosts=distribution.hosts,
            access_log=_access_log(distribution, config, deliveries),
            throttled=acls.throttles(distribution.acl),
            waf_ref=distribution.acl,
            evidence={
                **picked(config, "Enabled", "Logging", "WebACLId"),
                "viewerCertificate": picked(
                    certificate, "MinimumProtocolVersion", "SSLSupportMethod", "CloudFrontDefaultCertificate"
                ),
            },
        )
    )
    parts.settings.append(
        minimum_tls(ref, f"distribution {distribution.name}", distribution.name, version, least([version]))
    )
    if distribution.enabled:
        parts.routes += behaviour_routes(ref, distribution.hosts[:1], distribution.behaviours)
        for target in behaviour_upstreams(ref, distribution.behaviours):
            parts.upstreams[target.ref] = target


def _access_log(
    distribution: Distribution, config: Mapping[str, Any], deliveries: Mapping[str, str] | None
) -> str | None:
    """Where requests are logged, by whichever of the three ways; None when one of them is not known and no other is on."""
    logging = config.get("Logging") or {}
    if logging.get("Enabled"):
        return f"s3://{logging.get('Bucket')}/{logging.get('Prefix') or ''}".rstrip("/")
    for behaviour in distribution.behaviours:
        if behaviour.document.get("RealtimeLogConfigArn"):
            return str(behaviour.document["RealtimeLogConfigArn"])
    return None if deliveries is None else deliveries.get(distribution.ref, "")
