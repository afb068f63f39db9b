"""Sign-in by SAML over HTTP with a really signing provider, and one test per known way to cheat."""

import base64
import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from tenants.accounts.queries import find_user
from tenants.isolation.context import no_tenant, tenant_context
from tenants.orgs.queries import by_slug
from tenants.orgs.types import OrgInfo
from tenants.sso import services
from tenants.sso.models import Provider
from tests import clients
from tests.clients import TenantClient
from tests.tenants.sso.browser import began, problem_of, signed_in_as
from tests.tenants.sso.conftest import prove
from tests.tenants.sso.saml_idp import DS, EXCLUSIVE, SAML, SAMLP, Answer, SamlIdp, asked, posted

Inside = Callable[[], Any]
EVIL = "owner@acme.test"


@pytest.fixture(scope="session")
def idp() -> SamlIdp:
    """The company's provider."""
    return SamlIdp()


@pytest.fixture(scope="session")
def stranger() -> SamlIdp:
    """Somebody with a key pair, who calls himself the same."""
    return SamlIdp()


def connect(org: OrgInfo, idp: SamlIdp) -> str:
    """Add the provider to a tenant by its metadata, switched on."""
    with no_tenant(), tenant_context(org.schema_name):
        made = services.create_provider("saml", "Company login", {}, metadata=idp.metadata())
        Provider.objects.filter(id=made).update(tested={"ok": True})
        services.switch_provider(made, True)
    return made


@pytest.fixture
def provider(acme: OrgInfo, idp: SamlIdp, settings: Any) -> str:
    """acme's provider, with acme.test proved."""
    settings.SSO_TXT_LOOKUP = "tests.tenants.sso.conftest.published_records"
    made = connect(acme, idp)
    with no_tenant(), tenant_context(acme.schema_name):
        prove("acme.test")
    return made


@pytest.fixture
def client(acme: OrgInfo) -> TenantClient:
    """A browser at acme's host."""
    return clients.anonymous(acme)


def begun(client: TenantClient, provider: str, idp: SamlIdp, **changes: Any) -> tuple[Answer, str]:
    """Press the button; return the answer the provider would give, and the relay state."""
    request, state = asked(began(client, provider))
    place = request.get("AssertionConsumerServiceURL")
    issuer = request.find(f"{{{SAML}}}Issuer").text
    given = {"request_id": request.get("ID"), "recipient": place, "audience": issuer, "issuer": idp.entity_id}
    return Answer(**{**given, **changes}), state


def come_back(client: TenantClient, provider: str, state: str, document: Any) -> Any:
    """The provider's form posts (without cookies), the browser follows."""
    stranger = TenantClient(client.defaults["HTTP_HOST"].removesuffix(".localhost"))
    form = {"SAMLResponse": document if isinstance(document, str) else posted(document), "RelayState": state}
    kept = stranger.post(f"/sso/{provider}/callback", form, format="multipart")
    assert kept.status_code == 303, kept.content
    return client.get(kept["Location"])


def refused(
    client: TenantClient, provider: str, state: str, document: Any, code: str = "sso-not-believed"
) -> str:
    """Come back and be refused; return the reason the administrator sees."""
    assert problem_of(come_back(client, provider, state, document)) == code
    assert signed_in_as(client) == ""
    slug = client.defaults["HTTP_HOST"].removesuffix(".localhost")
    with no_tenant(), tenant_context(by_slug(slug).schema_name):
        problem = Provider.objects.get(id=provider).problem
    assert problem is not None
    return str(problem["detail"])


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
def test_a_signed_response_signs_in_wherever_its_signature_stands(
    sign: str, client: TenantClient, provider: str, idp: SamlIdp, inside: Inside
) -> None:
    answer, state = begun(client, provider, idp)
    assert problem_of(come_back(client, provider, state, idp.respond(answer, sign=sign))) == ""
    assert signed_in_as(client) == "ann@acme.test"
    with inside():
        person = find_user("ann@acme.test")
        assert person is not None
        assert person.name == "Ann"


def test_our_metadata_names_the_audience_and_the_address_of_the_request(
    client: TenantClient, provider: str, idp: SamlIdp
) -> None:
    answer, _ = begun(client, provider, idp)
    root = etree.fromstring(client.get(f"/sso/{provider}/metadata").content)
    assert root.get("entityID") == answer.audience
    place = root.find(".//{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService")
    assert place.get("Location") == answer.recipient


@pytest.mark.parametrize("sign", ["none", "nothing in it"])
@pytest.mark.asvs("6.8.2", "9.1.1")
def test_an_unsigned_response_is_refused(
    sign: str, client: TenantClient, provider: str, idp: SamlIdp
) -> None:
    answer, state = begun(client, provider, idp)
    document = answer.document()
    if sign != "none":
        document.find(f"{{{SAML}}}Assertion").insert(1, etree.fromstring(f'<ds:Signature xmlns:ds="{DS}"/>'))
    assert "sign" in refused(client, provider, state, document)


