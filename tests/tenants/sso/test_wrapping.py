"""The eight published forms of XML signature wrapping (XSW1 to XSW8), whatever is signed, and further ways to make a signed
SAML document say something else."""

import base64
import copy
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tenants.sso.saml import documents, responses
from tenants.sso.saml.responses import Assertion, Declined, Expected, NotBelieved
from tests.tenants.sso.saml_idp import DS, SAML, SAMLP, Answer, SamlIdp, posted

EVIL = "owner@acme.test"
SIGNATURE = f"{{{DS}}}Signature"
ASSERTION = f"{{{SAML}}}Assertion"


@pytest.fixture(scope="module")
def idp() -> SamlIdp:
    """The company's provider."""
    return SamlIdp()


def answer_of(idp: SamlIdp, **changes: Any) -> Answer:
    """What the provider says to one request."""
    given_ = {
        "request_id": "_request", "recipient": "https://acme.test/acs", "audience": "https://acme.test/sp",
        "issuer": idp.entity_id,
    }  # fmt: skip
    return Answer(**{**given_, **changes})


def expected(idp: SamlIdp, answer: Answer) -> Expected:
    """What is expected in answer to that request."""
    certificate = base64.b64encode(idp.certificate.public_bytes(Encoding.DER)).decode()
    return Expected(
        entity_id=idp.entity_id, certificates=[certificate], audience="https://acme.test/sp",
        recipient="https://acme.test/acs", request_id="_request", now=answer.now,
    )  # fmt: skip


def read(idp: SamlIdp, answer: Answer, document: Any) -> Assertion:
    return responses.believe(posted(document), expected(idp, answer))


def evil(element: Any) -> Any:
    """A copy without signature, under another ID, that names somebody else."""
    forged = copy.deepcopy(element)
    for signature in list(forged.iter(SIGNATURE)):
        signature.getparent().remove(signature)
    for inner in (forged, *forged.iter(ASSERTION)):
        inner.set("ID", f"_{secrets.token_hex(8)}")
    for value in forged.iter(f"{{{SAML}}}AttributeValue"):
        value.text = EVIL
    forged.find(f".//{{{SAML}}}NameID").text = EVIL
    return forged


def xsw1(document: Any) -> Any:
    """A forged response around the signature, in which the signed response lies after what it signs."""
    outer, signature = evil(document), _taken(document)
    outer.insert(1, signature)
    signature.append(_object(document))
    return outer


def xsw2(document: Any) -> Any:
    """The same, with the signed response before the signature."""
    outer, signature = evil(document), _taken(document)
    outer.insert(1, signature)
    outer.insert(1, document)
    return outer


def xsw3(document: Any) -> Any:
    """A forged assertion before the signed one."""
    signed = document.find(ASSERTION)
    document.insert(document.index(signed), evil(signed))
    return document


def xsw4(document: Any) -> Any:
    """The signed assertion inside a forged one."""
    signed = document.find(ASSERTION)
    forged = evil(signed)
    document.replace(signed, forged)
    forged.append(signed)
    return document


def xsw5(document: Any) -> Any:
    """The signature on a forged assertion, the signed one without it at the end."""
    signed = document.find(ASSERTION)
    signature = _taken_anywhere(document, signed)
    forged = evil(signed)
    document.replace(signed, forged)
    forged.insert(1, signature)
    document.append(signed)
    return document


def xsw6(document: Any) -> Any:
    """The signed assertion inside the signature of a forged one."""
    signed = document.find(ASSERTION)
    signature = _taken_anywhere(document, signed)
    forged = evil(signed)
    document.replace(signed, forged)
    forged.insert(1, signature)
    signature.append(signed)
    return document


def xsw7(document: Any) -> Any:
    """A forged assertion in extensions before the signed one."""
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil(document.find(ASSERTION)))
    document.insert(1, extensions)
    return document


def xsw8(document: Any) -> Any:
    """The signed assertion in an object of the signature of a forged one."""
    signed = document.find(ASSERTION)
    signature = _taken_anywhere(document, signed)
    forged = evil(signed)
    document.replace(signed, forged)
    forged.insert(1, signature)
    signature.append(_object(signed))
    return document


WAYS = {made.__name__: made for made in (xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8)}


def _object(inner: Any) -> Any:
    made = etree.Element(f"{{{DS}}}Object")
    made.append(inner)
    return made


def _taken(element: Any) -> Any:
    """Take the first signature out of what it signs."""
    signature = next(element.iter(SIGNATURE))
    signature.getparent().remove(signature)
    return signature


def _taken_anywhere(document: Any, signed: Any) -> Any:
    return _taken(signed if signed.find(SIGNATURE) is not None else document)


def test_an_honest_answer_is_believed(idp: SamlIdp) -> None:
    for sign in ("assertion", "response", "both"):
        answer = answer_of(idp)
        assert read(idp, answer, idp.respond(answer, sign=sign)).attributes["email"] == ("ann@acme.test",)


