"""The zones of an account, and what is set for each: TLS, HTTPS, DNS records, Logpush jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from connectors.base.model import Setting, Upstream
from connectors.cloudflare.client import ApiV4, Document
from connectors.cloudflare.permissions import DNS, LOGS, SETTINGS, ZONE

ZONES_PER_PAGE: Final = 50
RECORDS_PER_PAGE: Final = 500

#: Settings of a zone that say something about security.
_KEPT: Final = (
    "always_use_https", "min_tls_version", "ssl", "tls_1_3", "development_mode", "security_level", "browser_check",
    "security_header", "automatic_https_rewrites", "opportunistic_encryption",
)  # fmt: skip
_ADDRESSES: Final = frozenset({"A", "AAAA", "CNAME"})


@dataclass(frozen=True, slots=True)
class Zone:
    """One domain. ``plan`` is Cloudflare's short name: free, pro, business, enterprise."""

    id: str
    name: str
    plan: str
    paused: bool
    status: str


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones a connection is about, and those its settings name that the token does not see."""

    chosen: tuple[Zone, ...]
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Records:
    """Names of a zone that lead to addresses: through Cloudflare, or past it."""

    proxied: tuple[str, ...]
    unproxied: tuple[Setting, ...]
    origins: tuple[Document, ...] = ()  # proxied records: their content is where requests are sent on to


@dataclass(frozen=True, slots=True)
class Logging:
    """Where enabled Logpush jobs send a zone's requests and firewall events; "" for nowhere."""

    requests: str
    events: str
    jobs: tuple[Setting, ...]


def read_zones(api: ApiV4, names: Sequence[str]) -> Zones:
    """Every zone of the account that the token sees, or those named."""
    found = [_zone(entry) for entry in api.pages("/zones", ZONE, ZONES_PER_PAGE, {"account.id": api.account})]
    if not names:
        return Zones(tuple(found))
    seen = {zone.name for zone in found}
    return Zones(
        tuple(zone for zone in found if zone.name in names),
        tuple(name for name in names if name not in seen),
    )


def read_zone(api: ApiV4, zone_id: str) -> Zone | None:
    """One zone by its id; None when the token does not see it."""
    entry = api.one(f"/zones/{zone_id}", ZONE, absent=True)
    return _zone(entry) if isinstance(entry, dict) else None


def read_settings(api: ApiV4, zone: Zone) -> tuple[Setting, ...]:
    """The settings that matter, as facts of the zone."""
    values = {str(e.get("id")): e.get("value") for e in api.pages(f"/zones/{zone.id}/settings", SETTINGS)}
    return tuple(fact(zone, name, values[name]) for name in _KEPT if name in values)


def read_records(api: ApiV4, zone: Zone) -> Records:
    """Names with addresses; ``dns.unproxied`` is a fact for each that does not pass Cloudflare."""
    entries = api.pages(f"/zones/{zone.id}/dns_records", DNS, RECORDS_PER_PAGE)
    leading = [entry for entry in entries if entry.get("type") in _ADDRESSES]
    return Records(
        tuple(sorted({_name(entry) for entry in leading if entry.get("proxied") is True})),
        tuple(
            Setting(
                f"dns:{entry.get('id')}",
                "dns.unproxied",
                _name(entry),
                {"zone": zone.name, **_picked(entry, "type", "name", "content", "proxied")},
            )
            for entry in leading
            if entry.get("proxied") is not True
        ),
        tuple(
            _picked(entry, "id", "type", "name", "content")
            for entry in leading
            if entry.get("proxied") is True
        ),
    )


def origins(zone: Zone, records: Records, ssl: str) -> tuple[Upstream, ...]:
    """Where proxied hosts are served from; the zone's SSL mode says whether by TLS and whether it is verified."""
    scheme = "http" if ssl in ("off", "flexible") else "https"
    verified = {"strict": True, "origin_pull": True, "full": False}.get(ssl)
    return tuple(
        Upstream(
            f"dns:{entry.get('id')}",
            f"{scheme}://{_host(str(entry.get('content')))}",
            "http",
            verified if scheme == "https" else None,
            {"zone": zone.name, "zone_id": zone.id, "ssl": ssl, **entry},
        )
        for entry in records.origins
    )


def read_logging(api: ApiV4, zone: Zone) -> Logging:
    """The zone's Logpush jobs. Destinations are cut before their parameters, which hold credentials."""
    jobs = api.pages(f"/zones/{zone.id}/logpush/jobs", LOGS)
    return Logging(
        _destination(jobs, "http_requests"),
        _destination(jobs, "firewall_events"),
        tuple(
            Setting(
                f"logpush:{zone.id}:{job.get('id')}",
                "logpush.job",
                {
                    "dataset": job.get("dataset"),
                    "enabled": job.get("enabled") is True,
                    "destination": _place(job),
                    **_picked(job.get("output_options") or {}, "field_names", "sample_rate"),
                },
                {"zone": zone.name, **_picked(job, "id", "name", "dataset", "enabled", "error_message")},
            )
            for job in jobs
        ),
    )


def fact(zone: Zone, name: str, value: Any) -> Setting:
    """A setting of a zone."""
    return Setting(
        f"zone:{zone.id}:{name}", name, value, {"zone": zone.name, "setting": name, "value": value}
    )


def _zone(entry: Document) -> Zone:
    plan = entry.get("plan") or {}
    return Zone(
        id=str(entry.get("id")),
        name=str(entry.get("name")).lower(),
        plan=_plan(str(plan.get("legacy_id") or ""), str(plan.get("name") or "")),
        paused=entry.get("paused") is True,
        status=str(entry.get("status") or ""),
    )


def _plan(short: str, name: str) -> str:
    """The plan's short name; a name we do not know counts as the smallest plan, so that no limit is passed."""
    for known in ("enterprise", "business", "pro", "free"):
        if known == short.lower() or name.lower().startswith(known):
            return known
    return "free"


def _destination(jobs: Iterable[Document], dataset: str) -> str:
    for job in jobs:
        if job.get("dataset") == dataset and job.get("enabled") is True:
            return _place(job)
    return ""


def _place(job: Document) -> str:
    parts = urlsplit(str(job.get("destination_conf") or ""))
    host = parts.hostname or ""
    return f"{parts.scheme}://{host}{parts.path}"


def _host(content: str) -> str:
    return f"[{content}]" if ":" in content else content


def _name(entry: Document) -> str:
    return str(entry.get("name") or "").lower().rstrip(".")


def _picked(document: Document, *names: str) -> Document:
    return {name: document[name] for name in names if name in document}
