"""Decides whether a SAML response is believed, and reads it from the signed bytes alone.

What signxml returns as signed is what is read; the posted document is never looked at again. So an element moved,
copied or wrapped around the signed one (signature wrapping) is not seen, whatever its position. The rules are
those of SAML profiles §4.1.4.3, and narrower: one assertion, exclusive canonicalisation, SHA-2, no comments.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from tenants.sso.saml import documents
from tenants.sso.saml.documents import NAMES, SAML, SAMLP, SIGNATURE, text_of
from tenants.sso.saml.metadata import certificate_of

SKEW: Final = timedelta(seconds=60)
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{SIGNATURE}enveloped-signature"
METHODS: Final = frozenset(
    method
    for method in SignatureMethod
    if method.name.startswith(("RSA_SHA", "ECDSA_SHA")) and "SHA1" not in method.name
)
#: Conditions whose meaning is known and kept; one that is not makes the assertion invalid (core §2.5.1).
CONDITIONS: Final = frozenset(
    f"{{{SAML}}}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")
)
YEARS: Final = range(1970, 2200)
DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})


class NotBelieved(Exception):
    """The response is not believed; the message says why, for the administrator."""


class Declined(Exception):
    """The identity provider itself says that nobody was authenticated."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a response must fit: who may have made it, for whom, where to, in answer to what, and when."""

    entity_id: str
    certificates: Sequence[str]
    audience: str
    recipient: str
    request_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Assertion:
    """A believed assertion. `expires_at`: until then it must be remembered as used.

    `authenticated_at` and `context` are what the provider says of how it authenticated (AuthnStatement).
    """

    id: str
    subject: str
    subject_format: str
    attributes: dict[str, tuple[str, ...]]
    expires_at: datetime
    authenticated_at: datetime
    context: str


def believe(encoded: str, expected: Expected) -> Assertion:
    """Return what a base64 response asserts; raises NotBelieved or Declined."""
    try:
        root = documents.parse(base64.b64decode("".join(encoded.split()), validate=True))
    except ValueError as error:
        raise NotBelieved(f"The response cannot be read: {error}") from None
    _check_envelope(root, expected)
    assertion = _signed_assertion(root, expected)
    _same(_one(assertion, "saml:Issuer"), expected.entity_id, "The assertion's issuer")
    subject = _check_subject(assertion, expected)
    expires_at = _check_conditions(assertion, expected)
    return Assertion(
        id=_required(assertion, "ID"),
        subject=text_of(subject),
        subject_format=subject.get("Format", ""),
        attributes=_attributes(assertion),
        expires_at=expires_at,
        authenticated_at=_time(_required(_one(assertion, "saml:AuthnStatement"), "AuthnInstant")),
        context=_context(assertion),
    )


def _check_envelope(root: Any, expected: Expected) -> None:
    """Check what surrounds the assertion; it may be unsigned, so it can only ever refuse."""
    if root.tag != f"{{{SAMLP}}}Response" or root.get("Version") != "2.0":
        raise NotBelieved("The message is not a SAML 2.0 response.")
    status = root.find("samlp:Status/samlp:StatusCode", NAMES)
    if status is None or status.get("Value") != SUCCESS:
        inner = status.find("samlp:StatusCode", NAMES) if status is not None else None
        code = (inner if inner is not None else status).get("Value", "") if status is not None else "none"
        raise Declined(f"The identity provider answered with status {code.rsplit(':', 1)[-1][:60]}.")
    if root.get("Destination", expected.recipient) != expected.recipient:
        raise NotBelieved("The response was made for another address (Destination).")
    if root.get("InResponseTo") != expected.request_id:
        raise NotBelieved("The response does not answer this browser's request (InResponseTo).")
    issuer = root.find("saml:Issuer", NAMES)
    if issuer is not None:
        _same(issuer, expected.entity_id, "The response's issuer")
    ids = [element.get("ID") for element in root.iter() if element.get("ID") is not None]
    if len(ids) != len(set(ids)):
        raise NotBelieved("Two elements of the response have the same ID.")
    if root.find(".//saml:EncryptedAssertion", NAMES) is not None:
        raise NotBelieved("The assertion is encrypted; switch assertion encryption off for this application.")
    if len(list(root.iter(f"{{{SAML}}}Assertion"))) != 1:
        raise NotBelieved("The response does not hold exactly one assertion.")


