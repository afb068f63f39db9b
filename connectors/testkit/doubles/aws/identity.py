"""Who signed a request, and AssumeRole with the trust policy evaluated (moto evaluates none).

Sources: IAM User Guide, "The confused deputy problem" (ExternalId), STS API Reference AssumeRole. A role
that does not exist and a role that does not trust the caller get the same ``AccessDenied``, as at the
vendor.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.iam.exceptions import NotFoundException
from moto.iam.models import get_account_id_from
from werkzeug.wrappers import Request

from connectors.testkit.doubles.aws.errors import XML_SERVICES, AwsError
from connectors.testkit.doubles.aws.iam import Decision, Policy, Query, evaluate
from connectors.testkit.doubles.aws.operations import ApiCall, iam_action, iam_resources
from connectors.testkit.doubles.aws.signature import check_signature
from connectors.testkit.doubles.aws.state import ACCOUNT, LOCK, backend

ADMINISTRATOR = "OrganizationAccountAccessRole"
"""The role Organizations makes in a new account for its management account (Organizations User Guide)."""
ALWAYS_ALLOWED = {"sts:GetCallerIdentity", "sts:AssumeRole"}
"""GetCallerIdentity needs no permission (STS reference); AssumeRole is decided by the trust policy below."""


@dataclass(frozen=True)
class Caller:
    """An authenticated principal. ``policies`` None means everything is allowed (an administrator)."""

    arn: str
    account: str
    user_id: str
    policies: tuple[Policy, ...] | None = None
    session_policy: Policy | None = None


@dataclass(frozen=True)
class Principals:
    """The access keys known from the start: the customer's administrator and the product's own AWS
    principal.
    """

    admin_key: str = "AKIAACMEADMIN0000001"
    platform_key: str = "AKIAPORTCULLIS000001"
    platform_arn: str = "arn:aws:iam::999988887777:user/portcullis"

    def known(self, access_key: str) -> Caller | None:
        """The caller behind a long-lived key; None when the key is not one of ours."""
        if access_key == self.admin_key:
            return Caller(f"arn:aws:iam::{ACCOUNT}:user/acme-admin", ACCOUNT, "AIDAACMEADMIN")
        if access_key == self.platform_key:
            account = self.platform_arn.split(":")[4]
            # The product's own account grants its principal nothing but AssumeRole.
            return Caller(self.platform_arn, account, "AIDAPORTCULLIS", policies=())
        return None


def _role_policies(role: Any) -> tuple[Policy, ...]:
    inline = [json.loads(unquote(text)) for text in role.policies.values()]
    attached = [json.loads(policy.document) for policy in role.managed_policies.values()]
    return tuple(inline + attached)


def authenticate(request: Request, call: ApiCall, principals: Principals) -> Caller:
    """The principal that signed ``call``, sent as ``request``. Raises the vendor's error for unknown,
    expired or mismatched credentials.
    """
    if caller := principals.known(call.access_key):
        return caller
    with LOCK:
        if user := _user_of(request, call):
            return user
        account = get_account_id_from(call.access_key)
        session = backend("sts", call.region, account).get_assumed_role_from_access_key(call.access_key)
        if session is None or session.session_token != call.session_token:
            codes = {"sts": "InvalidClientTokenId", "iam": "InvalidClientTokenId", "s3": "InvalidAccessKeyId"}
            code = codes.get(call.service, "UnrecognizedClientException")
            raise AwsError(code, "The security token included in the request is invalid.", 403)
        if session.expiration.replace(tzinfo=UTC) <= datetime.now(UTC):
            raise AwsError(
                "ExpiredTokenException", "The security token included in the request is expired", 403
            )
        try:
            role = backend("iam", call.region, account).get_role_by_arn(session.role_arn)
            policies = None if role.name == ADMINISTRATOR else _role_policies(role)
        except NotFoundException:
            # A session outlives its deleted role, without any permission.
            policies = ()
        check_signature(request, call, session.secret_access_key)
    narrowed = json.loads(session.policy) if session.policy else None
    return Caller(session.arn, account, session.user_id, policies, narrowed)


def _user_of(request: Request, call: ApiCall) -> Caller | None:
    """The IAM user whose access key signed ``call``, its signature verified; None when the key is no user's."""
    for user in backend("iam", call.region).users.values():
        for key in user.access_keys:
            if key.access_key_id != call.access_key:
                continue
            if key.status != "Active":
                raise AwsError("InvalidAccessKeyId", "The AWS Access Key Id you provided is not active.", 403)
            check_signature(request, call, key.secret_access_key)
            policies = [json.loads(unquote(text)) for text in user.policies.values()]
            policies += [json.loads(policy.document) for policy in user.managed_policies.values()]
            return Caller(user.arn, ACCOUNT, user.id, tuple(policies))
    return None


