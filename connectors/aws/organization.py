"""The accounts of an AWS organisation: listed by one of them, each read through a role of the same name.

Sources: AWS Organizations API reference (ListAccounts: only the management account or a delegated administrator may);
CloudFormation User Guide, "StackSets with service-managed permissions" (none is deployed to the management account).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from connectors.aws.session import AwsSession
from connectors.base.errors import PermissionMissing, RefusedError, SettingsError
from connectors.base.organization import OrganizationAccount

if TYPE_CHECKING:
    from connectors.aws.manifest import AwsSettings
    from connectors.egress import Egress

#: Organizations is served there, whatever the account's regions.
REGION: Final = "us-east-1"
_INACTIVE: Final = {
    "SUSPENDED": "AWS says that it is suspended.",
    "PENDING_CLOSURE": "AWS says that it is being closed.",
    "PENDING_ACTIVATION": "AWS says that it is not active yet.",
    "CLOSED": "AWS says that it is closed.",
}
#: Settings every account takes over from the organisation's connection.
_SHARED: Final = ("regions", "access_log_groups", "endpoint_url")


class Organization:
    """The organisation of the account in the settings."""

    def __init__(
        self,
        settings: AwsSettings,
        egress: Egress,
        *,
        session_of: Callable[[AwsSettings], AwsSession] | None = None,
    ) -> None:
        self._settings = settings
        self._session_of = session_of or (lambda given: AwsSession(given, egress))

    def accounts(self) -> Sequence[OrganizationAccount]:
        """Every account but the listing one, active or not."""
        listed = self._session_of(self._settings).items("organizations", "ListAccounts", REGION, "Accounts")
        return [
            OrganizationAccount(str(entry["Id"]), str(entry.get("Name") or entry["Id"]), _inactive(entry))
            for entry in listed
            if str(entry["Id"]) != self._settings.account_id
        ]

    def account_of(self, settings: Mapping[str, Any]) -> str:
        """The account id in a connection's settings."""
        return str(settings.get("account_id") or "")

    def settings_of(self, account: OrganizationAccount) -> Mapping[str, Any]:
        """The role of the same name in the account; regions and the like as here; never a blocking role."""
        held = self._settings.model_dump()
        role = self._settings.role_arn.replace(f"::{self._settings.account_id}:", f"::{account.ref}:")
        return {"account_id": account.ref, "role_arn": role, **{name: held[name] for name in _SHARED}}

    def admit(self, account: OrganizationAccount) -> None:
        """Take the account's role with the external id, and see that it refuses us without."""
        given = self._settings.model_copy(
            update={**self.settings_of(account), "organization": False, "blocking_role_arn": ""}
        )
        session = self._session_of(given)
        try:
            taken = session.assume(given.role_arn, given.external_id)
        except PermissionMissing as error:
            raise PermissionMissing(
                f"The role {given.role_arn} does not let us in: it is not there yet, or it trusts another principal or "
                "external id.",
                missing=error.missing,
                unchanged="The account is not read.",
                action="See in the stack set whether the account's stack was made; it is tried again.",
            ) from error
        found = str(taken["AssumedRoleUser"]["Arn"]).split(":")[4]
        if found != account.ref:
            raise SettingsError(f"The role leads to account {found}, not {account.ref}.")
        try:
            session.assume(given.role_arn, None)
        except PermissionMissing:
            return
        raise RefusedError(
            f"The role {given.role_arn} lets us in without the external id, so anybody who can make us use its ARN could "
            "read the account through us.",
            unchanged="The account is not connected.",
            action="Add the condition on sts:ExternalId to the role's trust policy, as the stack set's template has it.",
        )


def _inactive(entry: Mapping[str, Any]) -> str:
    """Why an account cannot be read. ``State`` is the newer member, ``Status`` the older one."""
    state = str(entry.get("State") or entry.get("Status") or "ACTIVE")
    return "" if state == "ACTIVE" else _INACTIVE.get(state, f"AWS says that its state is {state}.")
