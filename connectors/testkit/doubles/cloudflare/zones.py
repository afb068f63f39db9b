"""Zones, their settings and DNS records, Logpush jobs, and the hosts that ask for client certificates."""

from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.cloudflare.envelope import ApiError, answer, invalid, known_only, missing
from connectors.testkit.doubles.cloudflare.paging import by_number
from connectors.testkit.doubles.cloudflare.plans import PLANS
from connectors.testkit.doubles.cloudflare.state import Account, Document, Zone, made_id, now

DEFAULTS: dict[str, Any] = {
    "always_use_https": "off",
    "min_tls_version": "1.0",
    "ssl": "full",
    "tls_1_3": "on",
    "development_mode": "off",
    "security_level": "medium",
    "browser_check": "on",
    "security_header": {
        "strict_transport_security": {"enabled": False, "max_age": 0, "include_subdomains": False}
    },
}
_VALUES = {
    "always_use_https": {"on", "off"},
    "min_tls_version": {"1.0", "1.1", "1.2", "1.3"},
    "ssl": {"off", "flexible", "full", "strict"},
    "development_mode": {"on", "off"},
}
_DATASETS = {"http_requests", "firewall_events", "dns_logs", "nel_reports", "page_shield_events"}


class Zones:
    """The operations on ``/zones`` that are not rules and not API Shield."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def all(self, request: Request) -> Response:
        """Zones, 5 to 50 a page."""
        chosen = [self._shown(zone) for zone in self._account.zones.values()]
        if name := request.args.get("name"):
            chosen = [zone for zone in chosen if zone["name"] == name]
        return by_number(request, chosen, 50, 5)

    def create(self, request: Request, body: Document) -> Response:
        """A new zone on a plan (the plan stands for an order that is placed elsewhere)."""
        known_only(body, {"name", "account", "type", "plan", "bot_management"}, frozenset({"name"}))
        zone = Zone(made_id(), body["name"], body.get("plan", "free"))
        zone.bot_management = bool(body.get("bot_management"))
        zone.settings = dict(DEFAULTS)
        self._account.zones[zone.id] = zone
        return answer(self._shown(zone))

    def one(self, request: Request, zone_id: str) -> Response:
        """One zone."""
        return answer(self._shown(self._account.zone(zone_id)))

    def change(self, request: Request, zone_id: str, body: Document) -> Response:
        """Pause a zone, or change its plan."""
        zone = self._account.zone(zone_id)
        known_only(body, {"paused", "plan"})
        zone.paused = bool(body.get("paused", zone.paused))
        zone.plan = body.get("plan", zone.plan)
        return answer(self._shown(zone))

    def settings(self, request: Request, zone_id: str) -> Response:
        """All settings of a zone."""
        zone = self._account.zone(zone_id)
        return answer([_setting(zone, name) for name in zone.settings])

    def set_setting(self, request: Request, zone_id: str, name: str, body: Document) -> Response:
        """PATCH of one setting."""
        zone = self._account.zone(zone_id)
        known_only(body, {"value"}, frozenset({"value"}))
        if name not in zone.settings:
            raise missing(f"setting {name}")
        if name in _VALUES and body["value"] not in _VALUES[name]:
            raise invalid(f"invalid value for zone setting {name}", 1007)
        zone.settings[name] = body["value"]
        return answer(_setting(zone, name))

    def records(self, request: Request, zone_id: str) -> Response:
        """DNS records, 5 to 5,000 a page."""
        return by_number(request, list(self._account.zone(zone_id).records.values()), 5000, 5)

    def add_record(self, request: Request, zone_id: str, body: Document) -> Response:
        """A new DNS record."""
        zone = self._account.zone(zone_id)
        known_only(body, {"type", "name", "content", "proxied", "ttl", "comment"},
                   frozenset({"type", "name", "content"}))  # fmt: skip
        proxiable = body["type"] in ("A", "AAAA", "CNAME")
        record = {
            "id": made_id(), "proxied": False, "ttl": 1, "proxiable": proxiable, "created_on": now(), **body,
        }  # fmt: skip
        if record["proxied"] and not proxiable:
            raise invalid("this record type cannot be proxied", 9004)
        zone.records[record["id"]] = record
        return answer(record)

    def remove_record(self, request: Request, zone_id: str, record_id: str) -> Response:
        """DELETE of a DNS record."""
        if self._account.zone(zone_id).records.pop(record_id, None) is None:
            raise missing("record")
        return answer({"id": record_id})

    def jobs(self, request: Request, zone_id: str) -> Response:
        """Logpush jobs; plans without Logpush are refused."""
        zone = self._entitled(zone_id)
        return answer(list(zone.logpush_jobs.values()))

    def add_job(self, request: Request, zone_id: str, body: Document) -> Response:
        """A new Logpush job."""
        zone = self._entitled(zone_id)
        known_only(
            body,
            {"name", "dataset", "destination_conf", "enabled", "output_options", "max_upload_bytes",
             "max_upload_interval_seconds", "max_upload_records", "filter", "kind"},
            frozenset({"dataset", "destination_conf"}),
        )  # fmt: skip
        if body["dataset"] not in _DATASETS:
            raise invalid("unknown dataset", 1002)
        job = {
            "id": next(self._account.numbers), "enabled": False, "name": "", "error_message": None,
            "last_complete": None, "last_error": None, **body,
        }  # fmt: skip
        zone.logpush_jobs[job["id"]] = job
        return answer(job)

    def remove_job(self, request: Request, zone_id: str, job_id: int) -> Response:
        """DELETE of a Logpush job."""
        if self._entitled(zone_id).logpush_jobs.pop(job_id, None) is None:
            raise missing("job")
        return answer({"id": job_id})

    def mtls_hosts(self, request: Request, zone_id: str) -> Response:
        """Hosts that ask for a client certificate."""
        return answer({"hostnames": self._account.zone(zone_id).mtls_hosts})

    def set_mtls_hosts(self, request: Request, zone_id: str, body: Document) -> Response:
        """PUT of these hosts."""
        known_only(body, {"hostnames", "mtls_certificate_id"}, frozenset({"hostnames"}))
        self._account.zone(zone_id).mtls_hosts = list(body["hostnames"])
        return answer({"hostnames": body["hostnames"]})

    def _entitled(self, zone_id: str) -> Zone:
        zone = self._account.zone(zone_id)
        if not zone.limits.logpush:
            raise ApiError(403, 1010, "creating a new job is not allowed: Logpush needs an Enterprise plan")
        return zone

    def _shown(self, zone: Zone) -> Document:
        return {
            "id": zone.id,
            "name": zone.name,
            "status": "active",
            "paused": zone.paused,
            "type": "full",
            "development_mode": 3600 if zone.settings.get("development_mode") == "on" else 0,
            "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
            "created_on": zone.created_on,
            "modified_on": zone.created_on,
            "account": {"id": self._account.id, "name": self._account.name},
            "owner": {"id": None, "type": "user"},
            "meta": {"step": 2, "page_rule_quota": 3},
            "plan": {"id": made_id(), "name": PLANS[zone.plan].name, "legacy_id": zone.plan},
        }


def _setting(zone: Zone, name: str) -> Document:
    return {"id": name, "value": zone.settings[name], "editable": True, "modified_on": zone.created_on}