def authorize(call: ApiCall, caller: Caller) -> None:
    """Raise ``AccessDenied`` naming the action and the resource unless the caller's policies allow the
    call.
    """
    action = iam_action(call)
    if caller.policies is None or action in ALWAYS_ALLOWED:
        return
    resources = tuple(iam_resources(call, caller.account))
    context = {"aws:RequestedRegion": call.region, "aws:PrincipalArn": caller.arn}
    if call.service == "s3" and "prefix" in call.params:
        context["s3:prefix"] = str(call.params["prefix"])
    query = Query(action, resources, context)
    decision, layer = evaluate(caller.policies, query), "identity"
    if decision is Decision.ALLOWED and caller.session_policy is not None:
        decision, layer = evaluate([caller.session_policy], query), "session"
    if decision is Decision.ALLOWED:
        return
    because = (
        f"with an explicit deny in an {layer}-based policy"
        if decision is Decision.EXPLICIT_DENY
        else f"because no {layer}-based policy allows the {action} action"
    )
    if layer == "session":
        because = because.replace("session-based", "session")
    in_xml = call.service == "s3" or call.service in XML_SERVICES
    code = "AccessDenied" if in_xml else "AccessDeniedException"
    where = f" on resource: {resources[0]}" if resources[0] != "*" else " on resource: *"
    message = f"User: {caller.arn} is not authorized to perform: {action}{where} {because}"
    raise AwsError(code, message, 403 if in_xml or call.service.startswith("apigateway") else 400)


def check_assume_role(call: ApiCall, caller: Caller) -> None:
    """Evaluate the role's trust policy on the caller and its ExternalId; raise ``AccessDenied`` when it
    says no.
    """
    role_arn = str(call.params.get("RoleArn", ""))
    denied = AwsError(
        "AccessDenied",
        f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
        403,
    )
    with LOCK:
        try:
            role = backend("iam", call.region, role_arn.split(":")[4]).get_role_by_arn(role_arn)
        except Exception as error:
            raise denied from error
    trust = role.assume_role_policy_document
    trust = json.loads(unquote(trust)) if isinstance(trust, str) else trust
    context = {"sts:RoleSessionName": str(call.params.get("RoleSessionName", ""))}
    if external_id := call.params.get("ExternalId"):
        context["sts:ExternalId"] = str(external_id)
    account = caller.account
    query = Query(
        "sts:AssumeRole", (role_arn,), context, (caller.arn, account, f"arn:aws:iam::{account}:root")
    )
    if evaluate([trust], query) is not Decision.ALLOWED:
        raise denied
    longest = int(role.max_session_duration or 3600)
    if int(call.params.get("DurationSeconds", 3600)) > longest:
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise AwsError("ValidationError", message)


def caller_identity_xml(caller: Caller) -> str:
    """The answer to ``GetCallerIdentity``."""
    return (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>{caller.arn}</Arn><UserId>{caller.user_id}</UserId><Account>{caller.account}</Account>"
        "</GetCallerIdentityResult><ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId>"
        "</ResponseMetadata></GetCallerIdentityResponse>"
    )
