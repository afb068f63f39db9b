"""Receive what Amazon Data Firehose pushes to an HTTP endpoint: WAF logs, access logs, or CloudWatch subscriptions.

Source: "Understand HTTP endpoint delivery request and response specifications" (Firehose developer guide): the access
key comes in a header of its own, records are base64 in JSON, and the answer must repeat the request's id.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from gzip import GzipFile
from typing import Any, Final

import msgspec

from connectors.base.calls import RawBatch
from connectors.base.errors import VendorAnswerError
from connectors.base.receiving import PushAnswer, Receiver

#: One record after unpacking; Firehose buffers at most 128 MiB, CloudWatch packs at most 1 MiB into a record.
_MAX_UNPACKED: Final = 16 << 20
_WAF_MARK: Final = b'"webaclId"'


class _Record(msgspec.Struct):
    data: str


class _Delivery(msgspec.Struct):
    records: list[_Record]


class _Event(msgspec.Struct):
    message: str
    timestamp: int = 0


class _Subscription(msgspec.Struct):
    """What CloudWatch Logs wraps a subscription's events in; control messages only test the way."""

    messageType: str  # noqa: N815 - the vendor's name
    logEvents: list[_Event] = []  # noqa: N815


_delivery = msgspec.json.Decoder(_Delivery)
_subscription = msgspec.json.Decoder(_Subscription)


class FirehoseReceiver(Receiver):
    """The protocol of Firehose's HTTP endpoint destination."""

    @classmethod
    def presented_token(cls, headers: Mapping[str, str]) -> str:
        """The access key of the delivery stream, else a bearer token."""
        return headers.get("x-amz-firehose-access-key", "").strip() or super().presented_token(headers)

    @classmethod
    def acknowledged(cls, headers: Mapping[str, str], push_id: str, records: int, now: float) -> PushAnswer:
        """200 with the request's id; anything else is delivered again."""
        return _answer(headers, 200, now)

    @classmethod
    def refused(cls, headers: Mapping[str, str], status: int, detail: str, now: float) -> PushAnswer | None:
        """The status with the request's id and the reason, which CloudWatch then shows the customer."""
        return _answer(headers, status, now, detail)


def parse(body: bytes) -> RawBatch:
    """Records of one delivery; ``VendorAnswerError`` when it is none. One kind of log per stream.

    A record that does not unpack is handed on as it is: the normaliser sets it aside with its reason.
    """
    try:
        delivery = _delivery.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise VendorAnswerError(
            "The push was not a Firehose delivery (JSON with records).", unchanged="No call was stored."
        ) from error
    lines: list[bytes] = []
    times: list[int] = []
    for record in delivery.records:
        for line, at in _lines(record.data):
            lines.append(line)
            times.append(at)
    if any(_WAF_MARK in line for line in lines[:20]):
        return RawBatch("aws.waf", tuple(lines))
    context = {"event_times": ",".join(map(str, times))} if lines and all(times) else {}
    return RawBatch("aws.access_json", tuple(lines), context)


def _lines(data: str) -> Iterator[tuple[bytes, int]]:
    """The log lines in one record, each with CloudWatch's time in ms or 0."""
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        yield data.encode(), 0
        return
    if content.startswith(b"\x1f\x8b"):
        try:
            with GzipFile(fileobj=io.BytesIO(content)) as packed:
                content = packed.read(_MAX_UNPACKED)
        except (OSError, EOFError, zlib.error):
            yield content, 0
            return
    if b'"messageType"' in content[:4096]:
        try:
            wrapped = _subscription.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield content, 0
            return
        yield from ((event.message.encode(), event.timestamp) for event in wrapped.logEvents)
        return
    yield from ((line, 0) for line in content.splitlines() if line.strip())


def _answer(headers: Mapping[str, str], status: int, now: float, detail: str = "") -> PushAnswer:
    document: dict[str, Any] = {
        "requestId": headers.get("x-amz-firehose-request-id", ""),
        "timestamp": int(now * 1000),
    }
    if detail:
        document["errorMessage"] = detail
    return PushAnswer(status, json.dumps(document).encode())
