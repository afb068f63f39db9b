"""WAFv2 documents between the wire and ours: bytes as text, ARNs of our objects as names, and digests. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import orjson

from connectors.aws.statements import OWN_REFERENCE
from connectors.base.errors import ConflictError

#: Members of a web ACL that AWS computes; they change with our reference and are not the customer's content.
_COMPUTED: Final = frozenset({"Capacity"})


def to_wire(value: Any, arns: Mapping[str, str]) -> Any:
    """A document as botocore takes it. ``arns`` maps ``ip_set/<name>`` to ARNs of objects that exist."""
    if isinstance(value, Mapping):
        made = {key: to_wire(inner, arns) for key, inner in value.items()}
        search = made.get("SearchString")
        if isinstance(search, str):
            made["SearchString"] = search.encode()
        return made
    if isinstance(value, list | tuple):
        return [to_wire(inner, arns) for inner in value]
    if isinstance(value, str) and value.startswith(OWN_REFERENCE):
        name = value.removeprefix(OWN_REFERENCE)
        if name not in arns:
            raise ConflictError(
                f"{name} does not exist at AWS any more.", action="It is read again and tried again."
            )
        return arns[name]
    return value


def from_wire(value: Any, names: Mapping[str, str]) -> Any:
    """A document as we compare and store it. ``names`` maps ARNs of our objects to ``ip_set/<name>``."""
    if isinstance(value, Mapping):
        return {key: from_wire(inner, names) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [from_wire(inner, names) for inner in value]
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, str) and value in names:
        return OWN_REFERENCE + names[value]
    return value


def _text(value: bytes) -> str:
    """Search strings as text. Ours are always text; a customer's other bytes are only compared, never written."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"bytes:{value.hex()}"


def foreign_digest(acl: Mapping[str, Any], own_rules: frozenset[str]) -> str:
    """A digest of a web ACL without our rules and without what AWS computes. Equal before and after every push."""
    rest = {key: value for key, value in acl.items() if key not in _COMPUTED}
    rest["Rules"] = [rule for rule in acl.get("Rules") or () if rule.get("Name") not in own_rules]
    text = orjson.dumps(from_wire(rest, {}), option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(text).hexdigest()
