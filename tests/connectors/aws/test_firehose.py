"""What Firehose delivers becomes calls, whatever it wraps; it gets the answers its protocol asks for."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from connectors.aws.firehose import FirehoseReceiver, parse
from connectors.aws.normalise import normalise
from connectors.aws.setup import texts
from connectors.base.errors import VendorAnswerError
from tests.samples import aws_access, aws_waf, calls

SOME = list(calls())[:4]
HEADERS = {
    "x-amz-firehose-request-id": "ed4acda5-034f-9f42-bba1-f29aea6d7d8f",
    "x-amz-firehose-access-key": "key-1",
}


def delivery(*contents: bytes) -> bytes:
    records = [{"data": base64.b64encode(content).decode()} for content in contents]
    return json.dumps(
        {"requestId": HEADERS["x-amz-firehose-request-id"], "timestamp": 1, "records": records}
    ).encode()


def lines(*documents: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(document).encode() for document in documents) + b"\n"


def subscription(*documents: dict[str, Any], kind: str = "DATA_MESSAGE") -> bytes:
    events = [
        {"id": str(n), "timestamp": 1_790_000_000_000 + n, "message": json.dumps(document)}
        for n, document in enumerate(documents)
    ]
    wrapped = {"messageType": kind, "owner": "1" * 12, "logGroup": "g", "logStream": "s", "logEvents": events}
    return gzip.compress(json.dumps(wrapped).encode())


@pytest.mark.parametrize("shape", [aws_access, aws_waf])
@pytest.mark.parametrize("wrap", [lines, subscription])
def test_records_of_each_kind_and_wrapping_become_the_calls_they_tell_of(shape, wrap):
    documents = [shape(call) for call in SOME]
    batch = normalise(parse(delivery(wrap(*documents[:3]), wrap(documents[3]))))
    assert batch.quarantined == ()
    assert batch.table.column("call_id").to_pylist() == [call.id for call in SOME]


def test_control_messages_test_the_way_and_hold_no_call():
    assert parse(delivery(subscription(kind="CONTROL_MESSAGE"))).records == ()


def test_a_record_that_does_not_unpack_is_set_aside_beside_the_good_ones():
    good = lines(aws_waf(SOME[0]))
    broken = json.loads(delivery(good))
    broken["records"] += [{"data": "not base64!"}, {"data": base64.b64encode(b"\x1f\x8bno").decode()}]
    batch = normalise(parse(json.dumps(broken).encode()))
    assert batch.table.num_rows == 1
    assert len(batch.quarantined) == 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"records":7}', b'{"records":[{}]}', b"\xff"])
def test_what_is_no_delivery_is_refused(body):
    with pytest.raises(VendorAnswerError, match="not a Firehose delivery"):
        parse(body)


def test_the_access_key_is_the_token_and_answers_repeat_the_requests_id():
    assert FirehoseReceiver.presented_token(HEADERS) == "key-1"
    assert FirehoseReceiver.presented_token({"authorization": "Bearer t"}) == "t"
    done = FirehoseReceiver.acknowledged(HEADERS, "psh_1", 3, 1.5)
    assert (done.status, json.loads(done.body)) == (
        200,
        {"requestId": HEADERS["x-amz-firehose-request-id"], "timestamp": 1500},
    )
    refused = FirehoseReceiver.refused(HEADERS, 429, "Wait.", 1.5)
    assert refused is not None
    assert (refused.status, json.loads(refused.body)["errorMessage"]) == (429, "Wait.")


def test_the_setup_text_sets_up_a_stream_with_our_address_and_key():
    found = [text.body for text in texts({}, {"ingest_url": "https://a/ingest", "ingest_token": "tok-1"})]
    (stream,) = [body for body in found if "http_endpoint_configuration" in body]
    assert 'url                = "https://a/ingest"' in stream
    assert 'access_key         = "tok-1"' in stream