@pytest.mark.asvs("6.8.2", "9.1.3")
def test_a_strangers_signature_is_refused_even_with_his_certificate_inside(
    client: TenantClient, provider: str, idp: SamlIdp, stranger: SamlIdp
) -> None:
    answer, state = begun(client, provider, idp)
    document = stranger.respond(answer)
    encoded = base64.b64encode(stranger.certificate.public_bytes(Encoding.DER)).decode()
    certificate = f"<ds:X509Data><ds:X509Certificate>{encoded}</ds:X509Certificate></ds:X509Data>"
    key_info = f'<ds:KeyInfo xmlns:ds="{DS}">{certificate}</ds:KeyInfo>'
    document.find(f".//{{{DS}}}Signature").append(etree.fromstring(key_info))
    assert "does not verify" in refused(client, provider, state, document)


@pytest.mark.parametrize("path", ["Subject/{ns}NameID", "Conditions/{ns}AudienceRestriction/{ns}Audience"])
@pytest.mark.asvs("6.8.2", "9.1.1")
def test_a_changed_assertion_is_refused(path: str, client: TenantClient, provider: str, idp: SamlIdp) -> None:
    answer, state = begun(client, provider, idp)
    document = idp.respond(answer)
    found = document.find(f"{{{SAML}}}Assertion/{{{SAML}}}" + path.replace("{ns}", f"{{{SAML}}}"))
    found.text = found.text + "x"
    refused(client, provider, state, document)


def test_a_changed_address_in_a_signed_assertion_is_refused(
    client: TenantClient, provider: str, idp: SamlIdp
) -> None:
    answer, state = begun(client, provider, idp)
    document = idp.respond(answer)
    document.find(f".//{{{SAML}}}AttributeValue").text = EVIL
    assert "does not verify" in refused(client, provider, state, document)


def wrapped(document: Any, way: str) -> Any:
    """Signature wrapping: a forged assertion where a careless reader looks, the signed one where the signature points."""
    signed = document.find(f"{{{SAML}}}Assertion")
    forged = copy.deepcopy(signed)
    forged.find(f".//{{{SAML}}}AttributeValue").text = EVIL
    forged.remove(forged.find(f"{{{DS}}}Signature"))
    if way != "same id":
        forged.set("ID", "_forged")
    at = document.index(signed)
    if way in ("forged first", "same id"):
        document.insert(at, forged)
    elif way == "forged last":
        document.append(forged)
    elif way == "signed one inside the forged one":
        document.remove(signed)
        forged.append(signed)
        document.append(forged)
    elif way == "signed one inside the forged one's advice":
        document.remove(signed)
        advice = etree.SubElement(forged, f"{{{SAML}}}Advice")
        advice.append(signed)
        document.append(forged)
    elif way in ("signature moved, signed one in its object", "signed one in extensions"):
        document.remove(signed)
        signature = signed.find(f"{{{DS}}}Signature")
        signed.remove(signature)
        forged.insert(1, signature)
        if way == "signed one in extensions":
            extensions = etree.Element(f"{{{SAMLP}}}Extensions")
            extensions.append(signed)
            document.insert(1, extensions)
        else:
            etree.SubElement(signature, f"{{{DS}}}Object").append(signed)
        document.append(forged)
    elif way == "whole response wrapped":
        document.remove(signed)
        outer = etree.fromstring(etree.tostring(document))
        document.append(signed)
        outer.append(forged)
        extensions = etree.Element(f"{{{SAMLP}}}Extensions")
        extensions.append(document)
        outer.insert(1, extensions)
        outer.set("ID", "_outer")
        return outer
    return document


