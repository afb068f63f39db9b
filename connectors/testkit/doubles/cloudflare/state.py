"""Everything one account has, in memory."""

import itertools
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.testkit.doubles.cloudflare.envelope import missing
from connectors.testkit.doubles.cloudflare.plans import PLANS, Plan

Document = dict[str, Any]


def now() -> str:
    """The time as the API writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def made_id() -> str:
    """A new identifier: 32 hexadecimal digits."""
    return secrets.token_hex(16)


@dataclass
class Zone:
    """One domain and all that belongs to it."""

    id: str
    name: str
    plan: str
    paused: bool = False
    bot_management: bool = False
    created_on: str = field(default_factory=now)
    settings: dict[str, Any] = field(default_factory=dict)
    records: dict[str, Document] = field(default_factory=dict)
    rulesets: dict[str, Document] = field(default_factory=dict)
    operations: dict[str, Document] = field(default_factory=dict)
    discovered: dict[str, Document] = field(default_factory=dict)
    schema_settings: Document = field(
        default_factory=lambda: {
            "validation_default_mitigation_action": "none",
            "validation_override_mitigation_action": None,
        }
    )
    token_configs: dict[str, Document] = field(default_factory=dict)
    token_rules: dict[str, Document] = field(default_factory=dict)
    mtls_hosts: list[str] = field(default_factory=list)
    logpush_jobs: dict[int, Document] = field(default_factory=dict)
    events: list[Document] = field(default_factory=list)

    @property
    def limits(self) -> Plan:
        """The plan's limits."""
        return PLANS[self.plan]


@dataclass
class AccountList:
    """A custom list: ``items`` by id, in the order they were added."""

    id: str
    name: str
    kind: str
    description: str
    created_on: str = field(default_factory=now)
    modified_on: str = field(default_factory=now)
    items: dict[str, Document] = field(default_factory=dict)


@dataclass
class Account:
    """The account and its zones. ``lock`` is held while a request is answered."""

    id: str
    name: str = "Acme Commerce"
    zones: dict[str, Zone] = field(default_factory=dict)
    lists: dict[str, AccountList] = field(default_factory=dict)
    audit: list[Document] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def zone(self, zone_id: str) -> Zone:
        """A zone by id."""
        if zone_id not in self.zones:
            raise missing("zone")
        return self.zones[zone_id]

    def zone_of(self, host: str) -> Zone | None:
        """The zone a host belongs to."""
        found = [z for z in self.zones.values() if host == z.name or host.endswith(f".{z.name}")]
        return max(found, key=lambda zone: len(zone.name), default=None)

    def list_named(self, name: str) -> AccountList | None:
        """A list by its name."""
        return next((entry for entry in self.lists.values() if entry.name == name), None)
