"""What AWS Organizations checks before moto answers: who asks, and how much at once.

Source: AWS Organizations API reference, ``ListAccounts`` ("can be called only from the organization's management
account or by a member account that is a delegated administrator"; ``MaxResults`` 1 to 20).
"""

from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.operations import ApiCall
from connectors.testkit.doubles.aws.state import ACCOUNT, backend

LISTS = ("ListAccounts",)


def kept_by(call: ApiCall, account: str) -> str:
    """The account whose state answers: the organisation is kept by its management account, whoever asks."""
    return ACCOUNT if call.service == "organizations" else account


def before(call: ApiCall, account: str) -> None:
    """Refuse what the vendor would refuse. The sample company's account is the management account."""
    if call.operation not in LISTS:
        return
    kept = backend("organizations", call.region, ACCOUNT)
    if kept.org is None or (account != ACCOUNT and account not in {held.id for held in kept.accounts}):
        message = "Your account is not a member of an organization."
        raise AwsError("AWSOrganizationsNotInUseException", message)
    if account != ACCOUNT and account not in {admin.account.id for admin in kept.admins}:
        raise AwsError("AccessDeniedException", "You don't have permissions to access this resource.")
    if not 1 <= int(call.params.get("MaxResults") or 20) <= 20:
        raise AwsError("InvalidInputException", "You specified an invalid value for MaxResults.")