WAYS = (
    "forged first", "forged last", "same id", "signed one inside the forged one",
    "signed one inside the forged one's advice", "signature moved, signed one in its object",
    "signed one in extensions", "whole response wrapped",
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.asvs("6.8.2")
def test_signature_wrapping_is_refused(way: str, client: TenantClient, provider: str, idp: SamlIdp) -> None:
    answer, state = begun(client, provider, idp)
    refused(client, provider, state, wrapped(idp.respond(answer), way))


@pytest.mark.asvs("6.8.2")
def test_wrapping_a_signed_response_is_refused(client: TenantClient, provider: str, idp: SamlIdp) -> None:
    answer, state = begun(client, provider, idp)
    document = idp.respond(answer, sign="response")
    outer = copy.deepcopy(document)
    outer.set("ID", "_outer")
    outer.find(f".//{{{SAML}}}AttributeValue").text = EVIL
    inner = etree.SubElement(outer.find(f"{{{DS}}}Signature"), f"{{{DS}}}Object")
    inner.append(document)
    refused(client, provider, state, outer)


@pytest.mark.parametrize("what", ["<!-- -->", "<?x y?>"])
@pytest.mark.asvs("6.8.2")
def test_a_comment_in_the_name_is_refused_although_the_signature_still_holds(
    what: str, client: TenantClient, provider: str, idp: SamlIdp
) -> None:
    """The provider signed for owner@acme.test.evil.test; a careless reader stops at the comment."""
    mail = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    answer, state = begun(
        client, provider, idp, subject=f"{EVIL}.evil.test", subject_format=mail, attributes={}
    )
    text = etree.tostring(idp.respond(answer)).decode().replace(f"{EVIL}.evil", f"{EVIL}{what}.evil")
    assert "are not taken" in refused(client, provider, state, posted(text))


ENTITY = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "prologue", [ENTITY, BOMB, "<!DOCTYPE r>", '<!doctype r SYSTEM "http://127.0.0.1/x">']
)
@pytest.mark.asvs("1.5.1")
def test_a_document_type_is_refused(prologue: str, client: TenantClient, provider: str, idp: SamlIdp) -> None:
    answer, state = begun(client, provider, idp)
    text = etree.tostring(idp.respond(answer)).decode()
    assert "document type" in refused(client, provider, state, posted(prologue + text))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-7", "ebcdic-cp-us"])
