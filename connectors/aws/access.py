"""Test what a connection may do: one harmless real call per permission.

Harmless means: reads, or writes that name an object which cannot exist or a value WAFv2 cannot accept. AWS
decides on permission before it looks at either, so its answer tells which it was. A write that is accepted
against expectation is taken back at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from connectors.aws.failures import error_code
from connectors.aws.permissions import WRITE, policy_document, reading, trust_document
from connectors.aws.probes import PROBES, Probe
from connectors.aws.session import AwsSession, Role
from connectors.base.capabilities import Grant, Permission
from connectors.base.errors import (
    ConflictError,
    ConnectorError,
    PermissionMissing,
    RefusedError,
    SettingsError,
)
from connectors.base.manifest import PermissionNeed

if TYPE_CHECKING:
    from connectors.aws.manifest import AwsSettings
    from connectors.egress import Egress

_ASSUME = "sts:AssumeRole"
_PROOF = "sts:AssumeRole without external id"


class Access:
    """Tests every permission of both roles, and that the role refuses us without the external id."""

    def __init__(self, settings: AwsSettings, egress: Egress, *, session: AwsSession | None = None) -> None:
        self._settings = settings
        self._session = session or AwsSession(settings, egress)

    def check(self) -> list[Permission]:
        """Every permission with its outcome. A refusal is a row, never an exception; no network is unknown."""
        rows = self._role(Role.READ, self._settings.role_arn, reading(self._settings.organization), "read")
        if self._settings.blocking_role_arn:
            rows += self._role(Role.BLOCK, self._settings.blocking_role_arn, WRITE, "write")
        return rows

    def _role(self, role: Role, arn: str, needs: tuple[PermissionNeed, ...], access: str) -> list[Permission]:
        entry = self._assume(arn, access)
        if entry.grant is not Grant.GRANTED:
            reason = f"Could not be tested: {entry.detail}"
            rest = [Permission(need.action, need.purpose, access, Grant.UNKNOWN, reason) for need in needs]
            return [entry, *rest]
        return [entry, self._external_id(arn, access), *(self._tested(need, role) for need in needs)]

    def _assume(self, arn: str, access: str) -> Permission:
        purpose = f"Take the {access} role {arn} with this connection's external id."
        if not self._settings.external_id:
            raise SettingsError(
                "The connection has no external id yet.", action="Create the connection again."
            )
        fix = _document(
            "Trust policy of the role", trust_document("<our principal>", self._settings.external_id)
        )

        def attempt() -> None:
            answer = self._session.assume(arn, self._settings.external_id)
            account = str(answer["AssumedRoleUser"]["Arn"]).split(":")[4]
            if account != self._settings.account_id:
                raise SettingsError(f"The role leads to account {account}, not {self._settings.account_id}.")

        return _outcome(attempt, _ASSUME, purpose, access, fix)

    def _external_id(self, arn: str, access: str) -> Permission:
        purpose = f"Proof that {arn} refuses us when the external id is missing (protects you from the confused deputy)."
        try:
            self._session.assume(arn, None)
        except PermissionMissing:
            return Permission(_PROOF, purpose, access, Grant.GRANTED, "AWS refused, as it must.", proof=True)
        except ConnectorError as error:
            return Permission(_PROOF, purpose, access, Grant.UNKNOWN, error.what, proof=True)
        return Permission(
            _PROOF,
            purpose,
            access,
            Grant.DENIED,
            "The role let us in without the external id, so anybody who can make us use this role's ARN could read "
            "your account through us.",
            _document(
                "Add this condition to the role's trust policy",
                {"StringEquals": {"sts:ExternalId": self._settings.external_id}},
            ),
            proof=True,
        )

    def _tested(self, need: PermissionNeed, role: Role) -> Permission:
        probes = PROBES[need.action]
        for probe in probes if isinstance(probes, tuple) else (probes,):
            row = self._attempted(need, role, probe)
            if row.grant is not Grant.GRANTED:
                return row
        return row

    def _attempted(self, need: PermissionNeed, role: Role, probe: Probe) -> Permission:
        def attempt() -> None:
            self._probe(probe, role)

        return _outcome(attempt, need.action, need.purpose, need.access, self._fix(need), probe.proves)

    def _probe(self, probe: Probe, role: Role) -> None:
        region = self._settings.regions[0]
        answer = self._session.call(
            probe.service,
            probe.operation,
            region,
            role=role,
            **probe.parameters(self._settings.account_id, region),
        )
        if probe.undo:
            operation, parameters = probe.undo(answer)
            self._session.call(probe.service, operation, region, role=role, **parameters)

    def _fix(self, need: PermissionNeed) -> str:
        groups = tuple(self._settings.access_log_groups)
        policy = policy_document(
            need.access, self._settings.account_id, groups, organization=self._settings.organization
        )
        statement = next(
            entry
            for entry in policy["Statement"]
            if need.action in entry["Action"] and entry["Effect"] == "Allow"
        )
        return _document(f"Add to the {need.access} role's policy", {**statement, "Action": [need.action]})


def _outcome(
    attempt: Callable[[], None],
    action: str,
    purpose: str,
    access: str,
    fix: str,
    proves: frozenset[str] = frozenset(),
) -> Permission:
    try:
        attempt()
    except PermissionMissing as error:
        detail = error.what if error.missing == action else f"{error.what} Missing: {error.missing}."
        return Permission(action, purpose, access, Grant.DENIED, detail, fix)
    except (SettingsError, ConflictError, RefusedError) as error:
        if error_code(error) in proves:
            return Permission(action, purpose, access, Grant.GRANTED)
        grant = Grant.DENIED if action == _ASSUME else Grant.UNKNOWN
        return Permission(action, purpose, access, grant, error.what, fix)
    except ConnectorError as error:
        return Permission(action, purpose, access, Grant.UNKNOWN, error.what)
    return Permission(action, purpose, access, Grant.GRANTED)


def _document(title: str, value: dict[str, Any]) -> str:
    return f"{title}:\n{json.dumps(value, indent=2)}"
