"""AWS's error codes in our error tree: one table for every service."""

from __future__ import annotations

import re

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from connectors.base.errors import (
    ConflictError,
    ConnectorError,
    PermissionMissing,
    RefusedError,
    SettingsError,
    TransientError,
    VendorAnswerError,
)

#: Error code -> class. Sources: the "errors" of each operation in botocore's service models and
#: "Common errors" of the services' API references.
CODES: dict[str, type[ConnectorError]] = {
    "AccessDenied": PermissionMissing,
    "AccessDeniedException": PermissionMissing,
    "UnauthorizedOperation": PermissionMissing,
    "AuthorizationError": PermissionMissing,
    "ForbiddenException": PermissionMissing,
    "ExpiredToken": TransientError,
    "ExpiredTokenException": TransientError,
    "InvalidClientTokenId": SettingsError,
    "UnrecognizedClientException": SettingsError,
    "SignatureDoesNotMatch": SettingsError,
    "InvalidAccessKeyId": SettingsError,
    "OptInRequired": SettingsError,
    "RegionDisabledException": SettingsError,
    "AWSOrganizationsNotInUseException": SettingsError,
    "NoSuchBucket": SettingsError,
    "ResourceNotFoundException": SettingsError,
    "NotFoundException": SettingsError,
    "LoadBalancerNotFound": SettingsError,
    "ListenerNotFound": SettingsError,
    "NoSuchDistribution": SettingsError,
    "WAFNonexistentItemException": SettingsError,
    "PermanentRedirect": SettingsError,
    "ValidationError": SettingsError,
    "Throttling": TransientError,
    "ThrottlingException": TransientError,
    "ThrottledException": TransientError,
    "TooManyRequestsException": TransientError,
    "LimitExceededException": TransientError,
    "RequestLimitExceeded": TransientError,
    "SlowDown": TransientError,
    "InvalidNextTokenException": TransientError,
    "ServiceUnavailable": TransientError,
    "ServiceUnavailableException": TransientError,
    "InternalError": TransientError,
    "InternalFailure": TransientError,
    "InternalServerError": TransientError,
    "WAFInternalErrorException": TransientError,
    "WAFUnavailableEntityException": TransientError,
    "WAFOptimisticLockException": ConflictError,
    "ConflictException": ConflictError,
    "WAFAssociatedItemException": RefusedError,
    "WAFDuplicateItemException": ConflictError,
    "WAFLimitsExceededException": RefusedError,
    "WAFInvalidParameterException": RefusedError,
    "WAFInvalidOperationException": RefusedError,
    "WAFTagOperationException": RefusedError,
}

_ACTIONS = {
    SettingsError: "Check the connection's settings.",
    ConflictError: "Somebody else changed it meanwhile; it is read again and tried again.",
    RefusedError: "AWS did not accept it; the reason is given above.",
    VendorAnswerError: "If it happens again, tell us: AWS answered in a way we do not know.",
}

_NAMED_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")


def error_code(error: BaseException) -> str:
    """AWS's code of an error we translated (or of botocore's own), "" when there is none."""
    cause = error if isinstance(error, ClientError) else error.__cause__
    if isinstance(cause, ClientError):
        return str(cause.response.get("Error", {}).get("Code", ""))
    return ""


def named_action(message: str) -> str:
    """The IAM action a refusal names ("… not authorized to perform: wafv2:GetWebACL on …"), or ""."""
    found = _NAMED_ACTION.search(message)
    return found.group(1) if found else ""


def translate(error: ClientError | BotoCoreError, action: str) -> ConnectorError:
    """The error as one of ours; ``action`` is the IAM action that was being used."""
    if not isinstance(error, ClientError):
        return VendorAnswerError(
            f"AWS could not be asked for {action}: {type(error).__name__}.",
            action=_ACTIONS[VendorAnswerError],
        )
    details = error.response.get("Error", {})
    code = str(details.get("Code", ""))
    message = str(details.get("Message", "")).strip()[:400]
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kind = CODES.get(code) or _by_status(status)
    what = f"AWS answered {code or status} to {action}: {message or 'no explanation'}"
    if not what.endswith("."):
        what += "."
    if kind is PermissionMissing:
        missing = named_action(message) or action
        return PermissionMissing(what, missing=missing, action=f"Allow {missing} in the role's policy.")
    return kind(what, action=_ACTIONS.get(kind, ""))


def _by_status(status: int) -> type[ConnectorError]:
    if status in (401, 403):
        return PermissionMissing
    if status == 429 or status >= 500:
        return TransientError
    return VendorAnswerError


def check_xml(service: str, content: bytes) -> None:
    """botocore stumbles over XML of others, or takes it for an empty answer; AWS's names its own namespace at the top."""
    if b"amazonaws.com/doc/" not in content[:1000]:
        raise VendorAnswerError(
            f"What answered for {service} is not AWS: the answer is not one of its XML documents.",
            action="Check the endpoint in the settings and proxies on the way.",
        )


def check_json(service: str, content: bytes) -> None:
    """botocore takes a body that is no JSON for an empty answer; then a list would look empty that is unknown."""
    try:
        if not content or isinstance(orjson.loads(content), dict):
            return
    except orjson.JSONDecodeError:
        pass
    raise VendorAnswerError(
        f"What answered for {service} is not AWS: the answer is not a JSON object.",
        action="Check the endpoint in the settings and proxies on the way.",
    )
