"""Which plugin instance runs on a route: Kong runs only the most specific enabled one of each name.

Order without a consumer (Kong documentation, "plugin precedence"): route and service, route, service, global.
Instances bound to a consumer or consumer group win over these, for that caller only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from connectors.kong.entities import Entity, ref_id

#: Plugins that answer in the place of an upstream and run before request-termination, which Kong runs nearly last
#: (static priorities: request-termination 2, forward-proxy 50, proxy-cache 100, aws-lambda 750 …; Kong plugin hub, 3.15).
#: Plugins that only refuse are not among them, nor is what a function or a plugin of the customer's own does.
ANSWERING: Final = frozenset(
    {
        "ai-mcp-proxy", "ai-semantic-cache", "aws-lambda", "azure-functions", "confluent", "confluent-consume",
        "forward-proxy", "graphql-proxy-cache-advanced", "kafka-consume", "kafka-upstream", "openwhisk",
        "proxy-cache", "proxy-cache-advanced", "redirect", "request-callout", "solace-consume", "solace-upstream",
    }
)  # fmt: skip


class PluginIndex:
    """All plugin instances of a workspace, answering what is in force where."""

    def __init__(self, plugins: Iterable[Entity], consumers: Iterable[Entity] = ()) -> None:
        self.all = tuple(plugins)
        self._consumer_ids = {
            str(c.get("username")): str(c.get("id")) for c in consumers if c.get("username")
        }
        self._by_scope: dict[tuple[str, str], dict[str, Entity]] = defaultdict(dict)
        self._for_callers: dict[str, list[Entity]] = defaultdict(list)
        for plugin in self.all:
            name = str(plugin.get("name", ""))
            if ref_id(plugin, "consumer") or ref_id(plugin, "consumer_group"):
                self._for_callers[name].append(plugin)
            elif plugin.get("enabled") is not False:
                self._by_scope[(ref_id(plugin, "route"), ref_id(plugin, "service"))][name] = plugin

    def effective(self, route_id: str, service_id: str) -> Mapping[str, Entity]:
        """Plugin name to the instance that runs on the route for a caller without instances of its own."""
        found: dict[str, Entity] = {}
        for scope in (("", ""), ("", service_id), (route_id, ""), (route_id, service_id)):
            found.update(self._by_scope.get(scope, {}))
        return found

    def for_callers(self, name: str, route_id: str, service_id: str) -> list[Entity]:
        """Instances of ``name`` bound to a consumer or group that win on this route for those callers."""
        return [
            plugin
            for plugin in self._for_callers.get(name, [])
            if plugin.get("enabled") is not False
            and ref_id(plugin, "route") in ("", route_id)
            and ref_id(plugin, "service") in ("", service_id)
        ]

    def answering(self, route_id: str, service_id: str) -> str:
        """Why a request-termination is not sure to see every request of the route; "" when it is."""
        running = [
            plugin for name, plugin in self.effective(route_id, service_id).items() if name in ANSWERING
        ]
        running += [plugin for name in ANSWERING for plugin in self.for_callers(name, route_id, service_id)]
        found = sorted(f"{plugin.get('name')} ({plugin.get('id')})" for plugin in running)
        return f"Before request-termination the plugin {found[0]} may answer here." if found else ""

    def consumer_id(self, name_or_id: str) -> str:
        """A consumer's id from its name or id."""
        return self._consumer_ids.get(name_or_id, name_or_id)

    def scoped(self, name: str, *, route: str = "", service: str = "", consumer: str = "") -> Entity | None:
        """The instance of ``name`` at exactly this scope, disabled ones included: Kong allows only one."""
        for plugin in self.all:
            scope = (ref_id(plugin, "route"), ref_id(plugin, "service"), ref_id(plugin, "consumer"))
            if (
                plugin.get("name") == name
                and scope == (route, service, consumer)
                and not ref_id(plugin, "consumer_group")
            ):
                return plugin
        return None
