"""The objects a program wants, gathered intent by intent: shared deny lists first, then whole objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.enforcement import Target, VendorObject
from connectors.kong.conditions import MOST_CHARACTERS, joined
from connectors.kong.entities import Entity, config_of, strings
from connectors.kong.estate import Estate
from connectors.kong.ownership import OWNER_TAG, made_uuid

#: Longest deny list we write; Kong has no limit, but every entry is compared on every request.
MAX_ENTRIES: Final = 10_000

#: Longest list that is handed out whole with each block's patch.
JOINT_ENTRIES: Final = 200

#: Protocols of a route that names none.
ORDINARY: Final = ("http", "https")

_DENY_EXTRAS: Final[dict[str, dict[str, Any]]] = {"ip-restriction": {"status": 403, "message": "Forbidden"}}


class Draft:
    """Desired objects on one target."""

    def __init__(self, target: Target, estate: Estate, standing: Mapping[str, Any] | None = None) -> None:
        """``standing`` is the document of our shared condition as it is in Kong, when it is."""
        self.estate = estate
        self._target = target
        self._standing = standing if standing and standing.get("condition") else {}
        self._deny: dict[str, set[str]] = {}
        self._whole: dict[tuple[str, str], VendorObject] = {}
        self._conditions: dict[str, str] = {}
        self._listed: dict[str, tuple[str, set[str]]] = {}

    def apart(self) -> Draft:
        """A copy to try something on; ``take`` makes it this draft's."""
        made = Draft(self._target, self.estate, self._standing)
        made._deny = {plugin: set(entries) for plugin, entries in self._deny.items()}
        made._whole, made._conditions = dict(self._whole), dict(self._conditions)
        made._listed = dict(self._listed)
        return made

    def take(self, tried: Draft) -> None:
        """Want what a copy wants."""
        self._deny, self._whole, self._conditions = tried._deny, tried._whole, tried._conditions
        self._listed = tried._listed

    def deny_blocker(self, plugin: str) -> str:
        """Why the global instance of a deny plugin cannot take our entries; "" when it can."""
        theirs = self.estate.index.scoped(plugin)
        if theirs is not None and theirs.get("enabled") is False:
            return f"Your global {plugin} plugin is switched off, and Kong allows only one: switch it on or remove it."
        if theirs is not None and theirs.get("condition"):
            return f"Your global {plugin} plugin runs under a condition only, and Kong allows only one."
        missed = self._protocols() - set(strings(theirs.get("protocols"))) if theirs else set()
        if theirs is not None and theirs.get("protocols") and missed:
            return (
                f"Your global {plugin} plugin does not run for {' and '.join(sorted(missed))}, which routes of this "
                "Kong serve, and Kong allows only one."
            )
        return ""

    def _protocols(self) -> set[str]:
        """Protocols of HTTP requests that the routes take."""
        served = {
            name for route in self.estate.routes for name in strings(route.get("protocols")) or ORDINARY
        }
        return served & {*ORDINARY, "grpc", "grpcs"}

    def deny(self, plugin: str, entries: list[str], intent_id: str) -> str:
        """Want entries denied for the whole workspace; says what they cost."""
        wanted = self._deny.setdefault(plugin, set())
        wanted.update(entries)
        self._listed[intent_id] = (plugin, set(entries))
        return f"{len(entries)} of {MAX_ENTRIES:,} entries of {plugin}"

    def deny_room(self, plugin: str, count: int) -> bool:
        """Whether the list takes that many entries more."""
        return len(self._deny.get(plugin, ())) + count <= MAX_ENTRIES

    def without_conditions(self, intent_id: str) -> str:
        """Why a block may have no condition; "" when it may.

        Where the data planes' versions are not known, a block that stands is left standing: its plugin is in force
        already, and only a data plane that was seen to be too old is a reason to take it away.
        """
        why = self.estate.no_conditions()
        return why or ("" if self.stands(intent_id) else self.estate.conditions_unknown())

    def stands(self, intent_id: str, expression: str = "") -> bool:
        """Whether a block is in the shared condition now, and with this expression where one is given."""
        held = f"({expression})" in str(self._standing.get("condition")) if expression else True
        return held and f"{OWNER_TAG}-{intent_id}" in strings(self._standing.get("tags"))

    def condition(self, intent_id: str, expression: str) -> bool:
        """Want what fits the expression ended everywhere; False, and nothing is wanted, when there is no room."""
        wanted = {**self._conditions, intent_id: expression}
        if len(joined(wanted.values())) > MOST_CHARACTERS:
            return False
        self._conditions = wanted
        return True

    def want(self, kind: str, key: str, document: Mapping[str, Any], intent_id: str) -> str:
        """Want one whole object, known by ``key``; gives its id."""
        ref = made_uuid(self._target.ref, kind, key)
        tags = [OWNER_TAG, f"{OWNER_TAG}-{intent_id}"]
        made = {**document, "id": ref, "tags": tags}
        self._whole[(kind, ref)] = VendorObject(kind, ref, str(document.get("name") or ""), made)
        return ref

    def want_plugin(
        self, name: str, scope: Mapping[str, str], config: Mapping[str, Any], intent_id: str
    ) -> str:
        """Want a plugin bound to a route or a consumer."""
        key = f"{name}|{intent_id}|" + "|".join(f"{kind}={ref}" for kind, ref in sorted(scope.items()))
        bound = {kind: {"id": ref} for kind, ref in scope.items()}
        return self.want(
            "plugins", key, {"name": name, "enabled": True, "config": dict(config), **bound}, intent_id
        )

    def objects(self) -> tuple[VendorObject, ...]:
        """All wanted objects, sorted: equal intents always give equal programs."""
        made: list[VendorObject | None] = list(self._whole.values())
        for plugin, entries in self._deny.items():
            theirs = self.estate.index.scoped(plugin)
            made.append(self._own_list(plugin, entries) if theirs is None else _their_list(theirs, entries))
        if self._conditions:
            made.append(self._own_condition())
        return tuple(sorted((entry for entry in made if entry is not None), key=lambda e: (e.kind, e.ref)))

    def parts(self) -> dict[str, list[VendorObject]]:
        """What each block has a share in, by its id: shared objects as they are for all blocks together.

        Of a long list only the block's own entries, as entries to add.
        """
        found: dict[str, list[VendorObject]] = {}
        lists: dict[str, VendorObject] = {}
        for entry in self.objects():
            tags = strings(entry.document.get("tags"))
            for tag in tags[1:]:
                found.setdefault(tag.removeprefix(f"{OWNER_TAG}-"), []).append(entry)
            if len(tags) < 2:
                lists[entry.name] = entry
        for intent_id, (plugin, entries) in self._listed.items():
            if (shared := lists.get(plugin)) is not None:
                own = VendorObject(
                    "entries", shared.ref, plugin, {"name": plugin, "entries": sorted(entries)}
                )
                short = shared.kind == "plugins" and len(self._deny[plugin]) <= JOINT_ENTRIES
                found.setdefault(intent_id, []).append(shared if short else own)
        return found

    def _own_condition(self) -> VendorObject:
        """The one global request-termination, with the conditions of all blocks that need one."""
        name = "request-termination"
        ref = condition_ref(self._target)
        ordered = sorted(self._conditions)
        document = {
            "id": ref,
            "name": name,
            "enabled": True,
            "tags": [OWNER_TAG, *(f"{OWNER_TAG}-{intent_id}" for intent_id in ordered)],
            "config": {"status_code": 403, "message": "Forbidden"},
            "condition": joined(self._conditions[intent_id] for intent_id in ordered),
        }
        return VendorObject("plugins", ref, name, document)

    def _own_list(self, plugin: str, entries: set[str]) -> VendorObject:
        """Our own global instance: the customer has none."""
        ref = made_uuid(self._target.ref, "plugins", plugin, "global")
        config = {"deny": sorted(entries), **_DENY_EXTRAS.get(plugin, {})}
        document = {"id": ref, "name": plugin, "enabled": True, "tags": [OWNER_TAG], "config": config}
        return VendorObject("plugins", ref, plugin, document)


def condition_ref(target: Target) -> str:
    """The id of the plugin that holds the shared condition."""
    return made_uuid(target.ref, "plugins", "request-termination", "condition")


def _their_list(plugin: Entity, entries: set[str]) -> VendorObject | None:
    """Our entries in the customer's global instance; those they deny already are left to them."""
    added = sorted(entries - set(strings(config_of(plugin).get("deny"))))
    if not added:
        return None
    ref, name = str(plugin.get("id")), str(plugin.get("name"))
    return VendorObject("entries", ref, name, {"name": name, "entries": added})
