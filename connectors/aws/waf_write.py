"""Write one object of ours to WAFv2 under its lock token, patiently.

Only objects whose name carries our mark are written. In a web ACL nothing but our one reference is added, changed
or removed; every other member is sent back as it was read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.aws.failures import error_code
from connectors.aws.session import AwsSession, Role
from connectors.aws.waf_documents import to_wire
from connectors.aws.waf_objects import IP_SET, REFERENCE, RULE_GROUP, own_ref
from connectors.aws.waf_state import find, read_web_acl
from connectors.aws.waf_target import AclAddress
from connectors.base.enforcement import OWNERSHIP_PREFIX, Change, ChangeKind, Target, VendorObject
from connectors.base.errors import ConflictError, ConnectorError, RefusedError, SettingsError, TransientError

_ATTEMPTS: Final = 5
#: Seconds to wait while a new object is not yet known everywhere or a removed one is still in use.
_WAITS: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
_NOT_YET: Final = frozenset({"WAFUnavailableEntityException", "WAFAssociatedItemException"})
_OPERATIONS: Final = {IP_SET: "IPSet", RULE_GROUP: "RuleGroup"}
_TAGS: Final = [{"Key": OWNERSHIP_PREFIX, "Value": "managed"}]
#: Members of a web ACL that UpdateWebACL takes (API reference); all others are computed or fixed.
_ACL_MEMBERS: Final = (
    "DefaultAction", "Description", "VisibilityConfig", "DataProtectionConfig", "CustomResponseBodies",
    "CaptchaConfig", "ChallengeConfig", "TokenDomains", "AssociationConfig", "OnSourceDDoSProtectionConfig",
    "ApplicationConfig", "MonetizationConfig",
)  # fmt: skip


@dataclass
class Writer:
    """Writes changes on one target. ``arns`` grows with what is created; ``notes`` with what is worth saying."""

    session: AwsSession
    target: Target
    address: AclAddress
    arns: dict[str, str]
    sleep: Callable[[float], None] = time.sleep
    notes: list[str] = field(default_factory=list)

    def write(self, change: Change) -> None:
        """Make one change. Raises ``ConflictError`` when the lock is lost five times in a row."""
        if not change.name.startswith(f"{OWNERSHIP_PREFIX}-"):
            raise RefusedError(f"{change.object_kind} {change.name} is not ours and is never written.")
        for attempt in range(_ATTEMPTS):
            try:
                self._patiently(change)
            except ConflictError:
                if attempt == _ATTEMPTS - 1:
                    raise
                self.sleep(0.2 * 2**attempt)
            else:
                return

    def _patiently(self, change: Change) -> None:
        for wait in (*_WAITS, None):
            try:
                self._once(change)
            except (TransientError, RefusedError) as error:
                if error_code(error) not in _NOT_YET or wait is None:
                    raise
                self.sleep(wait)
            else:
                return

    def _once(self, change: Change) -> None:
        if change.object_kind == REFERENCE:
            self._web_acl(change)
        elif change.after is None:
            self._delete(change)
        elif (existing := find(self.session, self.address, change.object_kind, change.name)) is None:
            self._create(change.after)
        else:
            self._update(change.after, existing)

    def _create(self, wanted: VendorObject) -> None:
        document = to_wire(wanted.document, self.arns)
        self._check_capacity(wanted, document)
        answer = self._call(f"Create{_OPERATIONS[wanted.kind]}", **document, Tags=_TAGS)
        self.arns[wanted.ref] = str(answer["Summary"]["ARN"])

    def _update(self, wanted: VendorObject, existing: Mapping[str, Any]) -> None:
        document = to_wire(wanted.document, self.arns)
        self._check_capacity(wanted, document)
        for fixed in ("IPAddressVersion", "Capacity"):
            document.pop(fixed, None)
        self._call(
            f"Update{_OPERATIONS[wanted.kind]}",
            **document,
            Id=existing["Id"],
            LockToken=existing["LockToken"],
        )
        self.arns[wanted.ref] = str(existing["ARN"])

    def _delete(self, change: Change) -> None:
        existing = find(self.session, self.address, change.object_kind, change.name)
        if existing is None:
            return
        self._call(
            f"Delete{_OPERATIONS[change.object_kind]}",
            Name=change.name,
            Scope=self.address.scope,
            Id=existing["Id"],
            LockToken=existing["LockToken"],
        )
        self.arns.pop(own_ref(change.object_kind, change.name), None)

    def _web_acl(self, change: Change) -> None:
        acl = read_web_acl(self.session, self.target)
        if acl.managed:
            raise managed_error(self.target)
        rules = [rule for rule in acl.document.get("Rules") or () if rule.get("Name") != change.name]
        if change.after is not None:
            wanted = to_wire(change.after.document["Rule"], self.arns)
            if any(rule["Priority"] == wanted["Priority"] for rule in rules):
                raise RefusedError(
                    f"Priority {wanted['Priority']} of web ACL {self.target.name} was taken meanwhile.",
                    action="The next push chooses another one.",
                )
            rules.append(wanted)
        kept = {name: acl.document[name] for name in _ACL_MEMBERS if acl.document.get(name) not in (None, "")}
        self._call(
            "UpdateWebACL",
            Name=self.address.name,
            Id=self.address.id,
            Scope=self.address.scope,
            LockToken=acl.lock,
            Rules=rules,
            **kept,
        )

    def _check_capacity(self, wanted: VendorObject, document: Mapping[str, Any]) -> None:
        """Ask AWS what our rules cost before it has to refuse them; not being able to ask is no reason to stop."""
        if wanted.kind != RULE_GROUP:
            return
        try:
            answer = self.session.call(
                "wafv2",
                "CheckCapacity",
                self.address.region,
                Scope=self.address.scope,
                Rules=document["Rules"],
            )
        except TransientError as error:
            if error_code(error) in _NOT_YET:
                raise
            return
        except ConnectorError:
            return
        if int(answer["Capacity"]) > int(document["Capacity"]):
            raise RefusedError(
                f"AWS counts {answer['Capacity']} WCU for our rules; our rule group holds {document['Capacity']}.",
                action="Let an older block expire or combine blocks.",
            )

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self.session.call("wafv2", operation, self.address.region, role=Role.BLOCK, **parameters)
        except SettingsError as error:
            if error_code(error) == "WAFNonexistentItemException":
                raise ConflictError(
                    error.what, action="It is read again and tried again."
                ) from error.__cause__
            raise


def managed_error(target: Target) -> RefusedError:
    """The refusal to write to a web ACL that belongs to Firewall Manager."""
    return RefusedError(
        f"Web ACL {target.name} is managed by AWS Firewall Manager; nobody else may change it.",
        action="Push to another web ACL, or have the Firewall Manager administrator add our rule group.",
    )


def ordered(changes: list[Change]) -> tuple[Change, ...]:
    """The order in which nothing ever refers to what does not exist: build up, then tear down."""
    rank = {IP_SET: 0, RULE_GROUP: 1, REFERENCE: 2}
    building = [change for change in changes if change.kind is not ChangeKind.DELETE]
    removing = [change for change in changes if change.kind is ChangeKind.DELETE]
    building.sort(key=lambda change: (rank[change.object_kind], change.name))
    removing.sort(key=lambda change: (-rank[change.object_kind], change.name))
    return (*building, *removing)
