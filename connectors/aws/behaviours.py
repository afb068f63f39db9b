"""Cache behaviours of a distribution as routes, its origins as upstreams. Pure.

Source: CloudFront API reference 2020-05-31 (DistributionConfig). Values of headers that CloudFront adds for an origin are
secrets as a rule: their names are kept, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.aws.edge_paths import edge_path
from connectors.aws.gateway_model import picked
from connectors.base.model import Auth, AuthKind, Route, Upstream

_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"))
#: Protocols a viewer is served by; redirected ones are not served.
_SERVED: Final = {"allow-all": ("https", "http"), "https-only": ("https",), "redirect-to-https": ("https",)}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a behaviour's requests go: ``host`` below ``path``. ``plain``: by plain HTTP, at least sometimes."""

    id: str
    host: str
    path: str
    plain: bool
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One cache behaviour; ``pattern`` is ``*`` for the default one."""

    pattern: str
    document: Mapping[str, Any]
    origin: Origin | None


def listed(value: Any) -> list[Any]:
    """The entries of one of CloudFront's lists (``{"Quantity": …, "Items": […]}``)."""
    return list((value or {}).get("Items") or ())


def behaviours(config: Mapping[str, Any]) -> list[Behaviour]:
    """A distribution's behaviours in the order CloudFront compares them, the default one last."""
    origins = {origin.id: origin for origin in map(_origin, listed(config.get("Origins")))}
    groups = {
        str(group["Id"]): [str(member["OriginId"]) for member in listed(group.get("Members"))]
        for group in listed(config.get("OriginGroups"))
    }
    found = []
    for document in (*listed(config.get("CacheBehaviors")), config.get("DefaultCacheBehavior") or {}):
        target = str(document.get("TargetOriginId") or "")
        first = next(iter(groups.get(target) or [target]))  # the group's others are asked when it fails
        found.append(Behaviour(str(document.get("PathPattern") or "*"), document, origins.get(first)))
    return found


def _origin(document: Mapping[str, Any]) -> Origin:
    custom = document.get("CustomOriginConfig") or {}
    # An S3 or VPC origin tells no protocol; match-viewer is plain when the viewer's request was.
    plain = custom.get("OriginProtocolPolicy") in ("http-only", "match-viewer")
    return Origin(
        str(document["Id"]),
        str(document.get("DomainName") or "").lower(),
        str(document.get("OriginPath") or "").rstrip("/"),
        plain,
        document,
    )


def behaviour_routes(ref: str, hosts: Sequence[str], found: Sequence[Behaviour]) -> Iterator[Route]:
    """One route per behaviour of the distribution ``ref``."""
    for behaviour in found:
        path, document = edge_path(behaviour.pattern), behaviour.document
        methods = [str(method) for method in listed(document.get("AllowedMethods"))]
        auth = tuple(_auth(document))
        yield Route(
            ref=f"{ref}#{behaviour.pattern}",
            service_ref=ref,
            path=path.template,
            methods=() if set(methods) >= _METHODS else tuple(methods),
            hosts=tuple(hosts),
            protocols=_SERVED.get(str(document.get("ViewerProtocolPolicy")), ("https",)),
            auth=auth,
            auth_known=bool(auth),  # without any, the origin may still ask
            catch_all=path.catch_all,
            prefix=path.prefix,
            upstream_ref=_upstream_ref(ref, behaviour.origin) if behaviour.origin else "",
            stage_refs=(ref,),
            evidence={
                "pathPattern": behaviour.pattern,
                "approximate": path.approximate,
                **picked(
                    document, "TargetOriginId", "ViewerProtocolPolicy", "CachePolicyId", "OriginRequestPolicyId",
                    "ResponseHeadersPolicyId", "RealtimeLogConfigArn",
                ),
            },
        )  # fmt: skip


def _auth(document: Mapping[str, Any]) -> Iterator[Auth]:
    """Signed URLs and cookies, the one thing CloudFront itself asks viewers for."""
    for member in ("TrustedKeyGroups", "TrustedSigners"):
        held = document.get(member) or {}
        if held.get("Enabled"):
            yield Auth(AuthKind.CUSTOM, "query", False, "signed URL or cookie", {member: listed(held)})
            return


def behaviour_upstreams(ref: str, found: Sequence[Behaviour]) -> Iterator[Upstream]:
    """The origins that behaviours lead to. CloudFront checks the certificate of every origin it calls by HTTPS."""
    for origin in {entry.origin.id: entry.origin for entry in found if entry.origin}.values():
        kept = picked(
            origin.document, "Id", "DomainName", "OriginPath", "OriginAccessControlId", "VpcOriginConfig"
        )
        custom = picked(
            origin.document.get("CustomOriginConfig") or {}, "OriginProtocolPolicy", "OriginSslProtocols", "HTTPPort",
            "HTTPSPort",
        )  # fmt: skip
        names = [str(header["HeaderName"]) for header in listed(origin.document.get("CustomHeaders"))]
        if not custom:
            # How CloudFront reaches an S3 or VPC origin is not told here.
            yield Upstream(_upstream_ref(ref, origin), origin.host, "origin", None, kept)
            continue
        yield Upstream(
            _upstream_ref(ref, origin),
            f"{'http' if origin.plain else 'https'}://{origin.host}{origin.path}",
            "origin",
            None if origin.plain else True,
            {**kept, "CustomOriginConfig": custom, "customHeaderNames": names},
        )


def _upstream_ref(ref: str, origin: Origin) -> str:
    return f"{ref}#origin/{origin.id}"
