"""A passkey in software: what an authenticator and a browser do between two answers of ours, and nothing more."""

import hashlib
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAG = AuthenticatorData.FLAG


class Passkey:
    """One key pair, made for one relying party. `verifies`: it asked for the person's PIN or finger."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin = origin
        self.verifies = verifies
        self.id = secrets.token_bytes(16)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.user_handle = ""

    def register(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.create` for these options."""
        wanted = options["publicKey"]
        self.user_handle = wanted["user"]["id"]
        attested = AttestedCredentialData.create(
            Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(
            self._hash(wanted["rp"]["id"]), self._flags() | FLAG.AT, 0, bytes(attested)
        )
        client = self._client("webauthn.create", wanted["challenge"])
        return self._credential(
            {
                "clientDataJSON": websafe_encode(bytes(client)),
                "attestationObject": websafe_encode(bytes(AttestationObject.create("none", data, {}))),
            },
            {"credProps": {"rk": True}},
        )

    def sign(self, options: dict[str, Any], rp_id: str = "") -> dict[str, Any]:
        """Answer `navigator.credentials.get` for these options."""
        wanted = options["publicKey"]
        data = AuthenticatorData.create(self._hash(rp_id or wanted["rpId"]), self._flags(), 1)
        client = self._client("webauthn.get", wanted["challenge"])
        signature = self.key.sign(bytes(data) + client.hash, ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": websafe_encode(bytes(client)),
                "authenticatorData": websafe_encode(bytes(data)),
                "signature": websafe_encode(signature),
                "userHandle": self.user_handle,
            },
            {},
        )

    def _client(self, kind: str, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(kind, websafe_decode(challenge), self.origin)

    def _flags(self) -> FLAG:
        return FLAG.UP | FLAG.UV if self.verifies else FLAG.UP

    def _credential(self, response: dict[str, str], extensions: dict[str, Any]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": extensions,
            "authenticatorAttachment": "platform",
        }

    @staticmethod
    def _hash(rp_id: str) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest()
