"""XML answers of object stores, read without entities, and their refusals in our error tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from connectors.base.errors import (
    ConnectorError,
    PermissionMissing,
    SettingsError,
    TransientError,
    VendorAnswerError,
)
from connectors.bucket.stores import ObjectUnread
from connectors.egress import EgressResponse

#: Codes about the credentials themselves. Sources: "Error responses" of the S3 API reference, "Blob service error
#: codes" and "Common REST API error codes" of Azure Storage, "HTTP status and error codes for XML" of Cloud Storage.
_CREDENTIALS: Final = frozenset(
    {
        "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "InvalidSecurity",
        "AuthenticationFailed", "NoAuthenticationInformation", "InvalidAuthenticationInfo", "AccountIsDisabled",
        "InvalidHeaderValue", "PublicAccessNotPermitted", "Unauthorized",
    }
)  # fmt: skip
_PLACE: Final = frozenset(
    {
        "NoSuchBucket", "InvalidBucketName", "ContainerNotFound", "ContainerDisabled", "ContainerBeingDeleted",
        "ResourceNotFound", "InvalidResourceName", "UserProjectMissing",
    }
)  # fmt: skip
_REGION: Final = frozenset(
    {
        "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "InvalidRegionName",
        "IllegalLocationConstraintException",
    }
)  # fmt: skip
_GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion", "BlobNotFound"})
_CHANGED: Final = frozenset({"PreconditionFailed", "ConditionNotMet", "InvalidRange"})
_ARCHIVED: Final = frozenset({"InvalidObjectState", "BlobArchived", "BlobBeingRehydrated"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was being done: the vendor's name of the permission it takes, and whether on an object."""

    permission: str
    fix: str
    on_object: bool


def document(answer: EgressResponse) -> Any:
    """The root element of an XML answer, without namespaces; ``VendorAnswerError`` when it is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(answer.content.removeprefix(b"\xef\xbb\xbf"), parser)
    except etree.XMLSyntaxError:
        raise VendorAnswerError(
            "The answer was not the XML an object store answers.",
            action="Check that the endpoint is the store's and not a web page's.",
        ) from None
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname
    return root


def text_of(element: Any, path: str) -> str:
    """The text under ``path``, empty when there is none."""
    return str(element.findtext(path) or "")


def refuse(answer: EgressResponse, wanted: Wanted) -> ConnectorError | ObjectUnread:
    """Why the store did not do what was asked, as an error to raise."""
    code, message, region = _told(answer)
    if wanted.on_object and (code in _GONE or (answer.status == 404 and code not in _PLACE)):
        return ObjectUnread("it was deleted before it was read")
    if wanted.on_object and (code in _CHANGED or answer.status in (412, 416)):
        return ObjectUnread("it changed while it was being read", again=True)
    if wanted.on_object and code in _ARCHIVED:
        return ObjectUnread("it is archived: its storage class has to be restored before it can be read")
    what = f"The store answered {code or answer.status}: {message or 'no explanation'}"
    what = what if what.endswith(".") else f"{what}."
    if code == "RequestTimeTooSkewed":
        return SettingsError(what, action="The clock of this server is wrong by minutes: correct it.")
    if code in _REGION or answer.status in (301, 307, 308):
        named = f" The bucket is in {region}." if region else ""
        return SettingsError(
            f"{what}{named}", action="Enter the bucket's region, or its endpoint, in the settings."
        )
    if code in _CREDENTIALS or (answer.status == 401 and not code):
        return SettingsError(what, action="Enter valid credentials; a token may have expired.")
    if code in _PLACE or answer.status == 404:
        return SettingsError(what, action="Check the bucket's or container's name and the endpoint.")
    if answer.status in (401, 403):
        return PermissionMissing(what, missing=wanted.permission, action=wanted.fix)
    if answer.status == 429 or answer.status >= 500:
        return TransientError(what)
    return VendorAnswerError(what, action="Check that the endpoint is the store's.")


def _told(answer: EgressResponse) -> tuple[str, str, str]:
    """Error code, first line of the message, region: from the body, else from headers."""
    code, message = answer.headers.get("x-ms-error-code", ""), ""
    region = answer.headers.get("x-amz-bucket-region", "")
    if answer.content.lstrip()[:1] == b"<":
        try:
            root = document(answer)
        except VendorAnswerError:
            return code, message, region
        if root.tag == "Error":
            code = text_of(root, "Code") or code
            message = text_of(root, "Message").strip().partition("\n")[0][:300]
            region = region or text_of(root, "Region")
    return code, message, region
