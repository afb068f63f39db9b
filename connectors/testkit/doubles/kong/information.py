"""What ``GET /`` and ``GET /status`` tell about the node.

Source: Admin API 3.9, "Retrieve node information" and "Retrieve node status".
"""

import os
import time
import uuid
from dataclasses import dataclass
from typing import Any

from connectors.testkit.doubles.kong.plugin_schemas import PLUGINS
from connectors.testkit.doubles.kong.store import Store

VERSION = "3.9.1"
NODE_ID = "5e8f2a54-3c1d-4b7e-9d52-0f6a1c7b3e90"


@dataclass(frozen=True)
class Release:
    """What is installed: ``version`` of open-source Kong or of Kong Enterprise; ``data_planes`` makes it hybrid."""

    version: str = VERSION
    enterprise: bool = False
    data_planes: tuple[str, ...] = ()

    @property
    def conditions(self) -> bool:
        """Whether its plugins take conditions."""
        major, minor = (int(part) for part in self.version.split(".")[:2])
        return self.enterprise and (major, minor) >= (3, 15)


@dataclass(frozen=True)
class Ports:
    """Where the two listeners of the double are."""

    admin: int
    proxy: int


def node(store: Store, ports: Ports, release: Release, audited: bool = False) -> dict[str, Any]:
    """The node's version, plugins and configuration; ``audited`` is a node with its audit log on."""
    enabled = sorted({plugin["name"] for plugin in store.all("plugins")})
    return {
        "version": release.version,
        "edition": "enterprise" if release.enterprise else "community",
        "tagline": "Welcome to kong",
        "node_id": NODE_ID,
        "hostname": "kong-acme-1",
        "lua_version": "LuaJIT 2.1.0-20231117",
        "timers": {"running": 0, "pending": 9},
        "pids": {"master": os.getpid(), "workers": [os.getpid()]},
        "plugins": {
            "available_on_server": {
                name: {"version": release.version, "priority": schema.priority}
                for name, schema in PLUGINS.items()
            },
            "enabled_in_cluster": enabled,
        },
        "configuration": {
            "database": "postgres",
            "role": "control_plane" if release.data_planes else "traditional",
            "router_flavor": "traditional_compatible",
            "admin_listen": [f"0.0.0.0:{ports.admin}"],
            "proxy_listen": [f"0.0.0.0:{ports.proxy}"],
            "trusted_ips": ["127.0.0.1"],
            "real_ip_header": "X-Real-IP",
            "real_ip_recursive": "off",
            "untrusted_lua": "sandbox",
            "db_update_frequency": 5,
            "headers": ["server_tokens", "latency_tokens", "X-Kong-Request-Id"],
            "log_level": "notice",
            "plugins": ["bundled"],
            **({"audit_log": True} if audited else {}),
        },
    }


def data_planes(release: Release) -> list[dict[str, Any]]:
    """``GET /clustering/data-planes`` of a hybrid installation's control plane."""
    return [
        {
            "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"dp-{number}")),
            "hostname": f"dp-{number}",
            "ip": "10.0.0.1",
            "version": version,
            "config_hash": "c9c86f1cb5a8a1b9a2f9b8a6e25c2f4e",
            "last_seen": int(time.time()),
            "sync_status": "normal",
        }
        for number, version in enumerate(release.data_planes)
    ]


def status() -> dict[str, Any]:
    """Health of the node."""
    shared = {"kong_core_db_cache": {"capacity": "128.00 MiB", "allocated_slabs": "0.76 MiB"}}
    return {
        "database": {"reachable": True},
        "memory": {
            "lua_shared_dicts": shared,
            "workers_lua_vms": [{"http_allocated_gc": "52.11 MiB", "pid": os.getpid()}],
        },
        "server": {
            "connections_active": 1,
            "connections_reading": 0,
            "connections_writing": 1,
            "connections_waiting": 0,
            "connections_accepted": 1,
            "connections_handled": 1,
            "total_requests": 1,
        },
    }
