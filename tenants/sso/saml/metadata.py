"""Metadata: what an identity provider says of itself, and what we say of ourselves (SAML metadata §2)."""

import base64
import binascii
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from cryptography import x509

from tenants.sso.saml import documents
from tenants.sso.saml.documents import NAMES, BadDocument

MOST_CERTIFICATES = 8
_TEMPLATE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<EntityDescriptor xmlns="{metadata}" entityID={entity}>\n'
    '  <SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true"'
    ' protocolSupportEnumeration="{protocol}">\n'
    "    <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>\n"
    "    <NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</NameIDFormat>\n"
    '    <AssertionConsumerService index="0" isDefault="true" Binding="{post}" Location={callback}/>\n'
    "  </SPSSODescriptor>\n"
    "</EntityDescriptor>\n"
)


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """What is needed of an identity provider: who it is, where to go, whose signatures count.

    `certificates` are base64 DER, `expires_at` (ISO 8601) is the end of the last certificate's validity.
    """

    entity_id: str
    sign_in_url: str
    certificates: tuple[str, ...]
    expires_at: str

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self) | {"certificates": list(self.certificates)}


def read(data: bytes) -> IdentityProvider:
    """Read an EntityDescriptor with an IDPSSODescriptor; raises BadDocument.

    Metadata is trusted because the owner chose it (an https address or an upload); its own signature, made
    with a key nobody told us about, would add nothing and is not looked at.
    """
    root = documents.parse(data, largest=documents.LARGEST_METADATA, comments=True)
    entities = [root] if root.tag == f"{{{documents.METADATA}}}EntityDescriptor" else []
    entities += root.findall(".//md:EntityDescriptor", NAMES)
    found = [entity for entity in entities if entity.find("md:IDPSSODescriptor", NAMES) is not None]
    if len(found) != 1:
        raise BadDocument(f"The metadata describes {len(found)} identity providers; exactly one is needed.")
    descriptor = found[0].find("md:IDPSSODescriptor", NAMES)
    entity_id = found[0].get("entityID", "").strip()
    if not entity_id:
        raise BadDocument("The metadata has no entityID.")
    places = {
        place.get("Binding", ""): place.get("Location", "").strip()
        for place in descriptor.findall("md:SingleSignOnService", NAMES)
    }
    if not places.get(documents.REDIRECT):
        raise BadDocument("The metadata has no SingleSignOnService with the HTTP-Redirect binding.")
    keys = descriptor.findall("md:KeyDescriptor", NAMES)
    texts = [
        "".join(documents.text_of(certificate).split())
        for key in keys
        if key.get("use", "signing") == "signing"
        for certificate in key.findall(".//ds:X509Certificate", NAMES)
    ]
    certificates = tuple(dict.fromkeys(texts))
    if not 1 <= len(certificates) <= MOST_CERTIFICATES:
        raise BadDocument(f"The metadata has {len(certificates)} signing certificates; 1 to 8 are needed.")
    ends = [certificate_of(text).not_valid_after_utc for text in certificates]
    return IdentityProvider(entity_id, places[documents.REDIRECT], certificates, max(ends).isoformat())


def certificate_of(text: str) -> x509.Certificate:
    """Read base64 DER; raises BadDocument."""
    try:
        return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        raise BadDocument("A signing certificate in the metadata cannot be read.") from None


def expired(certificates: list[str], now: datetime) -> bool:
    """Whether no certificate is valid any more."""
    return all(certificate_of(text).not_valid_after_utc <= now for text in certificates)


def ours(entity_id: str, callback: str) -> str:
    """The service provider's metadata: who we are at this provider and where responses go."""
    return _TEMPLATE.format(
        metadata=documents.METADATA,
        protocol=documents.SAMLP,
        post=documents.POST,
        entity=quoteattr(entity_id),
        callback=quoteattr(callback),
    )