@pytest.mark.asvs("1.5.1")
def test_another_encoding_cannot_hide_a_document_type(
    encoding: str, client: TenantClient, provider: str, idp: SamlIdp
) -> None:
    answer, state = begun(client, provider, idp)
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>' + ENTITY + etree.tostring(idp.respond(answer)).decode()
    )
    data = text.encode({"ebcdic-cp-us": "cp037"}.get(encoding, encoding))
    assert "UTF-8" in refused(client, provider, state, base64.b64encode(data).decode())


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another audience": ({"audience": "https://elsewhere.test/entity"}, "Audience"),
    "no audience": ({"audience": ""}, "Audience"),
    "another recipient": ({"recipient": "https://elsewhere.test/acs"}, "Destination"),
    "another issuer": ({"issuer": "https://idp.evil.test/entity"}, "issuer"),
    "another request": ({"request_id": "_0000000000000000"}, "InResponseTo"),
    "no request at all": ({"request_id": ""}, "InResponseTo"),
    "an end in the past": ({"ends": timedelta(minutes=-2)}, "expired"),
    "a confirmation that ended": ({"confirmation_ends": timedelta(minutes=-2)}, "expired"),
    "a start in the future": ({"starts": timedelta(minutes=5)}, "not valid yet"),
    "nobody's name": ({"subject": " "}, "nobody"),
    "a name for this time only": (
        {"subject_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
        "transient",
    ),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.asvs("9.2.1", "9.2.3")
def test_a_well_signed_response_is_refused_with(
    what: str, client: TenantClient, provider: str, idp: SamlIdp
) -> None:
    changes, reason = WRONG[what]
    answer, state = begun(client, provider, idp, **changes)
    assert reason in refused(client, provider, state, idp.respond(answer, sign="both"))


def test_another_recipient_is_refused_also_when_only_the_signed_part_says_so(
    client: TenantClient, provider: str, idp: SamlIdp
) -> None:
    answer, state = begun(client, provider, idp)
    right, answer.recipient = answer.recipient, "https://elsewhere.test/acs"
    answer.destination = right
    assert "Recipient" in refused(client, provider, state, idp.respond(answer))


def test_another_request_is_refused_also_when_only_the_signed_part_says_so(
    client: TenantClient, provider: str, idp: SamlIdp
) -> None:
    answer, state = begun(client, provider, idp)
    right, answer.request_id = answer.request_id, "_0000000000000000"
    document = idp.respond(answer)
    document.set("InResponseTo", right)
    assert "InResponseTo" in refused(client, provider, state, document)


@pytest.mark.asvs("9.1.2", "11.4.1")
def test_weak_digests_are_refused(client: TenantClient, provider: str, idp: SamlIdp) -> None:
    answer, state = begun(client, provider, idp)
    assert "forbidden" in refused(client, provider, state, idp.respond(answer, weak=True))


@pytest.mark.asvs("6.8.2")
def test_transforms_that_could_cut_something_out_are_refused(
    client: TenantClient, provider: str, idp: SamlIdp
) -> None:
    answer, state = begun(client, provider, idp)
    steps = (f"{DS}enveloped-signature", "http://www.w3.org/TR/1999/REC-xpath-19991116", EXCLUSIVE)
    assert "transforms" in refused(client, provider, state, idp.respond(answer, transforms=steps))


def test_an_expired_certificate_signs_nobody_in(acme: OrgInfo, client: TenantClient, provider: str) -> None:
    old = SamlIdp("https://old.acme.test/entity", valid=timedelta(days=-1))
    other = connect(acme, old)
    answer, state = begun(client, other, old)
    assert "expired" in refused(client, other, state, old.respond(answer))


@pytest.mark.asvs("6.8.3")
def test_an_assertion_is_believed_once(
    client: TenantClient, provider: str, idp: SamlIdp, acme: OrgInfo
) -> None:
    """The same request twice: the second answer carries an assertion that was used."""
    answer, state = begun(client, provider, idp)
    document = idp.respond(answer)
    assert problem_of(come_back(client, provider, state, document)) == ""
    other = clients.anonymous(acme)
    again, other_state = begun(other, provider, idp, assertion_id=answer.assertion_id)
    assert "used before" in refused(other, provider, other_state, idp.respond(again))


@pytest.mark.asvs("6.8.3", "7.6.2")
def test_a_posted_response_is_taken_once_and_only_by_the_browser_that_asked(
    client: TenantClient, provider: str, idp: SamlIdp, acme: OrgInfo
) -> None:
    answer, state = begun(client, provider, idp)
    form = {"SAMLResponse": posted(idp.respond(answer)), "RelayState": state}
    victim = clients.anonymous(acme)
    began(victim, provider)
    kept = victim.post(f"/sso/{provider}/callback", form, format="multipart")
    assert problem_of(victim.get(kept["Location"])) == "sso-expired"
    assert signed_in_as(victim) == ""
    assert problem_of(victim.post(f"/sso/{provider}/callback", form, format="multipart")) == "sso-expired"
    assert problem_of(client.get(kept["Location"])) == ""
    assert problem_of(client.get(kept["Location"])) == "sso-expired"


@pytest.mark.asvs("7.6.2")
def test_a_response_nobody_asked_for_is_refused(client: TenantClient, provider: str, idp: SamlIdp) -> None:
    answer, _ = begun(client, provider, idp, request_id="")
    form = {"SAMLResponse": posted(idp.respond(answer)), "RelayState": ""}
    assert problem_of(client.post(f"/sso/{provider}/callback", form, format="multipart")) == "sso-expired"


@pytest.mark.asvs("8.4.1", "9.2.3")
def test_a_response_for_one_tenant_is_refused_at_another_with_the_same_provider(
    client: TenantClient, provider: str, idp: SamlIdp, globex: OrgInfo
) -> None:
    """Both trust the same identity provider; acme's answer, replayed by an acme person at globex, gets nowhere."""
    theirs = connect(globex, idp)
    with no_tenant(), tenant_context(globex.schema_name):
        prove("acme.test")
    elsewhere = clients.anonymous(globex)
    own, state = begun(elsewhere, theirs, idp)
    made_for_acme, _ = begun(client, provider, idp, request_id=own.request_id)
    assert "another address" in refused(elsewhere, theirs, state, idp.respond(made_for_acme))
    made_for_acme.destination = own.recipient
    assert "Recipient" in refused(*_again(elsewhere, theirs, idp, made_for_acme))
    made_for_acme.recipient = own.recipient
    assert "Audience" in refused(*_again(elsewhere, theirs, idp, made_for_acme))


@pytest.mark.asvs("6.8.1")
def test_another_tenants_provider_cannot_answer(
    client: TenantClient, provider: str, stranger: SamlIdp, idp: SamlIdp, globex: OrgInfo
) -> None:
    connect(globex, stranger)
    answer, state = begun(client, provider, idp)
    assert "does not verify" in refused(client, provider, state, stranger.respond(answer))


def test_a_provider_that_did_not_sign_in_is_believed_in_that(
    client: TenantClient, provider: str, idp: SamlIdp
) -> None:
    answer, state = begun(client, provider, idp, status="urn:oasis:names:tc:SAML:2.0:status:Responder")
    assert "Responder" in refused(client, provider, state, idp.respond(answer), "sso-provider-refused")


@pytest.mark.parametrize("text", ["", "%%%", "bm90IHhtbA==", "PHgvPg==", "PGE+PGI+PC9hPg=="])
def test_what_is_no_response_is_refused(text: str, client: TenantClient, provider: str, idp: SamlIdp) -> None:
    _, state = begun(client, provider, idp)
    refused(client, provider, state, text)


def _again(
    client: TenantClient, provider: str, idp: SamlIdp, answer: Answer
) -> tuple[TenantClient, str, str, Any]:
    fresh, state = begun(client, provider, idp)
    answer.request_id, answer.assertion_id = fresh.request_id, fresh.assertion_id
    return client, provider, state, idp.respond(answer)
