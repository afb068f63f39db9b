"""A signing SAML identity provider made in the test: it can sign honestly and be tampered with afterwards.

Signatures are made with lxml's canonicalisation and `cryptography`, not with the library that verifies them.
"""

import base64
import hashlib
import secrets
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
METADATA = """<?xml version="1.0"?>
<!-- as exported by the provider -->
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
{certificate}
</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.acme.test/sso?tenant=1"/>
</IDPSSODescriptor></EntityDescriptor>"""


@dataclass
class Answer:
    """What the provider is about to say; every field can be made wrong."""

    request_id: str
    recipient: str
    audience: str
    issuer: str
    subject: str = "person-1"
    subject_format: str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    attributes: dict[str, list[str]] = field(
        default_factory=lambda: {"email": ["ann@acme.test"], "displayName": ["Ann"]}
    )
    destination: str = ""
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    assertion_id: str = field(default_factory=lambda: f"_{secrets.token_hex(16)}")
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    starts: timedelta = timedelta(minutes=-1)
    ends: timedelta = timedelta(minutes=5)
    confirmation_ends: timedelta = timedelta(minutes=5)
    asked: timedelta = timedelta()  # when it asked the person, from now
    context: str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

    def document(self) -> Any:
        """The unsigned response."""
        confirmed, ends = _time(self.now + self.confirmation_ends), _time(self.now + self.ends)
        values = "".join(
            f'<saml:Attribute Name="{name}">'
            + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in texts)
            + "</saml:Attribute>"
            for name, texts in self.attributes.items()
        )
        audience = f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
        only_for = audience if self.audience else ""
        return etree.fromstring(
            f"""<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_{secrets.token_hex(16)}" Version="2.0"
 IssueInstant="{_time(self.now)}" Destination="{self.destination or self.recipient}" InResponseTo="{self.request_id}">
<saml:Issuer>{self.issuer}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{self.status}"/></samlp:Status>
<saml:Assertion ID="{self.assertion_id}" Version="2.0" IssueInstant="{_time(self.now)}">
<saml:Issuer>{self.issuer}</saml:Issuer>
<saml:Subject><saml:NameID Format="{self.subject_format}">{self.subject}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="{confirmed}" Recipient="{self.recipient}" InResponseTo="{self.request_id}"/>
</saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{_time(self.now + self.starts)}"
 NotOnOrAfter="{ends}">{only_for}</saml:Conditions>
<saml:AuthnStatement AuthnInstant="{_time(self.now + self.asked)}">
<saml:AuthnContext><saml:AuthnContextClassRef>{self.context}</saml:AuthnContextClassRef></saml:AuthnContext>
</saml:AuthnStatement>
<saml:AttributeStatement>{values}</saml:AttributeStatement>
</saml:Assertion></samlp:Response>"""
        )


class SamlIdp:
    """A key pair with a certificate, and an entity ID."""

    def __init__(
        self, entity_id: str = "https://idp.acme.test/entity", valid: timedelta = timedelta(days=365)
    ) -> None:
        self.entity_id = entity_id
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
        end = datetime.now(UTC) + valid
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - timedelta(days=730))
            .not_valid_after(end)
            .sign(self.key, hashes.SHA256())
        )

    def metadata(self) -> str:
        """What the administrator uploads."""
        encoded = base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()
        return METADATA.format(entity=self.entity_id, certificate=encoded)

    def sign(
        self, document: Any, element: Any, *, weak: bool = False, transforms: tuple[str, ...] = ()
    ) -> Any:
        """Sign an element of the document in place (enveloped); `weak` uses SHA-1."""
        transforms = transforms or (f"{DS}enveloped-signature", EXCLUSIVE)
        digest = hashlib.sha1 if weak else hashlib.sha256
        digest_name = f"{DS}sha1" if weak else "http://www.w3.org/2001/04/xmlenc#sha256"
        method = f"{DS}rsa-sha1" if weak else "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
        digested = base64.b64encode(digest(canonical(element)).digest()).decode()
        steps = "".join(f'<ds:Transform Algorithm="{step}"/>' for step in transforms)
        signature = etree.fromstring(
            f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
            f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI="#{element.get("ID")}"><ds:Transforms>{steps}'
            f'</ds:Transforms><ds:DigestMethod Algorithm="{digest_name}"/><ds:DigestValue>{digested}</ds:DigestValue>'
            "</ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
        )
        made = self.key.sign(
            canonical(signature[0]), padding.PKCS1v15(), hashes.SHA1() if weak else hashes.SHA256()
        )
        signature[1].text = base64.b64encode(made).decode()
        element.insert(1, signature)  # after the issuer, as the schema wants
        return document

    def respond(self, answer: Answer, *, sign: str = "assertion", **how: Any) -> Any:
        """An honestly signed response: `assertion`, `response` or `both`."""
        document = answer.document()
        assertion = document.find(f"{{{SAML}}}Assertion")
        if sign in ("assertion", "both"):
            self.sign(document, assertion, **how)
        if sign in ("response", "both"):
            self.sign(document, document, **how)
        return document


def canonical(element: Any) -> bytes:
    """Exclusive canonical XML without comments."""
    copied = etree.fromstring(etree.tostring(element, with_tail=False))
    made: bytes = etree.tostring(copied, method="c14n", exclusive=True, with_comments=False)
    return made


def posted(document: Any) -> str:
    """The form value of a document (or of text)."""
    data = document.encode() if isinstance(document, str) else etree.tostring(document)
    return base64.b64encode(data).decode()


def asked(url: str) -> tuple[Any, str]:
    """The AuthnRequest and relay state in a redirect to the provider."""
    query = parse_qs(urlsplit(url).query)
    text = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15)
    return etree.fromstring(text), query["RelayState"][0]


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
