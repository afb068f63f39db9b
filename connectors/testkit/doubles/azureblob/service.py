"""List Blobs and Get Blob, and outside the vendor's API a knob that puts, appends and deletes blobs and sets the clock.

Sources: Blob service REST API: List Blobs (markers, at most 5,000, ``Encoded`` names), Get Blob (ranges, If-Match),
"Status and error codes".
"""

import base64
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import orjson
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.azureblob.sas import refusal
from connectors.testkit.doubles.faults import FaultBook
from connectors.testkit.doubles.serving import QuietHandler, json_response

KNOB = "/_double/blobs"
CLOCK = "/_double/clock"
_KNOWN = {"restype", "comp", "prefix", "marker", "maxresults", "delimiter", "include", "timeout"}
_SAS = {
    "sv",
    "sr",
    "sp",
    "st",
    "se",
    "sig",
    "sip",
    "spr",
    "si",
    "ses",
    "rscc",
    "rscd",
    "rsce",
    "rscl",
    "rsct",
}


class OwnClock(QuietHandler):
    """Sends no date of its own: the account's clock is set by tests."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Start the answer."""
        self.send_response_only(code, message)


@dataclass
class Blob:
    """One blob; every write gives it another version."""

    content: bytes
    kind: str
    modified: float
    version: int
    encoding: str = ""

    @property
    def etag(self) -> str:
        """Without quotes, as lists show it."""
        return f"0x8D{self.version:013X}"


@dataclass
class Account:
    """One account with one container; ``page`` is the most blobs a list answers at once."""

    name: str
    key: str
    container: str
    page: int = 5000
    blobs: dict[str, Blob] = field(default_factory=dict)
    faults: FaultBook = field(default_factory=FaultBook)
    now: float | None = None
    reads: int = 0
    _version: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if (knob := self.faults.knob(request)) is not None:
            return knob
        with self._lock:
            if request.path == KNOB:
                return self._knob(request)
            if request.path == CLOCK:
                self.now = orjson.loads(request.get_data())["now"]
                return json_response({})
            answer = self._api(request)
        answer.headers["Date"] = formatdate(self._time(), usegmt=True)
        return answer

    def _time(self) -> float:
        return time.time() if self.now is None else self.now

    def _knob(self, request: Request) -> Response:
        """POST ``[{"name", "content" (base64), "kind", "append", "modified", "encoding"}]``, also ``delete`` a name or
        ``wipe`` all; GET tells how often a blob was read.
        """
        if request.method == "GET":
            return json_response({"reads": self.reads})
        for entry in orjson.loads(request.get_data()):
            if entry.get("wipe"):
                self.blobs.clear()
                continue
            if entry.get("delete"):
                del self.blobs[entry["name"]]
                continue
            self._version += 1
            content = base64.b64decode(entry["content"])
            held = self.blobs.get(entry["name"])
            if entry.get("append") and held is not None:
                content = held.content + content
            modified = entry.get("modified") or int(self._time())
            kind = entry.get("kind", "BlockBlob")
            self.blobs[entry["name"]] = Blob(
                content, kind, modified, self._version, entry.get("encoding", "")
            )
        return json_response({})

    def _api(self, request: Request) -> Response:
        container, _, name = request.path.lstrip("/").partition("/")
        operation = f"GetBlob {name}" if name else "ListBlobs"
        if fault := self.faults.take("blob", operation):
            return fault.response()
        if request.method != "GET":
            return _refused(405, "UnsupportedHttpVerb")
        if "x-ms-version" not in request.headers:
            return _refused(400, "MissingRequiredHeader")
        if container != self.container:
            return _refused(404, "ContainerNotFound")
        if not set(request.args) <= _KNOWN | _SAS:
            return _refused(400, "InvalidQueryParameterValue")
        fields = {key: value for key, value in request.args.items() if key in _SAS}
        needed = "r" if name else "l"
        refused = refusal(self.key, self.name, container, fields, needed, self._time())
        if refused is not None:
            return _refused(*refused)
        return self._get(name, request) if name else self._list(request)

    def _list(self, request: Request) -> Response:
        if request.args.get("restype") != "container" or request.args.get("comp") != "list":
            return _refused(400, "InvalidQueryParameterValue")
        prefix, marker = request.args.get("prefix", ""), request.args.get("marker", "")
        most = int(request.args.get("maxresults", "5000"))
        if most < 1:
            return _refused(400, "OutOfRangeQueryParameterValue")
        names = sorted(name for name in self.blobs if name.startswith(prefix))
        if marker:
            first = base64.urlsafe_b64decode(marker).decode()
            names = [name for name in names if name >= first]
        most = min(most, self.page)
        shown, rest = names[:most], names[most:]
        upcoming = base64.urlsafe_b64encode(rest[0].encode()).decode() if rest else ""
        listed = "".join(_entry(name, self.blobs[name]) for name in shown)
        body = (
            f'\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="{self.container}">'
            f"<Prefix>{escape(prefix)}</Prefix><Blobs>{listed}</Blobs><NextMarker>{upcoming}</NextMarker>"
            "</EnumerationResults>"
        )
        return Response(body.encode(), content_type="application/xml")

    def _get(self, name: str, request: Request) -> Response:
        blob = self.blobs.get(name)
        if blob is None:
            return _refused(404, "BlobNotFound")
        match = request.headers.get("If-Match")
        if match is not None and match not in ("*", f'"{blob.etag}"'):
            return _refused(412, "ConditionNotMet")
        self.reads += 1
        headers = {"ETag": f'"{blob.etag}"', "x-ms-blob-type": blob.kind}
        if blob.encoding:
            headers["Content-Encoding"] = blob.encoding
        asked = request.headers.get("Range", "")
        if not asked.startswith("bytes="):
            return Response(blob.content, headers=headers)
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last), len(blob.content) - 1)
        if start >= len(blob.content):
            return _refused(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {start}-{end}/{len(blob.content)}"
        return Response(blob.content[start : end + 1], 206, headers)


def _entry(name: str, blob: Blob) -> str:
    readable = all(ord(letter) >= 32 for letter in name)
    told = f"<Name>{escape(name)}</Name>" if readable else f'<Name Encoded="true">{quote(name)}</Name>'
    return (
        f"<Blob>{told}<Properties><Last-Modified>{formatdate(blob.modified, usegmt=True)}</Last-Modified>"
        f"<Etag>{blob.etag}</Etag><Content-Length>{len(blob.content)}</Content-Length>"
        f"<BlobType>{blob.kind}</BlobType></Properties></Blob>"
    )


def _refused(status: int, code: str) -> Response:
    body: Any = (
        f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code>'
        f"<Message>The request was refused: {code}.\nRequestId:0\nTime:0</Message></Error>"
    )
    return Response(body.encode(), status, {"x-ms-error-code": code}, content_type="application/xml")
