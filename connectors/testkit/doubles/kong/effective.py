"""Which instance of a plugin runs for a request: only the most specific one per plugin name.

Source: Kong documentation, "Plugin precedence" (consumer, route and service together first, global last).
The consumer is known only once an authentication plugin ran, so the choice is made plugin by plugin, in
priority order.
"""

from collections.abc import Iterator
from typing import Any

from connectors.testkit.doubles.kong.exchange import Exchange
from connectors.testkit.doubles.kong.plugin_schemas import PLUGINS

Plugin = dict[str, Any]

PRECEDENCE: tuple[tuple[str, ...], ...] = (
    ("consumer", "route", "service"),
    ("consumer", "route"),
    ("consumer", "service"),
    ("route", "service"),
    ("consumer",),
    ("route",),
    ("service",),
    (),
)


def most_specific(instances: list[Plugin], exchange: Exchange) -> Plugin | None:
    """The instance of one plugin that applies to the exchange as far as it is known now."""
    present = {
        "consumer": (exchange.consumer or {}).get("id"),
        "route": (exchange.route or {}).get("id"),
        "service": (exchange.service or {}).get("id"),
    }
    for scopes in PRECEDENCE:
        if any(present[scope] is None for scope in scopes):
            continue
        wanted = {scope: present[scope] if scope in scopes else None for scope in present}
        for plugin in instances:
            if all((plugin[scope] or {}).get("id") == identifier for scope, identifier in wanted.items()):
                return plugin
    return None


def running(plugins: list[Plugin], exchange: Exchange) -> Iterator[Plugin]:
    """Effective, enabled plugin instances in priority order, each chosen when its turn comes."""
    by_name: dict[str, list[Plugin]] = {}
    for plugin in plugins:
        if plugin["enabled"] and exchange.scheme in plugin["protocols"]:
            by_name.setdefault(plugin["name"], []).append(plugin)
    for name in sorted(by_name, key=lambda item: -PLUGINS[item].priority):
        if chosen := most_specific(by_name[name], exchange):
            yield chosen
