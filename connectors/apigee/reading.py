"""Everything an organization's configuration is read from; what could not be read is a reason, never an empty list."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import quote

from connectors.apigee.bundle import Bundle, opened
from connectors.apigee.client import Organization
from connectors.apigee.lint import Slip, slips
from connectors.base.errors import ConnectorError, VendorAnswerError
from connectors.base.ledger import section_of
from connectors.base.model import Section

Document = Mapping[str, Any]
T = TypeVar("T")
K = TypeVar("K")

#: The hooks whose shared flows run before a target is asked.
HOOKS: Final = ("PreProxyFlowHook", "PreTargetFlowHook")
#: Sections of the snapshot and what they are made from; the first decides whether they are known at all.
_SECTIONS: Final = {
    "services": ("deployments", "ingress"),
    "stages": ("deployments", "ingress", "environments", "addons"),
    "routes": ("deployments", "bundles", "shared_deployments", "shared_bundles", "hooks", "ingress", "environments"),
    "upstreams": ("deployments", "bundles", "target_servers"),
    "waf": ("environments", "actions", "actions_config"),
    "waf_attachments": ("deployments",),
    "consumers": ("apps", "developers", "products"),
    "settings": ("environments", "addresses", "addons", "actions_config", "hooks", "products"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddressSource:
    """Which entry of which header an environment takes for the client's address; "" and None: Google's default."""

    header: str = ""
    index: int | None = None

    @property
    def forgeable(self) -> bool:
        """Whether a caller can choose it: by default, and where entries of X-Forwarded-For are counted from the left."""
        return not self.header or (self.header.lower() == "x-forwarded-for" and (self.index or 0) >= 0)


@dataclass
class Read:
    """What was read of one organization; ``unread`` and ``partly`` say why not all."""

    name: str
    organization: Document = field(default_factory=dict)
    environments: tuple[str, ...] = ()
    deployments: list[Document] = field(default_factory=list)
    shared_deployments: list[Document] = field(default_factory=list)
    groups: list[Document] = field(default_factory=list)
    bundles: dict[tuple[str, str], Bundle] = field(default_factory=dict)
    shared_bundles: dict[tuple[str, str], Bundle] = field(default_factory=dict)
    hooks: dict[str, dict[str, str]] = field(default_factory=dict)
    target_servers: dict[tuple[str, str], Document] = field(default_factory=dict)
    addresses: dict[str, AddressSource] = field(default_factory=dict)
    addons: dict[str, bool] = field(default_factory=dict)
    actions_config: dict[str, bool] = field(default_factory=dict)
    actions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    products: list[dict[str, Any]] = field(default_factory=list)
    developers: list[dict[str, Any]] = field(default_factory=list)
    apps: list[dict[str, Any]] = field(default_factory=list)
    linted: dict[tuple[str, str], tuple[Slip, ...] | str] = field(
        default_factory=dict
    )  # a text: why it is not known
    unread: dict[str, str] = field(default_factory=dict)
    partly: dict[str, str] = field(default_factory=dict)

    def sections(self) -> tuple[Section, ...]:
        """How much of each section is known."""
        return tuple(
            section_of(name, sources, self.unread, self.partly) for name, sources in _SECTIONS.items()
        )

    def attempt(self, source: str, read: Callable[[], T], otherwise: T) -> T:
        """What a read gives; ``otherwise`` with its reason noted when it fails."""
        try:
            return read()
        except ConnectorError as error:
            self.unread[source] = error.sentence()
            return otherwise

    def each(self, source: str, keys: Iterable[K], read: Callable[[K], T]) -> dict[K, T]:
        """One read per key; those that fail are left out, and said."""
        found: dict[K, T] = {}
        failed: list[str] = []
        for key in keys:
            try:
                found[key] = read(key)
            except ConnectorError as error:
                failed.append(error.sentence())
        if failed:
            self.partly[source] = (
                f"{len(failed)} of {len(failed) + len(found)} could not be read: {failed[0]}"
            )
        return found


def read_organization(organization: Organization) -> Read:
    """All of the organization that is deployed, its consumers, and what protects its environments."""
    read = Read(organization.name)
    read.organization = read.attempt("environments", lambda: read_named(organization), read.organization)
    names = read.organization.get("environments") or []
    read.environments = tuple(sorted(str(name) for name in names))
    _read_deployments(organization, read)
    _read_environments(organization, read)
    _read_consumers(organization, read)
    return read


def read_lint(read: Read, seconds: float = 300) -> None:
    """What apigeelint says of each revision that was read; for the others, and when time is over, why that is not known."""
    began = time.monotonic()
    for key in revisions_of(read.deployments):
        bundle = read.bundles.get(key)
        if bundle is None:
            read.linted[key] = f"Revision {key[1]} of {key[0]} could not be read."
            continue
        try:
            read.linted[key] = slips(bundle, key[0], late=time.monotonic() - began >= seconds)
        except ConnectorError as error:
            read.linted[key] = error.what


def is_secured(organization: Document, environment: Document) -> bool:
    """Whether Advanced API Security is on, by the add-ons of the organization or of the environment."""
    found = (organization.get("addonsConfig") or {}, environment)
    return any((addons.get("apiSecurityConfig") or {}).get("enabled") is True for addons in found)


def read_named(organization: Organization) -> Document:
    """The organization itself, with the names of its environments."""
    found = organization.read("", "apigee.organizations.get")
    names = found.get("environments", [])
    if found.get("name") is None or not isinstance(names, list):
        raise VendorAnswerError("Google's answer is no organization of Apigee.")
    return found


def _read_deployments(organization: Organization, read: Read) -> None:
    def deployments(shared: str) -> Callable[[], list[Document]]:
        return lambda: read_deployments(organization, shared)

    def bundle(kind: str) -> Callable[[tuple[str, str]], Bundle]:
        return lambda key: opened(organization.bundle(kind, *key), f"{kind}/{key[0]} revision {key[1]}")

    def server(key: tuple[str, str]) -> Document:
        path = f"/environments/{_quoted(key[0])}/targetservers/{_quoted(key[1])}"
        return organization.read(path, "apigee.targetservers.get")

    read.deployments = read.attempt("deployments", deployments("false"), read.deployments)
    read.shared_deployments = read.attempt("shared_deployments", deployments("true"), read.shared_deployments)
    read.groups = read.attempt("ingress", lambda: read_ingress(organization), read.groups)
    read.bundles = read.each("bundles", revisions_of(read.deployments), bundle("apis"))
    shared = revisions_of(read.shared_deployments)
    read.shared_bundles = read.each("shared_bundles", shared, bundle("sharedflows"))
    servers = dict.fromkeys(
        (str(entry["environment"]), name)
        for entry in read.deployments
        for name in servers_of(read.bundles.get((str(entry["apiProxy"]), str(entry["revision"]))))
    )
    read.target_servers = read.each("target_servers", servers, server)


def revisions_of(deployments: Iterable[Document]) -> list[tuple[str, str]]:
    """What is deployed, each revision once: (name, revision)."""
    return list(dict.fromkeys((str(entry["apiProxy"]), str(entry["revision"])) for entry in deployments))


def servers_of(bundle: Bundle | None) -> list[str]:
    """The target servers a proxy names."""
    targets = bundle.targets.values() if bundle else ()
    return [
        server.get("name", "") for target in targets for server in target.iter("Server") if server.get("name")
    ]


def read_deployments(organization: Organization, shared: str = "false") -> list[Document]:
    """Deployments of proxies, or of shared flows: each with proxy, revision and environment."""
    found = organization.entries("/deployments", "deployments", "apigee.deployments.list", sharedFlows=shared)
    for entry in found:
        if not all(isinstance(entry.get(name), str) for name in ("apiProxy", "revision", "environment")):
            raise VendorAnswerError(
                "Google's answer has a deployment without a proxy, revision or environment."
            )
    return list(found)


def read_ingress(organization: Organization) -> list[Document]:
    """The environment groups with their hosts and which base path leads to which revision."""
    found = organization.read("/deployedIngressConfig", "apigee.ingressconfigs.get", view="FULL")
    groups = found.get("environmentGroups", [])
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise VendorAnswerError("Google's answer is no ingress configuration.")
    return list(groups)


def _read_environments(organization: Organization, read: Read) -> None:
    def place(name: str) -> str:
        return f"/environments/{_quoted(name)}"

    def hooks(name: str) -> dict[str, str]:
        found = {
            hook: organization.read(f"{place(name)}/flowhooks/{hook}", "apigee.flowhooks.getSharedFlow")
            for hook in HOOKS
        }
        return {hook: str(one["sharedFlow"]) for hook, one in found.items() if one.get("sharedFlow")}

    def secured(name: str) -> bool:
        addons = organization.read(f"{place(name)}/addonsConfig", "apigee.addonsconfig.get")
        return is_secured(read.organization, addons)

    def enabled(name: str) -> bool:
        found = organization.read(f"{place(name)}/securityActionsConfig", "apigee.securityActionsConfig.get")
        return found.get("enabled") is True

    def actions(name: str) -> list[dict[str, Any]]:
        return list_actions(organization, name)

    read.addresses = read.each(
        "addresses", read.environments, lambda name: read_addresses(organization, name)
    )
    read.hooks = read.each("hooks", read.environments, hooks)
    read.addons = read.each("addons", read.environments, secured)
    read.actions_config = read.each("actions_config", read.environments, enabled)
    read.actions = read.each("actions", read.environments, actions)


def read_addresses(organization: Organization, environment: str) -> AddressSource:
    """Where an environment takes client addresses from; security actions compare these."""
    return addresses_of(read_environment(organization, environment), environment)


def read_environment(organization: Organization, environment: str) -> Document:
    """An environment by itself."""
    return organization.read(f"/environments/{_quoted(environment)}", "apigee.environments.get")


def addresses_of(found: Document, environment: str) -> AddressSource:
    """Where an environment that was read takes client addresses from."""
    algorithm = (found.get("clientIpResolutionConfig") or {}).get("headerIndexAlgorithm")
    if not algorithm:
        return AddressSource()
    header, index = algorithm.get("ipHeaderName"), algorithm.get("ipHeaderIndex", 0)
    if not isinstance(header, str) or not isinstance(index, int):
        raise VendorAnswerError(f"Google's answer on client addresses of {environment} cannot be read.")
    return AddressSource(header, index)


def list_actions(organization: Organization, environment: str) -> list[dict[str, Any]]:
    """All security actions of an environment, with a name each."""
    path = f"/environments/{_quoted(environment)}/securityActions"
    found = organization.entries(path, "securityActions", "apigee.securityActions.list", pageSize="1000")
    if not all(isinstance(entry.get("name"), str) for entry in found):
        raise VendorAnswerError("Google's answer has a security action without a name.")
    return found


def _read_consumers(organization: Organization, read: Read) -> None:
    read.products = read.attempt(
        "products",
        lambda: organization.keyed(
            "/apiproducts", "apiProduct", "name", "apigee.apiproducts.list", expand="true"
        ),
        [],
    )
    read.developers = read.attempt(
        "developers",
        lambda: organization.keyed("/developers", "developer", "email", "apigee.developers.list"),
        [],
    )
    read.apps = read.attempt(
        "apps",
        lambda: organization.entries(
            "/apps", "app", "apigee.apps.list", expand="true", includeCred="false", pageSize="1000"
        ),
        [],
    )


def _quoted(name: str) -> str:
    return quote(name, safe="")