@pytest.mark.asvs("6.8.2", "1.5.1")
@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
@pytest.mark.parametrize("way", WAYS)
def test_no_wrapping_makes_somebody_else(way: str, sign: str, idp: SamlIdp) -> None:
    answer = answer_of(idp)
    document = WAYS[way](idp.respond(answer, sign=sign))
    try:
        found = read(idp, answer, document)
    except (NotBelieved, Declined):
        return
    pytest.fail(f"{found.subject} was believed")


@pytest.mark.parametrize("sign", ["assertion", "response"])
@pytest.mark.parametrize("place", ["root", "assertion", "subject", "signature"])
def test_a_second_assertion_anywhere_is_refused(place: str, sign: str, idp: SamlIdp) -> None:
    answer = answer_of(idp)
    document = idp.respond(answer, sign=sign)
    into = {
        "root": document, "assertion": document.find(ASSERTION), "subject": document.find(f".//{{{SAML}}}Subject"),
        "signature": document.find(f".//{SIGNATURE}"),
    }[place]  # fmt: skip
    into.append(evil(document.find(ASSERTION)))
    with pytest.raises(NotBelieved):
        read(idp, answer, document)


@pytest.mark.asvs("1.5.1")
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="{}"?>', '<?xml version="1.0"?>'])
def test_an_encoding_nobody_declared_hides_no_document_type(
    encoding: str, declared: str, idp: SamlIdp
) -> None:
    """Without a byte order mark UTF-16 is also UTF-8, to a reader that does not look closely."""
    text = f'{declared.format(encoding[:6])}<!DOCTYPE r [<!ENTITY a "b">]><r x="&a;"/>'
    with pytest.raises(documents.BadDocument):
        documents.parse(text.encode(encoding))


@pytest.mark.parametrize(
    "text", ["<r>&#0;</r>", "<r\0/>", "<r>\0</r>", "<r x='&lt;'>&x;</r>", "<r>&undefined;</r>"]
)
def test_xml_with_what_xml_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(documents.BadDocument):
        documents.parse(text.encode())


TIMES = (
    "9999-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "tomorrow",
    "",
    "2026-01-01",
    "1" * 400,
)


@pytest.mark.parametrize(
    "attribute", ["NotOnOrAfter", "NotBefore", "SessionNotOnOrAfter", "SubjectNotOnOrAfter"]
)
@pytest.mark.parametrize("text", TIMES)
def test_any_time_is_read_or_refused(text: str, attribute: str, idp: SamlIdp) -> None:
    answer = answer_of(idp)
    document = answer.document()
    assertion = document.find(ASSERTION)
    path = {
        "SessionNotOnOrAfter": f"{{{SAML}}}AuthnStatement",
        "SubjectNotOnOrAfter": f".//{{{SAML}}}SubjectConfirmationData",
    }.get(attribute, f"{{{SAML}}}Conditions")
    assertion.find(path).set(attribute.removeprefix("Subject"), text)
    idp.sign(document, assertion)
    try:
        assert read(idp, answer, document).subject == "person-1"
    except NotBelieved:
        return


def test_a_condition_nobody_here_understands_is_a_reason_to_refuse(idp: SamlIdp) -> None:
    answer = answer_of(idp)
    document = answer.document()
    conditions = document.find(f".//{{{SAML}}}Conditions")
    etree.SubElement(conditions, f"{{{SAML}}}Condition").set(
        "{http://www.w3.org/2001/XMLSchema-instance}type", "OnlyOnSundays"
    )
    idp.sign(document, document.find(ASSERTION))
    with pytest.raises(NotBelieved):
        read(idp, answer, document)


def test_a_shared_secret_is_no_signature(idp: SamlIdp) -> None:
    """HMAC with the certificate as the secret: everybody knows a certificate."""
    answer = answer_of(idp)
    document = idp.respond(answer)
    method = document.find(f".//{{{DS}}}SignatureMethod")
    method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    with pytest.raises(NotBelieved, match="forbidden"):
        read(idp, answer, document)


CHANGES = st.one_of(
    st.tuples(st.integers(0, 10_000), st.just(1), st.binary(min_size=1, max_size=1)),
    st.tuples(st.integers(0, 10_000), st.integers(1, 40), st.just(b"")),
    st.tuples(
        st.integers(0, 10_000),
        st.just(0),
        st.sampled_from([b"<a/>", b"<!---->", b"&lt;", b" ", b"<saml:Assertion/>"]),
    ),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sign=st.sampled_from(["assertion", "response"]), changes=st.lists(CHANGES, min_size=1, max_size=3))
def test_whatever_is_changed_in_a_signed_response_it_says_the_same_or_nothing(
    sign: str, changes: list[tuple[int, int, bytes]], idp: SamlIdp
) -> None:
    answer = answer_of(idp)
    text = bytearray(etree.tostring(idp.respond(answer, sign=sign)))
    for at, length, put in changes:
        at %= len(text)
        text[at : at + length] = put
    try:
        found = read(idp, answer, bytes(text).decode("utf-8", "replace"))
    except (NotBelieved, Declined):
        return
    assert (found.subject, found.attributes["email"]) == ("person-1", ("ann@acme.test",))
