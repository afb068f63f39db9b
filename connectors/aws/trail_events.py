"""One CloudTrail event as a change: who, through what, on which object, with the part that shows it.

Fields: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from ipaddress import ip_address
from typing import Any, Final

import orjson

from connectors.aws.session import SESSION_NAME
from connectors.aws.trail_objects import IDENTIFIERS, object_of, parameters_of
from connectors.base.changes import AuthorKind, Channel, ConfigChange

_READS: Final = ("Get", "List", "Describe", "Check", "Lookup", "Test", "Export", "Search")
_AUTOMATION: Final = re.compile(
    r"terraform|opentofu|hashicorp|pulumi|cloudformation|aws-cdk|cdk/|ansible|crossplane|serverless|sam-cli|"
    r"[a-z0-9-]+\.amazonaws\.com$",
    re.IGNORECASE,
)
_CONSOLE: Final = re.compile(r"^Mozilla/|(?:console|signin)\.(?:aws\.)?amazon(?:aws)?\.com", re.IGNORECASE)
_PROGRAM: Final = re.compile(r"aws-cli|aws-sdk|boto|aws-tools|aws-internal/\d", re.IGNORECASE)
#: Sessions of AWS's single sign-on carry the person's user name.
_SIGN_ON: Final = "AWSReservedSSO_"
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of the account before its events: its id, and the role by which we write (may be empty)."""

    account: str
    own_role: str


def change_of(listed: Mapping[str, Any], region: str, reading: Reading) -> ConfigChange | None:
    """The change an entry of ``LookupEvents`` tells; None when it only read something."""
    event = _detail(listed)
    action = str(event.get("eventName") or listed.get("EventName") or "unknown")
    if _only_read(event.get("readOnly", listed.get("ReadOnly")), action):
        return None
    identity = _mapping(event.get("userIdentity"))
    author, kind = _author(identity, event, reading)
    parameters = parameters_of(event)
    kind_of_object, ref, name = object_of(event, parameters, action, region, reading.account)
    return ConfigChange(
        ref=str(event.get("eventID") or listed["EventId"]),
        at=listed["EventTime"].astimezone(UTC),
        action=action,
        object_kind=kind_of_object,
        object_ref=ref,
        object_name=name,
        author=author or str(listed.get("Username") or ""),
        author_kind=kind,
        channel=_channel(identity, event, kind),
        source_address=_address(event.get("sourceIPAddress")),
        succeeded=not event.get("errorCode"),
        evidence=_evidence(event, listed, identity, parameters, region),
    )


