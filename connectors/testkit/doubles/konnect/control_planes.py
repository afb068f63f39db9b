"""Control planes and their data plane nodes: listing, filtering, paging.

Source: Konnect "Control Planes" and "Control Planes Configuration" OpenAPI descriptions (v2).
"""

import base64
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request

from connectors.testkit.doubles.kong.store import Store
from connectors.testkit.doubles.konnect.problems import bad_request

FILTERS = {"id": ("eq", "oeq"), "name": ("eq", "contains", "neq"), "cluster_type": ("eq", "neq")}
MOST_PER_PAGE = 100


@dataclass
class ControlPlane:
    """One control plane with its entities; ``versions`` are its data planes'."""

    name: str
    kind: str = "CLUSTER_TYPE_CONTROL_PLANE"
    versions: tuple[str, ...] = ()
    member: bool = False
    store: Store = field(default_factory=lambda: Store(conditions=True))

    @property
    def id(self) -> str:
        """Made from the name, so that every start has the same."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.name}.konnect"))

    def document(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "description": "",
            "labels": {},
            "config": {
                "control_plane_endpoint": f"https://{self.id[:10]}.us.cp0.konghq.com",
                "telemetry_endpoint": f"https://{self.id[:10]}.us.tp0.konghq.com",
                "cluster_type": self.kind,
                "auth_type": "pinned_client_certs",
                "cloud_gateway": False,
                "proxy_urls": [],
            },
            "created_at": "2025-11-04T20:10:06.927Z",
            "updated_at": "2025-11-04T20:10:06.927Z",
        }

    def nodes(self) -> list[dict[str, Any]]:
        """Its data planes."""
        now = int(time.time())
        return [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.name}.{number}")),
                "version": version,
                "hostname": f"dp-{number}",
                "last_ping": now,
                "type": "kong-proxy",
                "created_at": now - 86_400,
                "updated_at": now,
                "config_hash": "c9c86f1cb5a8a1b9a2f9b8a6e25c2f4e",
                "compatibility_status": {"state": "COMPATIBILITY_STATE_FULLY_COMPATIBLE"},
            }
            for number, version in enumerate(self.versions)
        ]


def listed(request: Request, planes: list[ControlPlane]) -> dict[str, Any]:
    """One page of control planes by number, filtered."""
    chosen = list(planes)
    for name, value in request.args.items():
        if name in ("page[size]", "page[number]", "sort", "labels"):
            continue
        chosen = [plane for plane in chosen if _fits(plane, name, value)]
    size, number = _positive(request, "page[size]", 10), _positive(request, "page[number]", 1)
    rows = [plane.document() for plane in chosen[(number - 1) * size : number * size]]
    return {"meta": {"page": {"number": number, "size": size, "total": len(chosen)}}, "data": rows}


def nodes_page(request: Request, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One page of data planes by cursor."""
    size, after = _positive(request, "page[size]", 10), request.args.get("page[after]", "")
    for name in request.args:
        if name not in ("page[size]", "page[after]"):
            raise bad_request(name, "property should not exist")
    start = int(base64.urlsafe_b64decode(after)) if after else 0
    page: dict[str, Any] = {"total": len(rows)}
    if start + size < len(rows):
        page["next"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return {"items": rows[start : start + size], "page": page}


def _positive(request: Request, name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    most = MOST_PER_PAGE if name == "page[size]" else 1_000_000
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise bad_request(name, "is not a valid page")
    return int(text)


def _fits(plane: ControlPlane, parameter: str, value: str) -> bool:
    """Whether a control plane passes one ``filter[field][operator]`` (or ``filter[field]``) parameter."""
    steps = parameter.removeprefix("filter[").removesuffix("]").split("][")
    name, operator = steps[0], (steps[1] if len(steps) == 2 else "eq")
    if not parameter.startswith("filter[") or operator not in FILTERS.get(name, ()):
        raise bad_request(parameter, "property should not exist")
    own = {"id": plane.id, "name": plane.name, "cluster_type": plane.kind}[name]
    return {
        "eq": own == value,
        "neq": own != value,
        "oeq": own in value.split(","),
        "contains": value.lower() in own.lower(),
    }[operator]
