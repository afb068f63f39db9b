"""Load balancers of a project as services, their backends as stages and upstreams, Cloud Armor policies as policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.base.model import (
    Auth,
    AuthKind,
    ConfigSnapshot,
    Exposure,
    Route,
    Service,
    Setting,
    Stage,
    Upstream,
    WafPolicy,
)
from connectors.cloudarmor.client import UNCONFIGURED, Project, is_configured, resource_name
from connectors.cloudarmor.policies import rate_limits, waf_policy
from connectors.cloudarmor.reading import Read, Resource, read_project, unconfigured
from connectors.cloudarmor.url_maps import Entry, entries

if TYPE_CHECKING:
    from connectors.base.identity import Identity
    from connectors.cloudarmor.manifest import CloudArmorSettings
    from connectors.egress import Egress

_ORGANISATION: Final = (
    "Policies of the organisation and of folders need a permission outside of the project; they are not read."
)
_BACKEND_KEPT: Final = (
    "name", "protocol", "loadBalancingScheme", "securityPolicy", "edgeSecurityPolicy", "logConfig", "enableCDN",
    "timeoutSec", "portName",
)  # fmt: skip
_ENCRYPTED: Final = ("HTTPS", "HTTP2", "GRPC", "SSL")


class Config:
    """The read-configuration capability."""

    def __init__(
        self, settings: CloudArmorSettings, egress: Egress, identity: Identity | None = None
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._identity = identity

    def read_config(self) -> ConfigSnapshot:
        """A snapshot of the project; a collection that could not be read is an *unknown* or partial section.

        Without project and key every section is unknown. ``SettingsError`` when Google gives no token for the key.
        """
        settings = self._settings
        if not is_configured(settings):
            return ConfigSnapshot("gcp", "", "Google Cloud", sections=unconfigured(UNCONFIGURED))
        project = Project(settings, self._egress, self._identity)
        project.api.sign_in()
        return resolve(read_project(project))


def resolve(read: Read) -> ConfigSnapshot:
    """The neutral snapshot of what was read: pure."""
    balancers = [_balancer(ref, document, read) for ref, document in read.all("urlMaps").items()]
    balancers = [balancer for balancer in balancers if balancer.entries]
    return ConfigSnapshot(
        vendor="gcp",
        gateway_ref=read.project,
        gateway_name=read.project.partition("/")[2],
        services=tuple(balancer.service for balancer in balancers),
        stages=tuple(stage for balancer in balancers for stage in _stages(balancer, read)),
        routes=tuple(route for balancer in balancers for route in _routes(balancer, read)),
        upstreams=tuple(_upstream(ref, backend) for ref, backend in read.all("backendServices").items()),
        waf_policies=tuple(_policies(balancers, read)),
        settings=(*_tls(read), _organisation(read)),
        sections=read.sections(),
    )


@dataclass(frozen=True, slots=True)
class _Balancer:
    """One URL map with what it sends where, and through which protocols it is reached."""

    ref: str
    service: Service
    entries: tuple[Entry, ...]
    protocols: tuple[str, ...]

    def backends(self) -> tuple[str, ...]:
        """Its backends in the order they are named."""
        return tuple(dict.fromkeys(name for entry in self.entries for name in entry.backends))


def _balancer(ref: str, document: Resource, read: Read) -> _Balancer:
    found = tuple(entries(document))
    hosts = tuple(dict.fromkeys(host for entry in found for host in entry.hosts))
    proxies = {
        name: protocol
        for collection, protocol in (("targetHttpsProxies", "https"), ("targetHttpProxies", "http"))
        for name, proxy in read.all(collection).items()
        if resource_name(proxy.get("urlMap")) == ref
    }
    fronts = [
        rule for rule in read.all("forwardingRules").values() if resource_name(rule.get("target")) in proxies
    ]
    served = {proxies[resource_name(rule.get("target"))] for rule in fronts} or set(proxies.values())
    service = Service(
        ref=ref,
        name=str(document.get("name") or ref),
        kind="load_balancer",
        hosts=hosts,
        exposure=_exposure(fronts, read),
        evidence={
            "hostRules": document.get("hostRules"),
            "forwardingRules": sorted(str(rule.get("name")) for rule in fronts),
            "schemes": sorted({str(rule.get("loadBalancingScheme")) for rule in fronts}),
        },
    )
    return _Balancer(ref, service, found, tuple(sorted(served, reverse=True)) or ("https",))


def _exposure(fronts: list[Resource], read: Read) -> Exposure:
    schemes = {str(rule.get("loadBalancingScheme", "")) for rule in fronts}
    if any(scheme.startswith("EXTERNAL") for scheme in schemes):
        return Exposure.PUBLIC
    complete = all(
        read.whole(name) for name in ("forwardingRules", "targetHttpProxies", "targetHttpsProxies")
    )
    return Exposure.PRIVATE if complete else Exposure.UNKNOWN


def _routes(balancer: _Balancer, read: Read) -> list[Route]:
    made: dict[str, Route] = {}
    for entry in balancer.entries:
        backend = entry.backends[0]
        document = read.all("backendServices").get(backend)
        policy = read.all("securityPolicies").get(_policy_ref(document))
        host = ",".join(entry.hosts) or "*"
        methods = "".join(f"{method} " for method in entry.path.methods)
        ref = f"{balancer.ref}#{host} {methods}{entry.path.template}{'*' if entry.path.prefix else ''}"
        made.setdefault(
            ref,
            Route(
                ref=ref,
                service_ref=balancer.ref,
                path=entry.path.template,
                methods=entry.path.methods,
                hosts=entry.hosts,
                protocols=balancer.protocols,
                auth=_auth(document),
                auth_known=_behind_iap(document),
                rate_limits=rate_limits(str(policy.get("name")), policy) if policy else (),
                catch_all=entry.path.catch_all,
                prefix=entry.path.prefix,
                upstream_ref=backend,
                stage_refs=tuple(_stage_ref(balancer.ref, name) for name in entry.backends),
                evidence={"rule": entry.evidence, "approximate": entry.path.approximate},
            ),
        )
    return list(made.values())


def _stages(balancer: _Balancer, read: Read) -> list[Stage]:
    """One per backend: logging and policy are the backend's."""
    made = []
    for backend in balancer.backends():
        document = read.all("backendServices").get(backend)
        hosts = [host for entry in balancer.entries if backend in entry.backends for host in entry.hosts]
        policy = read.all("securityPolicies").get(_policy_ref(document))
        throttled = None if document is None or (_policy_ref(document) and policy is None) else False
        if policy is not None:
            throttled = bool(rate_limits("", policy))
        made.append(
            Stage(
                ref=_stage_ref(balancer.ref, backend),
                service_ref=balancer.ref,
                name=backend.rpartition("/")[2],
                hosts=tuple(dict.fromkeys(hosts)),
                access_log=_access_log(read.project, document),
                throttled=throttled,
                waf_ref=None if document is None else _policy_ref(document),
                evidence=_kept(document),
            )
        )
    return made