def _detail(listed: Mapping[str, Any]) -> dict[str, Any]:
    """The record itself. One that cannot be read is still told, by what the list says of it."""
    try:
        found = orjson.loads(listed.get("CloudTrailEvent") or "{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _said(value: Any) -> bool:
    return str(value).lower() == "true"


def _only_read(marked: Any, action: str) -> bool:
    """Records of older versions carry no mark; then the verb tells."""
    return action.startswith(_READS) if marked is None else _said(marked)


def _author(
    identity: Mapping[str, Any], event: Mapping[str, Any], reading: Reading
) -> tuple[str, AuthorKind]:
    context = _mapping(identity.get("sessionContext"))
    issuer = _mapping(context.get("sessionIssuer"))
    signed_in = _said(event.get("sessionCredentialFromConsole")) or _said(
        _mapping(context.get("attributes")).get("mfaAuthenticated")
    )
    last = str(identity.get("arn") or "").rpartition("/")[2]
    name = str(identity.get("userName") or last or identity.get("principalId") or "")
    match identity.get("type"):
        case "AssumedRole":
            role = str(issuer.get("userName") or _role(identity))
            shown = f"{role}/{last}" if last and last != role else role
            if reading.own_role and issuer.get("arn") == reading.own_role and last == SESSION_NAME:
                return shown, AuthorKind.PORTCULLIS
            person = signed_in or role.startswith(_SIGN_ON)
            return shown, AuthorKind.PERSON if person else AuthorKind.SERVICE
        case "Root":
            return "root", AuthorKind.PERSON
        case "IAMUser" | "FederatedUser":
            # A user's access key may be a program's; only a sign-in shows a person.
            return name, AuthorKind.PERSON if signed_in else AuthorKind.UNKNOWN
        case "IdentityCenterUser" | "SAMLUser":
            return name, AuthorKind.PERSON
        case "WebIdentityUser":
            return name, AuthorKind.UNKNOWN
        case "AWSService":
            return str(identity.get("invokedBy") or name), AuthorKind.VENDOR
        case "AWSAccount":
            return str(identity.get("accountId") or name), AuthorKind.UNKNOWN
        case _ if identity.get("invokedBy"):
            return str(identity["invokedBy"]), AuthorKind.VENDOR
    return name, AuthorKind.UNKNOWN


def _role(identity: Mapping[str, Any]) -> str:
    """The role in ``arn:aws:sts::<account>:assumed-role/<role>/<session>``."""
    parts = str(identity.get("arn") or "").split("/")
    return parts[1] if len(parts) > 1 else ""


def _channel(identity: Mapping[str, Any], event: Mapping[str, Any], kind: AuthorKind) -> Channel:
    agent = str(event.get("userAgent") or "")
    if kind is AuthorKind.PORTCULLIS:
        return Channel.API
    if kind is AuthorKind.VENDOR:
        return Channel.AUTOMATION
    if _CONSOLE.search(agent):
        return Channel.CONSOLE
    if identity.get("invokedBy") not in (None, "", "AWS Internal") or _AUTOMATION.search(agent):
        return Channel.AUTOMATION
    if _said(event.get("sessionCredentialFromConsole")):
        return Channel.CONSOLE
    return Channel.API if _PROGRAM.search(agent) else Channel.UNKNOWN


def _address(value: Any) -> str:
    """The caller's address; services stand there by name, which is no address."""
    try:
        return str(ip_address(str(value)))
    except ValueError:
        return ""


def _evidence(
    event: Mapping[str, Any],
    listed: Mapping[str, Any],
    identity: Mapping[str, Any],
    parameters: Mapping[str, Any],
    region: str,
) -> dict[str, Any]:
    """Identifiers and names of what was given, never what was given: values may be secret."""
    event_id = str(event.get("eventID") or listed["EventId"])
    issuer = _mapping(_mapping(identity.get("sessionContext")).get("sessionIssuer"))
    given = _mapping(event.get("requestParameters"))
    patches = parameters.get("patchoperations")
    shown: dict[str, Any] = {
        "eventID": event_id,
        "eventSource": event.get("eventSource") or listed.get("EventSource"),
        "awsRegion": event.get("awsRegion") or region,
        "userIdentity": {
            **{key: identity[key] for key in ("type", "arn", "userName", "invokedBy") if key in identity},
            **({"role": issuer["arn"]} if issuer.get("arn") else {}),
        },
        "userAgent": _cut(event.get("userAgent")),
        "sourceIPAddress": _cut(event.get("sourceIPAddress")),
        "sessionCredentialFromConsole": event.get("sessionCredentialFromConsole"),
        "errorCode": event.get("errorCode"),
        "identifiers": {
            key: _cut(parameters[key]) for key in IDENTIFIERS if isinstance(parameters.get(key), str)
        },
        "given": sorted(_cut(name) for name in given)[:50],
        "changed": [_cut(_mapping(patch).get("path")) for patch in patches][:50]
        if isinstance(patches, list)
        else None,
        "link": _console(region, event_id),
    }
    return {key: value for key, value in shown.items() if value not in (None, "", [], {})}


def _cut(value: Any) -> str:
    return str(value or "")[:_LONGEST]


def _console(region: str, event_id: str) -> str:
    if region.startswith(("cn-", "us-gov-")):
        return ""
    return f"https://{region}.console.aws.amazon.com/cloudtrailv2/home?region={region}#/events/{event_id}"