def _signed_assertion(root: Any, expected: Expected) -> Any:
    """Return the assertion as it was signed: by its own signature, or inside a signed response."""
    places = {f"{{{SAMLP}}}Response": "./", f"{{{SAML}}}Assertion": f"./{{{SAML}}}Assertion/"}
    signatures = list(root.iter(f"{{{SIGNATURE}}}Signature"))
    parents = [signature.getparent() for signature in signatures]
    if not signatures:
        raise NotBelieved("Neither the response nor the assertion is signed.")
    if any(parent is None or parent.tag not in places for parent in parents) or len(set(parents)) != len(
        parents
    ):
        raise NotBelieved("A signature stands where none belongs.")
    signed = {}
    for signature, parent in zip(signatures, parents, strict=True):
        _check_signature_form(signature, parent)
        found = _verified(root, places[parent.tag], expected)
        if found.tag != parent.tag or found.get("ID") != parent.get("ID"):
            raise NotBelieved("A signature signs something else than the element it stands in.")
        signed[found.tag] = found
    own = signed.get(f"{{{SAML}}}Assertion")
    if own is not None:
        return own
    inside = signed[f"{{{SAMLP}}}Response"].findall("saml:Assertion", NAMES)
    if len(inside) != 1:
        raise NotBelieved("The signed response does not hold exactly one assertion.")
    return inside[0]


def _check_signature_form(signature: Any, parent: Any) -> None:
    """One reference to the parent's ID; enveloped and exclusive canonicalisation and nothing else."""
    references = signature.findall("ds:SignedInfo/ds:Reference", NAMES)
    if len(references) != 1 or references[0].get("URI") != f"#{parent.get('ID')}":
        raise NotBelieved("A signature refers to something else than the element it stands in.")
    transforms = [
        step.get("Algorithm") for step in references[0].findall("ds:Transforms/ds:Transform", NAMES)
    ]
    if sorted(map(str, transforms)) != sorted([ENVELOPED, EXCLUSIVE]):
        raise NotBelieved("A signature uses transforms other than enveloped and exclusive canonicalisation.")
    method = signature.find("ds:SignedInfo/ds:CanonicalizationMethod", NAMES)
    if method is None or method.get("Algorithm") != EXCLUSIVE:
        raise NotBelieved("A signature is not exclusively canonicalised.")


def _verified(root: Any, location: str, expected: Expected) -> Any:
    """Return the element signed by the signature at `location` with one of the provider's certificates."""
    config = SignatureConfiguration(
        location=location,
        expect_references=1,
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        ignore_ambiguous_key_info=True,  # only the certificates we know are used, whatever KeyInfo says
        verification_time=expected.now,
    )
    reasons = []
    for text in expected.certificates:
        try:
            result = XMLVerifier().verify(
                root, x509_cert=certificate_of(text), id_attribute="ID", expect_config=config
            )
        except (SignXMLException, etree.LxmlError, ValueError, TypeError, KeyError) as error:
            # signxml raises several kinds for malformed signatures; every one of them is a refusal.
            reasons.append(f"{type(error).__name__}: {str(error)[:160]}")
            continue
        signed = result.signed_xml if not isinstance(result, list) else None
        if signed is not None:
            return signed
    raise NotBelieved(
        f"The signature does not verify with the provider's certificates ({'; '.join(reasons)})."
    )


def _check_subject(assertion: Any, expected: Expected) -> Any:
    """Return the NameID when a bearer confirmation fits this request, this address and this moment."""
    subject = _one(assertion, "saml:Subject")
    name = _one(subject, "saml:NameID")
    if not text_of(name):
        raise NotBelieved("The assertion names nobody (NameID is empty).")
    reasons = [
        _why_not(confirmation, expected)
        for confirmation in subject.findall("saml:SubjectConfirmation", NAMES)
    ]
    if "" not in reasons:
        raise NotBelieved(next(iter(reasons), "The assertion has no subject confirmation."))
    return name