def _upstream(ref: str, backend: Resource) -> Upstream:
    protocol = str(backend.get("protocol") or "HTTP")
    verified = (backend.get("tlsSettings") or {}).get("authenticationConfig")
    return Upstream(
        ref=ref,
        url=f"{'https' if protocol in _ENCRYPTED else 'http'}://{backend.get('name')}",
        kind="backend_service",
        # Without an authentication configuration any certificate of a backend is taken.
        tls_verified=bool(verified) if protocol in _ENCRYPTED else None,
        evidence=_kept(backend),
    )


def _policies(balancers: list[_Balancer], read: Read) -> list[WafPolicy]:
    stages: dict[str, list[str]] = {}
    for balancer in balancers:
        for backend in balancer.backends():
            stages.setdefault(backend, []).append(_stage_ref(balancer.ref, backend))
    known = read.whole("backendServices") and read.whole("urlMaps")
    made = []
    for ref, document in read.all("securityPolicies").items():
        behind = {
            name: backend
            for name, backend in read.all("backendServices").items()
            if ref in (_policy_ref(backend), resource_name(backend.get("edgeSecurityPolicy")))
        }
        attached = tuple(stage for name in behind for stage in stages.get(name, [name]))
        logged = [bool((backend.get("logConfig") or {}).get("enable")) for backend in behind.values()]
        logging = all(logged) if logged and read.known("backendServices") else None
        made.append(waf_policy(ref, document, attached, known, logging))
    return made


def _tls(read: Read) -> list[Setting]:
    """The TLS policy of each HTTPS proxy; without one Google's default holds: TLS 1.0 and the profile COMPATIBLE."""
    made = []
    for ref, proxy in read.all("targetHttpsProxies").items():
        policy = resource_name(proxy.get("sslPolicy"))
        document = read.all("sslPolicies").get(policy)
        value: dict[str, Any] | None = {"minTlsVersion": "TLS_1_0", "profile": "COMPATIBLE", "policy": ""}
        if policy:
            value = None
        if document is not None:
            value = {name: document.get(name) for name in ("minTlsVersion", "profile")} | {"policy": policy}
        made.append(Setting(ref, "tls_policy", value, {"urlMap": resource_name(proxy.get("urlMap"))}))
    return made


def _organisation(read: Read) -> Setting:
    """Whether policies of the organisation stand above the project's is not known."""
    ref = f"{read.project}#organisation"
    return Setting(ref, "organization_security_policies", None, {"reason": _ORGANISATION})


def _access_log(project: str, backend: Resource | None) -> str | None:
    if backend is None:
        return None
    log = backend.get("logConfig") or {}
    if not log.get("enable"):
        return ""
    rate = log.get("sampleRate", 1.0)
    return f"{project}/logs/requests" + ("" if rate >= 1 else f" ({rate:.0%} of requests)")


def _auth(backend: Resource | None) -> tuple[Auth, ...]:
    """Identity-Aware Proxy is the one authentication a load balancer has; any other is the backend's."""
    return (Auth(AuthKind.OIDC, "header", source="Identity-Aware Proxy"),) if _behind_iap(backend) else ()


def _behind_iap(backend: Resource | None) -> bool:
    iap = (backend or {}).get("iap")
    return isinstance(iap, Mapping) and iap.get("enabled") is True


def _policy_ref(backend: Resource | None) -> str:
    return resource_name((backend or {}).get("securityPolicy"))


def _stage_ref(balancer: str, backend: str) -> str:
    return f"{balancer}@{backend.rpartition('/')[2]}"


def _kept(backend: Resource | None) -> dict[str, Any]:
    return {name: (backend or {})[name] for name in _BACKEND_KEPT if name in (backend or {})}
