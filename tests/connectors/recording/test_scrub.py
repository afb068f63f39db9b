"""A recording holds no secret and no person, and still reads as what was recorded."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

import orjson
import pytest

from connectors.base.errors import SettingsError
from connectors.recording import Exchange, Heading, Scrubber, read_recording, write_exchange, write_heading
from connectors.recording.scrub import without_stand_ins
from tenants.redaction import redacted

SECRET = 'our "own/secret'
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"

BODIES = {
    "json": (
        orjson.dumps({"name": "orders", "config": {"client_secret": "s3cr3t!", "note": SECRET}, "n": 3}),
        "",
    ),
    "camel_case": (
        orjson.dumps({"accessToken": "s3cr3t!", "expireTime": "2026-11-28", "name": "orders"}),
        "",
    ),
    "google_token": (b'{"log": "got ya29.c.s3cr3t.s3cr3ts3cr3ts3cr3t"}', ""),
    "json_in_json": (orjson.dumps({"policy": orjson.dumps({"password": "s3cr3t!"}).decode()}), ""),
    "form": (
        b"grant_type=client_credentials&client_secret=s3cr3t%21&scope=a",
        "application/x-www-form-urlencoded",
    ),
    "attributes": (
        b'<cors allow-credentials="true"><h name="orders" api-key="s3cr3t!" /></cors>',
        "text/xml",
    ),
    "beside": (orjson.dumps({"name": "api-key", "value": "s3cr3t!", "note": "orders"}), ""),
    "header": (
        b"<H><HeaderName>x-from</HeaderName><HeaderValue>s3cr3t!</HeaderValue><n>orders</n></H>",
        "text/xml",
    ),
    "headers": (
        b"<C><HttpHeaderConfig><Values><member>s3cr3t!</member></Values></HttpHeaderConfig><n>orders</n></C>",
        "text/xml",
    ),
    "header_in_json": (orjson.dumps({"HttpHeaderConfig": {"Values": ["s3cr3t!"]}, "Field": "orders"}), ""),
    "xml_in_json": (orjson.dumps({"value": '<jwt secret="s3cr3t!"><name>orders</name></jwt>'}), ""),
    "xml": (b"<A><SecretAccessKey>s3cr3t!</SecretAccessKey><Name>orders</Name></A>", "text/xml"),
    "lines": (f"password = s3cr3t!\nhost = orders\n{TOKEN}".encode(), "text/plain"),
}


@pytest.mark.asvs("14.2.4")
@pytest.mark.parametrize("name", BODIES)
def test_secrets_go_by_name_form_and_value_and_the_rest_stays(name):
    body, kind = BODIES[name]
    kept = Scrubber(redacted, [SECRET]).body(body, kind)
    for secret in (b"s3cr3t", b"own/secret", TOKEN.encode()):
        assert secret not in kept
    assert b"redacted " in kept or b"redacted+" in kept
    assert b"orders" in kept or b"orders" not in body


def test_a_known_secret_goes_in_every_spelling_of_a_request():
    scrubber = Scrubber(redacted, [SECRET])
    assert "secret" not in scrubber.url(
        "https://api.example.com/our%20%22own%2Fsecret/x?q=our+%22own%2Fsecret"
    )
    assert b"secret" not in scrubber.body(orjson.dumps([f"before {SECRET} after"]), "")
    assert b"b3VyICJvd24vc2VjcmV0" not in scrubber.body(b"Basic b3VyICJvd24vc2VjcmV0", "text/plain")


def test_markup_is_as_well_formed_as_before():
    given = (
        '<policies><!-- password: s3cr3t! --><cors allow-credentials="true" x=\'a "b" &lt;\'/>'
        "<p>a &amp; b</p></policies>"
    )
    kept = Scrubber(redacted).text(given)
    assert "s3cr3t" not in kept
    before, after = ElementTree.fromstring(given), ElementTree.fromstring(kept)
    assert [(e.tag, e.attrib, e.text) for e in after.iter()] == [
        (e.tag, e.attrib, e.text) for e in before.iter()
    ]
    assert Scrubber(redacted).text("<a><b>no end") == "<a><b>no end"


def test_an_archive_is_looked_into():
    given = io.BytesIO()
    with zipfile.ZipFile(given, "w") as archive:
        archive.writestr(
            "apiproxy/policies/Sign.xml", "<HMAC><SecretKey>s3cr3t!</SecretKey><Name>orders</Name></HMAC>"
        )
    kept = Scrubber(redacted).body(given.getvalue(), "application/zip")
    with zipfile.ZipFile(io.BytesIO(kept)) as archive:
        text = archive.read("apiproxy/policies/Sign.xml").decode()
    assert "s3cr3t" not in text
    assert "orders" in text


def test_what_cannot_be_looked_into_is_left_out():
    scrubber = Scrubber(redacted)
    assert scrubber.body(b"\xff\xfe\x00secret", "image/png") == b""
    assert scrubber.body(b"PK\x03\x04no archive", "application/zip") == b""
    assert b"xxxx" not in scrubber.body(b"a=" + b"x" * 100_000, "text/plain")


def test_people_are_replaced_alike_within_one_recording_and_differently_in_the_next():
    first, second = Scrubber(redacted), Scrubber(redacted)
    kept = first.body(orjson.dumps(["anna@shop.example", "mail anna@shop.example now"]), "")
    (alone, within) = orjson.loads(kept)
    assert "anna" not in kept.decode()
    assert alone in within
    other = orjson.loads(second.body(orjson.dumps(["anna@shop.example"]), ""))[0]
    assert other != alone
    assert without_stand_ins(other) == without_stand_ins(alone)


def test_a_scrubbed_document_scrubbed_again_asks_for_the_same_answer():
    page = {"pageToken": "k3jh5k3jh45kjh3k4j5hk3jh45"}
    once = Scrubber(redacted).body(orjson.dumps(page), "")
    again = Scrubber(redacted).body(once, "")
    assert without_stand_ins(once.decode()) == without_stand_ins(again.decode())


def test_a_file_that_is_no_recording_or_was_cut_is_said_with_its_line():
    whole = io.BytesIO()
    write_heading(whole, Heading("kong", {"admin_url": "https://kong.example"}))
    write_exchange(whole, Exchange("GET", "https://kong.example/", status=200, content="{}"))
    heading, exchanges = read_recording(io.BytesIO(whole.getvalue()))
    assert (heading.connector, len(exchanges)) == ("kong", 1)
    for cut, line in (
        (whole.getvalue()[:-9], "Line 2"),
        (b"", "Line 1"),
        (b"{}\n", "Line 1"),
        (b"\xff\n", "Line 1"),
    ):
        with pytest.raises(SettingsError, match=line):
            read_recording(io.BytesIO(cut))
