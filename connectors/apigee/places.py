"""The places blocks can be pushed to: an environment's security actions, and the shared flow before its proxies."""

from __future__ import annotations

from typing import Final

from connectors.apigee.actions import ENVIRONMENT
from connectors.apigee.flow.package import NAME
from connectors.apigee.flow.state import FIRST, KIND
from connectors.base.enforcement import Target
from connectors.base.model import ConfigSnapshot, Setting, WafPolicy

_OFF: Final = "Security actions are not in force in this environment: blocks are refused."
_NOTHING: Final = "No proxy is deployed in it: blocks have no effect."


def targets_of(snapshot: ConfigSnapshot, enforcer: str) -> tuple[Target, ...]:
    """The targets of the chosen enforcer (the words of the settings), those with most proxies first."""
    found: list[Target] = []
    if enforcer in ("security_actions", "both"):
        found += [_actions(policy) for policy in snapshot.waf_policies]
    if enforcer in ("shared_flow", "both"):
        found += [_flow(snapshot, entry) for entry in snapshot.settings if entry.name == "flow_hooks"]
    return tuple(sorted(found, key=lambda target: (-len(target.service_refs), target.ref)))


def _actions(policy: WafPolicy) -> Target:
    note = "" if policy.evidence.get("in_force") else _OFF
    note = note or ("" if policy.attached_to else _NOTHING)
    ref = policy.ref.removesuffix("/securityActions")
    return Target(ref, policy.scope, ENVIRONMENT, policy.attached_to, note)


def _flow(snapshot: ConfigSnapshot, hooks: Setting) -> Target:
    place = hooks.ref.removesuffix("#hooks")
    refs = tuple(stage.ref for stage in snapshot.stages if stage.ref.startswith(f"{place}/apis/"))
    taken = (hooks.evidence.get("attached") or {}).get(FIRST, "")
    note = f"The flow hook {FIRST} runs {taken}, which has to call {NAME}." if taken not in ("", NAME) else ""
    note = note or ("" if refs else _NOTHING)
    return Target(f"{place}/sharedflows/{NAME}", place.rpartition("/")[2], KIND, refs, note)
