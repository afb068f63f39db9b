"""Deployed proxies as services, their environments as stages, their flows as routes, security actions as policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from connectors.apigee.actions import effect_of, is_ours, ref_of
from connectors.apigee.bundle import said
from connectors.apigee.client import Organization
from connectors.apigee.consumers import consumers_of, product_settings
from connectors.apigee.edge.client import EdgeOrganization
from connectors.apigee.edge.reading import read_edge
from connectors.apigee.flows import hooked
from connectors.apigee.policies import is_enabled
from connectors.apigee.reading import Document, Read, read_lint, read_organization
from connectors.apigee.routes import Deployed, routes_of
from connectors.apigee.targets import upstream_of
from connectors.base.model import ConfigSnapshot, Route, Service, Setting, Stage, Upstream, WafPolicy, WafRule

if TYPE_CHECKING:
    from connectors.apigee.manifest import ApigeeSettings
    from connectors.base.identity import Identity
    from connectors.egress import Egress


class Config:
    """The read-configuration capability."""

    def __init__(self, settings: ApigeeSettings, egress: Egress, identity: Identity | None = None) -> None:
        self._settings = settings
        self._egress = egress
        self._identity = identity

    def read_config(self) -> ConfigSnapshot:
        """A snapshot of what is deployed; what could not be read is an *unknown* or partial section.

        ``SettingsError`` when Google gives no token for the key.
        """
        read = self._read()
        if self._settings.lint:
            read_lint(read)
        return resolve(read)

    def _read(self) -> Read:
        if self._settings.on_edge:
            return read_edge(EdgeOrganization(self._settings, self._egress))
        organization = Organization(self._settings, self._egress, self._identity)
        organization.api.sign_in()
        return read_organization(organization)


def resolve(read: Read) -> ConfigSnapshot:
    """The neutral snapshot of what was read: pure."""
    routes = tuple(_routes(read))
    return ConfigSnapshot(
        vendor="apigee",
        gateway_ref=read.name,
        gateway_name=read.name.partition("/")[2],
        services=tuple(_services(read)),
        stages=tuple(_stage(read, entry, routes) for entry in read.deployments),
        routes=routes,
        upstreams=tuple(_upstreams(read)),
        waf_policies=tuple(_policy(read, name) for name in read.environments if name in read.actions),
        consumers=tuple(consumers_of(read)),
        settings=(*_settings(read), *product_settings(read), *_lint_settings(read)),
        sections=read.sections(),
    )


def stage_ref(name: str, proxy: str, environment: str) -> str:
    """What we call a proxy in an environment."""
    return f"{name}/environments/{environment}/apis/{proxy}"


def _services(read: Read) -> list[Service]:
    names = dict.fromkeys(str(entry["apiProxy"]) for entry in read.deployments)
    made = []
    for name in names:
        hosts = [
            host for entry in read.deployments if entry["apiProxy"] == name for host in _hosts(read, entry)
        ]
        made.append(
            Service(
                ref=f"{read.name}/apis/{name}",
                name=name,
                kind="api_proxy",
                hosts=tuple(dict.fromkeys(hosts)),
                evidence={
                    "deployments": [
                        _deployment(entry) for entry in read.deployments if entry["apiProxy"] == name
                    ]
                },
            )
        )
    return made


def _stage(read: Read, entry: Document, routes: Sequence[Route]) -> Stage:
    environment, proxy = str(entry["environment"]), str(entry["apiProxy"])
    secured = read.addons.get(environment)
    policy = f"{read.name}/environments/{environment}/securityActions"
    ref = stage_ref(read.name, proxy, environment)
    own = [route for route in routes if ref in route.stage_refs]
    return Stage(
        ref=ref,
        service_ref=f"{read.name}/apis/{proxy}",
        name=environment,
        hosts=_hosts(read, entry),
        access_log=_message_log(read, entry),
        throttled=all(route.rate_limits or route.evidence["limited_at_run_time"] for route in own)
        if own
        else None,
        waf_ref=None if secured is None else policy if secured else "",
        evidence={
            **_deployment(entry),
            "basePaths": [rule.get("basepath") for _, rule in _rules(read, entry)],
        },
    )


def _message_log(read: Read, entry: Document) -> str | None:
    """The log that a policy of the proxy writes to; None without one, since Google's own logs are not read."""
    bundle = read.bundles.get((str(entry["apiProxy"]), str(entry["revision"])))
    if bundle is None:
        return None
    attached = {name.text for endpoint in bundle.proxies.values() for name in endpoint.iter("Name")}
    for name, policy in bundle.policies.items():
        if policy.tag == "MessageLogging" and is_enabled(policy) and name in attached:
            return said(policy, "CloudLogging/LogName") or name
    return None


def _routes(read: Read) -> list[Route]:
    """Routes of all deployments; one that is the same in several environments is told once."""
    made: dict[str, Route] = {}
    for entry in read.deployments:
        deployed = _deployed(read, entry)
        for route in routes_of(deployed) if deployed else ():
            standing = made.get(route.ref)
            if standing is None:
                made[route.ref] = route
            elif _same(standing, route):
                hosts = tuple(dict.fromkeys((*standing.hosts, *route.hosts)))
                stages = (*standing.stage_refs, *route.stage_refs)
                made[route.ref] = replace(standing, hosts=hosts, stage_refs=stages)
            else:
                ref = f"{route.ref}@{entry['environment']}"
                made[ref] = replace(route, ref=ref)
    return list(made.values())


