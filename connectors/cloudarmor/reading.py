"""Everything a project's configuration is read from; what could not be read is a reason, never an empty list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.base.errors import ConnectorError
from connectors.base.ledger import section_of
from connectors.base.model import Completeness, Section
from connectors.cloudarmor.client import Project, resource_name

Resource = Mapping[str, Any]

COLLECTIONS: Final = (
    "urlMaps",
    "backendServices",
    "forwardingRules",
    "targetHttpProxies",
    "targetHttpsProxies",
    "sslPolicies",
    "securityPolicies",
)
#: Sections of the snapshot and the collections they are made from; the first decides whether they are known at all.
_SECTIONS: Final = {
    "services": ("urlMaps", "forwardingRules", "targetHttpProxies", "targetHttpsProxies"),
    "routes": ("urlMaps", "backendServices", "targetHttpProxies", "targetHttpsProxies", "securityPolicies"),
    "stages": ("urlMaps", "backendServices", "securityPolicies"),
    "upstreams": ("backendServices",),
    "waf": ("securityPolicies",),
    "waf_attachments": ("backendServices",),
    "waf_logging": ("backendServices",),
    "settings": ("targetHttpsProxies", "sslPolicies"),
}


@dataclass
class Read:
    """The resources of each collection by name (``projects/…``); ``unread`` and ``partly`` say why not all."""

    project: str
    collections: dict[str, dict[str, Resource]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    partly: dict[str, str] = field(default_factory=dict)

    def known(self, collection: str) -> bool:
        """Whether the collection was read, all of it or a part."""
        return collection in self.collections

    def whole(self, collection: str) -> bool:
        """Whether nothing of the collection is missing."""
        return collection in self.collections and collection not in self.partly

    def all(self, collection: str) -> dict[str, Resource]:
        """What was read of a collection."""
        return self.collections.get(collection, {})

    def sections(self) -> tuple[Section, ...]:
        """How much of each section is known."""
        return tuple(
            section_of(name, sources, self.unread, self.partly) for name, sources in _SECTIONS.items()
        )


def read_project(project: Project) -> Read:
    """Every collection in all scopes, and the rules of each policy."""
    read = Read(project.name)
    for collection in COLLECTIONS:
        try:
            found = project.everywhere(collection)
        except ConnectorError as error:
            read.unread[collection] = error.sentence()
            continue
        read.collections[collection] = {
            resource_name(entry.get("selfLink")): entry for entry in found.resources
        }
        if found.unreachable:
            where = ", ".join(found.unreachable)
            read.partly[collection] = (
                f"Google could not reach {where}; what {collection} are there is not known."
            )
    _read_rules(project, read)
    return read


def unconfigured(reason: str) -> tuple[Section, ...]:
    """Every section as unknown for one reason."""
    return tuple(Section(name, Completeness.UNKNOWN, reason) for name in _SECTIONS)


def _read_rules(project: Project, read: Read) -> None:
    """Each policy by itself: a list is not promised to hold rules. One that cannot be read is left out, and said."""
    failed: list[str] = []
    policies = read.all("securityPolicies")
    for name in list(policies):
        try:
            policies[name] = project.policy(name)
        except ConnectorError as error:
            del policies[name]
            failed.append(error.sentence())
    if failed:
        said = read.partly.get("securityPolicies", "")
        text = f"{len(failed)} policies could not be read: {failed[0]}"
        read.partly["securityPolicies"] = f"{said} {text}".strip()