def _why_not(confirmation: Any, expected: Expected) -> str:
    """Why a subject confirmation does not fit; empty when it does."""
    data = confirmation.find("saml:SubjectConfirmationData", NAMES)
    if confirmation.get("Method") != BEARER or data is None:
        return "The assertion has no bearer confirmation."
    if data.get("Recipient") != expected.recipient:
        return "The assertion was made for another address (Recipient)."
    if data.get("InResponseTo") != expected.request_id:
        return "The assertion does not answer this browser's request (InResponseTo)."
    end = data.get("NotOnOrAfter")
    if end is None or _time(end) + SKEW <= expected.now:
        return "The assertion's confirmation has expired."
    if data.get("NotBefore") is not None and _time(data.get("NotBefore")) - SKEW > expected.now:
        return "The assertion's confirmation is not valid yet."
    return ""


def _check_conditions(assertion: Any, expected: Expected) -> datetime:
    """Check validity and audience; return until when the assertion would be valid."""
    conditions = _one(assertion, "saml:Conditions")
    end = _time(_required(conditions, "NotOnOrAfter"))
    if end + SKEW <= expected.now:
        raise NotBelieved("The assertion has expired.")
    start = conditions.get("NotBefore")
    if start is not None and _time(start) - SKEW > expected.now:
        raise NotBelieved("The assertion is not valid yet; check the clocks.")
    if any(condition.tag not in CONDITIONS for condition in conditions):
        raise NotBelieved("The assertion has a condition that is not understood here.")
    restrictions = conditions.findall("saml:AudienceRestriction", NAMES)
    fits = [
        expected.audience in [text_of(audience) for audience in restriction.findall("saml:Audience", NAMES)]
        for restriction in restrictions
    ]
    if not fits or not all(fits):
        raise NotBelieved("The assertion was made for another service (Audience).")
    statement = _one(assertion, "saml:AuthnStatement")
    session_end = statement.get("SessionNotOnOrAfter")
    if session_end is not None and _time(session_end) + SKEW <= expected.now:
        raise NotBelieved("The session at the identity provider has ended.")
    return end + SKEW


def _context(assertion: Any) -> str:
    """How the person was authenticated, as one address; empty when the provider does not say."""
    found = assertion.findall("saml:AuthnStatement/saml:AuthnContext/saml:AuthnContextClassRef", NAMES)
    return text_of(found[0]).strip() if len(found) == 1 else ""


def _attributes(assertion: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for attribute in assertion.findall("saml:AttributeStatement/saml:Attribute", NAMES):
        values = tuple(text_of(value) for value in attribute.findall("saml:AttributeValue", NAMES))
        for name in _names(attribute):
            found[name] = found.get(name, ()) + values
    return found


def _names(attribute: Any) -> Iterator[str]:
    name, friendly = attribute.get("Name", ""), attribute.get("FriendlyName", "")
    yield name
    if friendly and friendly != name:
        yield friendly


def _one(element: Any, path: str) -> Any:
    found = element.findall(path, NAMES)
    if len(found) != 1:
        raise NotBelieved(
            f"The assertion has {len(found)} elements {path.removeprefix('saml:')}; one is needed."
        )
    return found[0]


def _required(element: Any, attribute: str) -> str:
    value = element.get(attribute)
    if not value:
        raise NotBelieved(f"{etree.QName(element).localname} has no {attribute}.")
    return str(value)


def _same(element: Any, wanted: str, what: str) -> None:
    if text_of(element) != wanted:
        raise NotBelieved(f"{what} is not the provider that was asked.")


def _time(text: str) -> datetime:
    """Read an xs:dateTime, which SAML requires in UTC; raises NotBelieved."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise NotBelieved("A time in the assertion cannot be read.") from None
    if parsed.year not in YEARS:  # arithmetic ends at the edges of the calendar
        raise NotBelieved("A time in the assertion is out of all bounds.")
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