def _deployed(read: Read, entry: Document) -> Deployed | None:
    environment, proxy = str(entry["environment"]), str(entry["apiProxy"])
    bundle = read.bundles.get((proxy, str(entry["revision"])))
    if bundle is None:
        return None
    shared = {
        str(other["apiProxy"]): read.shared_bundles[key]
        for other in read.shared_deployments
        if other["environment"] == environment
        and (key := (str(other["apiProxy"]), str(other["revision"]))) in read.shared_bundles
    }
    steps = [step for name in read.hooks.get(environment, {}).values() for step in hooked(name, shared)]
    return Deployed(
        service_ref=f"{read.name}/apis/{proxy}",
        stage_ref=stage_ref(read.name, proxy, environment),
        bundle=bundle,
        shared=shared,
        hook=steps,
        hook_known=environment in read.hooks,
        hosts=_hosts(read, entry),
    )


def _same(one: Route, other: Route) -> bool:
    apart = {"hosts": (), "stage_refs": (), "upstream_ref": ""}
    return replace(one, **apart) == replace(other, **apart)  # type: ignore[arg-type]


def _upstreams(read: Read) -> list[Upstream]:
    made = []
    for entry in read.deployments:
        environment, proxy = str(entry["environment"]), str(entry["apiProxy"])
        bundle = read.bundles.get((proxy, str(entry["revision"])))
        servers = {
            name: server for (place, name), server in read.target_servers.items() if place == environment
        }
        for name, target in bundle.targets.items() if bundle else ():
            made.append(upstream_of(f"{stage_ref(read.name, proxy, environment)}#{name}", target, servers))
    return made


def _policy(read: Read, environment: str) -> WafPolicy:
    """An environment's security actions: those that allow are asked first, then those that deny, then those that flag."""
    order = {"allow": 0, "deny": 1, "flag": 2}
    actions = sorted(
        read.actions[environment], key=lambda action: (order.get(effect_of(action), 3), action["name"])
    )
    attached = [entry for entry in read.deployments if entry["environment"] == environment]
    on = read.addons.get(environment) is True and read.actions_config.get(environment) is True
    return WafPolicy(
        ref=f"{read.name}/environments/{environment}/securityActions",
        name=f"Security actions of {environment}",
        default_action="allow",
        rules=tuple(_rule(action, number) for number, action in enumerate(actions)),
        attached_to=tuple(stage_ref(read.name, str(entry["apiProxy"]), environment) for entry in attached),
        attachments_known="deployments" not in read.unread,
        scope=environment,
        evidence={
            "in_force": on,
            "addon": read.addons.get(environment),
            "enabled": read.actions_config.get(environment),
        },
    )


def _rule(action: dict[str, Any], number: int) -> WafRule:
    effects = {"allow": "allow", "deny": "block", "flag": "count"}
    kinds = sorted((action.get("conditionConfig") or {}).keys())
    kind = "ip_set" if kinds == ["ipAddressRanges"] else "match"
    effect = effects.get(effect_of(action), "none") if action.get("state") == "ENABLED" else "none"
    # What keys and tokens an action compares is not kept: they are credentials.
    evidence = {"state": action.get("state"), "conditions": kinds, "expireTime": action.get("expireTime")}
    return WafRule(ref_of(action), number, effect, kind, is_ours(action), evidence)


def _settings(read: Read) -> list[Setting]:
    made = []
    runtime = read.organization.get("runtimeType")
    if runtime:
        made.append(Setting(f"{read.name}#runtime", "runtime_type", runtime))
    for environment in read.environments:
        ref = f"{read.name}/environments/{environment}"
        made.append(Setting(f"{ref}#security", "advanced_api_security", read.addons.get(environment)))
        made.append(
            Setting(f"{ref}#actions", "security_actions_enabled", read.actions_config.get(environment))
        )
        source = read.addresses.get(environment)
        value = source and {"header": source.header, "index": source.index, "forgeable": source.forgeable}
        made.append(Setting(f"{ref}#addresses", "client_ip_resolution", value))
        hooks = read.hooks.get(environment)
        names = None if hooks is None else list(hooks.values())
        made.append(Setting(f"{ref}#hooks", "flow_hooks", names, {"attached": hooks}))
    return made


def _lint_settings(read: Read) -> list[Setting]:
    """Per proxy what apigeelint says of its deployed revisions; None where one is not known and no other has a slip."""
    made = []
    for name in dict.fromkeys(proxy for proxy, _ in read.linted):
        told = {revision: said for (proxy, revision), said in read.linted.items() if proxy == name}
        slips = [
            {"revision": revision, **asdict(slip)}
            for revision, said in told.items()
            if not isinstance(said, str)
            for slip in said
        ]
        reasons = [said for said in told.values() if isinstance(said, str)]
        evidence = {"revisions": list(told), "reason": " ".join(reasons)}
        value = None if reasons and not slips else slips
        made.append(Setting(f"{read.name}/apis/{name}#apigeelint", "apigeelint", value, evidence))
    return made


def _rules(read: Read, entry: Document) -> list[tuple[Document, Document]]:
    """(environment group, routing rule) of all that leads to a deployment."""
    environment = f"{read.name}/environments/{entry['environment']}"
    receiver = f"{read.name}/apis/{entry['apiProxy']}/revisions/{entry['revision']}"
    return [
        (group, rule)
        for group in read.groups
        for rule in group.get("routingRules") or ()
        if rule.get("environment") == environment and rule.get("receiver") == receiver
    ]


def _hosts(read: Read, entry: Document) -> tuple[str, ...]:
    hosts = [str(host) for group, _ in _rules(read, entry) for host in group.get("hostnames") or ()]
    return tuple(dict.fromkeys(hosts))


def _deployment(entry: Document) -> dict[str, Any]:
    return {key: entry[key] for key in ("environment", "revision", "state", "serviceAccount") if key in entry}
