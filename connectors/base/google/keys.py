"""Service account keys: the JSON file that Google Cloud makes, read without ever showing what it holds.

Source: "Service account credentials" (key file), RFC 7523.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from connectors.base.errors import SettingsError

_ACTION = "Make a new key of the service account and paste its whole JSON file into the settings."


class _KeyFile(msgspec.Struct):
    client_email: str
    private_key: str
    private_key_id: str
    type: str = ""


_decode = msgspec.json.Decoder(_KeyFile)


@dataclass(frozen=True, slots=True)
class ServiceAccountKey:
    """Who signs and with what; the private key never appears in its text form."""

    email: str
    key_id: str
    private_key: RSAKey = field(repr=False)


def service_account_key(text: str) -> ServiceAccountKey:
    """The key of a key file; ``SettingsError`` when it is none. Nothing of the file is repeated in the error."""
    try:
        found = _decode.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SettingsError(
            "The service account key is not a key file of Google Cloud.", action=_ACTION
        ) from None
    if found.type != "service_account" or "@" not in found.client_email:
        raise SettingsError(
            "The file is a credential of Google Cloud, but not the key of a service account.", action=_ACTION
        )
    try:
        key = RSAKey.import_key(found.private_key)
    except (JoseError, ValueError, TypeError):
        raise SettingsError("The private key in the file cannot be read.", action=_ACTION) from None
    return ServiceAccountKey(found.client_email, found.private_key_id, key)
