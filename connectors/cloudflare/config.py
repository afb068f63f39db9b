"""Read an account's zones, their rules and API Shield's operations as a neutral snapshot.

A plan without a feature or a token without a permission makes the section unknown with its reason, never empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from connectors.base.ledger import Ledger
from connectors.base.model import (
    Completeness,
    ConfigSnapshot,
    Exposure,
    Route,
    Section,
    Service,
    Setting,
    Stage,
    Upstream,
    WafPolicy,
)
from connectors.cloudflare import shield
from connectors.cloudflare.client import ApiV4, Document
from connectors.cloudflare.manifest import CloudflareSettings
from connectors.cloudflare.waf_rules import CUSTOM, limits_rate, policy_of, policy_ref, read_entries, rules_of
from connectors.cloudflare.zones import (
    Logging,
    Records,
    Zone,
    fact,
    origins,
    read_logging,
    read_records,
    read_settings,
    read_zones,
)
from connectors.egress import Egress

SECTIONS: Final = (
    "services", "stages", "settings", "dns", "upstreams", "waf", "waf_logging", "routes", "auth", "discovered_operations",
)  # fmt: skip
PARENTS: Final = dict.fromkeys(SECTIONS[1:], "services")


@dataclass(slots=True)
class _Parts:
    services: list[Service] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    policies: list[WafPolicy] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    upstreams: list[Upstream] = field(default_factory=list)


class Config:
    """The read-configuration capability: one service and one stage per zone."""

    def __init__(self, settings: CloudflareSettings, egress: Egress) -> None:
        self._settings = settings
        self._api = ApiV4(settings, egress)

    def read_config(self) -> ConfigSnapshot:
        """A whole snapshot. Raises ``ConnectorError`` only when the zones cannot be listed at all."""
        if not self._settings.has_token:
            return self._unread()
        ledger, parts = Ledger(SECTIONS, PARENTS), _Parts()
        zones = read_zones(self._api, self._settings.zones)
        ledger.attempt(("services",), "zones", lambda: zones)
        for name in zones.unseen:
            ledger.failed(("services",), f"{name}: the token does not see this zone.")
        for zone in zones.chosen:
            self._zone(ledger, zone, parts)
        if not zones.chosen:
            for section in SECTIONS[1:]:
                ledger.attempt((section,), section, lambda: None)
        return ConfigSnapshot(
            vendor="cloudflare",
            gateway_ref=self._settings.account_id,
            gateway_name=f"Cloudflare account {self._settings.account_id}",
            services=tuple(parts.services),
            stages=tuple(parts.stages),
            routes=tuple(parts.routes),
            waf_policies=tuple(parts.policies),
            settings=tuple(parts.settings),
            upstreams=tuple(parts.upstreams),
            sections=ledger.sections(),
        )

    def _zone(self, ledger: Ledger, zone: Zone, parts: _Parts) -> None:
        api, name = self._api, zone.name
        settings = ledger.attempt(
            ("settings", "upstreams"), f"settings of {name}", lambda: read_settings(api, zone)
        )
        records = ledger.attempt(
            ("dns", "upstreams"), f"DNS records of {name}", lambda: read_records(api, zone)
        )
        ssl = next((str(entry.value) for entry in settings or () if entry.name == "ssl"), "")
        if settings is not None and records is not None:
            found = ledger.attempt(("upstreams",), name, lambda: origins(zone, records, ssl))
            parts.upstreams += found or ()
        entries = ledger.attempt(("waf",), f"rules of {name}", lambda: read_entries(api, zone))
        logging = ledger.attempt(("waf_logging",), f"Logpush jobs of {name}", lambda: read_logging(api, zone))
        ledger.attempt(("stages",), name, lambda: zone)
        stage = _stage(zone, records, entries, logging)
        parts.services.append(_service(zone, records))
        parts.stages.append(stage)
        parts.settings += [fact(zone, "paused", zone.paused), *(settings or ())]
        parts.settings += [*(records.unproxied if records else ()), *(logging.jobs if logging else ())]
        if entries is not None:
            events = bool(logging.events) if logging is not None else None
            parts.policies.append(policy_of(zone, entries, stage.ref, events))
        plain = any(entry.name == "always_use_https" and entry.value == "off" for entry in settings or ())
        self._operations(ledger, zone, parts, rules_of((entries or {}).get(CUSTOM)), plain)

    def _operations(
        self, ledger: Ledger, zone: Zone, parts: _Parts, rules: list[Document], plain: bool
    ) -> None:
        api, name = self._api, zone.name
        operations = ledger.attempt(
            ("routes", "auth", "discovered_operations"),
            f"API Shield operations of {name}",
            lambda: shield.read_operations(api, zone),
        )
        if operations is None:
            return
        action = ledger.attempt(
            ("routes",), f"schema validation of {name}", lambda: shield.read_schema_action(api, zone)
        )
        demands = ledger.attempt(
            ("auth",),
            f"JWT validation and client certificates of {name}",
            lambda: shield.read_demands(api, zone),
        )
        discovered = ledger.attempt(
            ("discovered_operations",),
            f"discovered operations of {name}",
            lambda: shield.read_discovered(api, zone),
        )
        if discovered is not None:
            parts.settings.append(discovered)
        by_host = {str(entry.evidence.get("name")): entry.ref for entry in reversed(parts.upstreams)}
        parts.routes += [
            shield.route_of(zone, entry, demands, rules, action, plain, by_host) for entry in operations
        ]

    def _unread(self) -> ConfigSnapshot:
        """A connection that only receives: nothing is known, and every section says so."""
        reason = "The connection has no API token, so Cloudflare's configuration is not read."
        return ConfigSnapshot(
            vendor="cloudflare",
            gateway_ref=self._settings.account_id,
            gateway_name="Cloudflare",
            sections=tuple(Section(name, Completeness.UNKNOWN, reason) for name in SECTIONS),
        )


def _service(zone: Zone, records: Records | None) -> Service:
    return Service(
        ref=zone.id,
        name=zone.name,
        kind="cloudflare_zone",
        hosts=records.proxied if records else (),
        exposure=Exposure.PUBLIC,
        evidence={"name": zone.name, "plan": zone.plan, "status": zone.status, "paused": zone.paused},
    )


def _stage(
    zone: Zone, records: Records | None, entries: dict[str, Document] | None, logging: Logging | None
) -> Stage:
    """The zone's edge. A paused zone is served past Cloudflare: nothing of it is in force."""
    waf_ref = None if entries is None else policy_ref(zone)
    return Stage(
        ref=stage_ref(zone.id),
        service_ref=zone.id,
        name="edge",
        hosts=records.proxied if records else (),
        access_log=logging.requests if logging else None,
        throttled=None if entries is None else limits_rate(entries) and not zone.paused,
        waf_ref="" if zone.paused else waf_ref,
        evidence={"zone": zone.name, "plan": zone.plan, "paused": zone.paused},
    )


def stage_ref(zone_id: str) -> str:
    """How snapshots call a zone's edge."""
    return f"{zone_id}/edge"
