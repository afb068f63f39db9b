"""A zone as a place for blocks, with the hosts of it that no rule reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.base.enforcement import Target
from connectors.base.model import ConfigSnapshot

KIND: Final = "cloudflare_zone"
NOT_PROXIED: Final = "Its DNS record is not proxied, so its traffic does not pass Cloudflare."
_NOTE: Final = "Account-level skip rules and IP access rules that allow are looked at before our rules."


@dataclass(frozen=True, slots=True)
class ZoneTarget(Target):
    """A target that also knows the zone's hosts that do not pass Cloudflare."""

    unproxied: tuple[str, ...] = ()


def zone_targets(snapshot: ConfigSnapshot) -> list[Target]:
    """Every zone that was read."""
    past: dict[str, list[str]] = {}
    for entry in snapshot.settings:
        if entry.name == "dns.unproxied":
            past.setdefault(str(entry.evidence.get("zone")), []).append(str(entry.value))
    return [
        ZoneTarget(
            service.ref,
            service.name,
            KIND,
            (service.ref,),
            _NOTE,
            tuple(sorted(set(past.get(service.name, ())))),
        )
        for service in snapshot.services
    ]
