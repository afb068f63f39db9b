"""What ``GET /`` and ``GET /status`` tell about the node.

Source: Admin API 3.9, "Retrieve node information" and "Retrieve node status".
"""

import os
from dataclasses import dataclass
from typing import Any

from connectors.testkit.doubles.kong.plugin_schemas import PLUGINS
from connectors.testkit.doubles.kong.store import Store

VERSION = "3.9.1"
NODE_ID = "5e8f2a54-3c1d-4b7e-9d52-0f6a1c7b3e90"


@dataclass(frozen=True)
class Ports:
    """Where the two listeners of the double are."""

    admin: int
    proxy: int


def node(store: Store, ports: Ports, audited: bool = False) -> dict[str, Any]:
    """The node's version, plugins and configuration; ``audited`` is an Enterprise node with its audit log on."""
    enabled = sorted({plugin["name"] for plugin in store.all("plugins")})
    return {
        "version": f"{VERSION}.2" if audited else VERSION,
        "edition": "enterprise" if audited else "community",
        "tagline": "Welcome to kong",
        "node_id": NODE_ID,
        "hostname": "kong-acme-1",
        "lua_version": "LuaJIT 2.1.0-20231117",
        "timers": {"running": 0, "pending": 9},
        "pids": {"master": os.getpid(), "workers": [os.getpid()]},
        "plugins": {
            "available_on_server": {
                name: {"version": VERSION, "priority": schema.priority} for name, schema in PLUGINS.items()
            },
            "enabled_in_cluster": enabled,
        },
        "configuration": {
            "database": "postgres",
            "role": "traditional",
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
