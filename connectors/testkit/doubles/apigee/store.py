"""What one Apigee organisation holds: environments, groups, proxies with their bundles, deployments, consumers."""

import threading
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]


@dataclass
class Environment:
    """One environment; ``actions_enabled`` is its securityActionsConfig, ``addon`` Advanced API Security by itself."""

    name: str
    actions_enabled: bool = True
    addon: bool = False
    addresses: Document = field(default_factory=dict)  # its clientIpResolutionConfig
    actions: dict[str, Document] = field(default_factory=dict)
    target_servers: dict[str, Document] = field(default_factory=dict)
    flow_hooks: dict[str, Document] = field(default_factory=dict)
    maps: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Store:
    """One organisation; its name is also its project's. Safe for threads by ``lock``."""

    name: str
    hybrid: bool = False
    addon: bool = True
    environments: dict[str, Environment] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    attachments: list[tuple[str, str]] = field(default_factory=list)
    bundles: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    bases: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    deployments: list[Document] = field(default_factory=list)
    shared_deployments: list[Document] = field(default_factory=list)
    products: dict[str, Document] = field(default_factory=dict)
    developers: dict[str, Document] = field(default_factory=dict)
    apps: dict[str, Document] = field(default_factory=dict)
    looks: dict[tuple[str, str], int] = field(
        default_factory=dict
    )  # at a deployment: (environment, shared flow)
    outcome: str = "READY"  # what a deployment becomes
    lock: threading.RLock = field(default_factory=threading.RLock)

    def environment(self, name: str) -> Environment:
        """A new environment."""
        self.environments[name] = Environment(name)
        return self.environments[name]

    def group(self, name: str, hosts: list[str], *environments: str) -> None:
        """A new environment group with environments attached."""
        self.groups[name] = hosts
        self.attachments += [(name, environment) for environment in environments]

    def proxy(self, name: str, revision: str, bundle: bytes, bases: list[str]) -> None:
        """A revision of a proxy."""
        self.bundles["apis", name, revision] = bundle
        self.bases[name, revision] = bases

    def shared_flow(self, name: str, revision: str, bundle: bytes) -> None:
        """A revision of a shared flow."""
        self.bundles["sharedflows", name, revision] = bundle

    def deploy(self, environment: str, name: str, revision: str, *, shared: bool = False) -> None:
        """Put a revision into an environment, in the place of another one."""
        held = self.shared_deployments if shared else self.deployments
        held[:] = [
            entry for entry in held if (entry["environment"], entry["apiProxy"]) != (environment, name)
        ]
        held.append(
            {"environment": environment, "apiProxy": name, "revision": revision, "deployStartTime": "1"}
        )

    def revision_of(self, environment: str, name: str) -> str:
        """The deployed revision of a shared flow; "" when none is."""
        for entry in self.shared_deployments:
            if (entry["environment"], entry["apiProxy"]) == (environment, name):
                return str(entry["revision"])
        return ""

    def target_server(self, environment: str, document: Document) -> None:
        """A target server of an environment."""
        self.environments[environment].target_servers[document["name"]] = document

    def names(self, kind: str) -> dict[str, list[str]]:
        """Proxies (``apis``) or shared flows with their revisions."""
        found: dict[str, list[str]] = {}
        for held, name, revision in self.bundles:
            if held == kind:
                found.setdefault(name, []).append(revision)
        return found

    def secured(self, environment: Environment) -> bool:
        """Whether Advanced API Security is on: for the organisation, or for the environment alone."""
        return self.addon or environment.addon

    def rules_of(self, group: str) -> list[Document]:
        """The routing rules of an environment group, the longest base path first."""
        attached = {environment for name, environment in self.attachments if name == group}
        rules = [
            {
                "basepath": base,
                "environment": f"organizations/{self.name}/environments/{entry['environment']}",
                "receiver": f"organizations/{self.name}/apis/{entry['apiProxy']}/revisions/{entry['revision']}",
            }
            for entry in self.deployments
            if entry["environment"] in attached
            for base in self.bases[entry["apiProxy"], entry["revision"]]
        ]
        return sorted(rules, key=lambda rule: -len(str(rule["basepath"])))
