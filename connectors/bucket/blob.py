"""Azure Blob Storage: a container, read with a shared access signature.

Sources: Blob service REST API (List Blobs, Get Blob, "Specifying conditional headers"), version 2021-12-02.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlencode

from connectors.base.clock import server_time
from connectors.base.errors import SettingsError, VendorAnswerError
from connectors.bucket.answers import Wanted, document, refuse, text_of
from connectors.bucket.stores import ObjectUnread, StoredObject, check_part
from connectors.egress import EgressResponse

if TYPE_CHECKING:
    from connectors.bucket.manifest import BucketSettings
    from connectors.egress import Egress

VERSION: Final = "2021-12-02"
_PAGE: Final = "5000"
_FIX: Final = "Make a new token for the container with the permissions read and list (sp=rl) and enter it."


class BlobStore:
    """One container. Its blobs may be append blobs, which monitoring writes to for an hour."""

    def __init__(self, settings: BucketSettings, egress: Egress) -> None:
        if settings.sas_token is None:
            raise SettingsError("No shared access signature was given.", action="Enter it in the settings.")
        self._token = settings.sas_token.get_secret_value()
        self._base = f"{settings.endpoint}/{quote(settings.bucket)}"
        self._egress = egress
        self.clock: float | None = None

    def objects(self, prefix: str, after: str = "") -> Iterator[list[StoredObject]]:
        """Pages of at most 5,000 blobs. Azure cannot begin behind a name, so its pages are passed over up to it."""
        if after and (yield from self._behind(prefix, after)):
            return
        yield from self._pages(prefix)

    def _behind(self, prefix: str, after: str) -> Generator[list[StoredObject], None, bool]:
        """The pages behind ``after``, false when it is gone. The order of names is Azure's: only the name is looked for."""
        met = False
        for page in self._pages(prefix):
            if met:
                yield page
                continue
            place = next((number for number, found in enumerate(page, 1) if found.key == after), None)
            if place is not None:
                met = True
                yield page[place:]
        return met

    def _pages(self, prefix: str) -> Iterator[list[StoredObject]]:
        marker = ""
        while True:
            asked = {"restype": "container", "comp": "list", "maxresults": _PAGE, "prefix": prefix}
            if marker:
                asked["marker"] = marker
            url = f"{self._base}?{urlencode(asked, quote_via=quote)}&{self._token}"
            answer = self._send(url, {})
            if answer.status != 200:
                raise refuse(answer, Wanted("List (l)", _FIX, False))
            root = document(answer)
            if root.tag != "EnumerationResults":
                raise VendorAnswerError("The store answered a list of blobs with something else.")
            yield [_listed(entry) for entry in root.findall("Blobs/Blob")]
            upcoming = text_of(root, "NextMarker")
            if not upcoming:
                return
            if upcoming == marker:
                raise VendorAnswerError("Azure repeated a marker; the list never ends.")
            marker = upcoming

    def read(self, found: StoredObject, start: int, end: int) -> bytes:
        """A range. An append blob's bytes never change, so there its version does not matter."""
        headers = {"Range": f"bytes={start}-{end - 1}"}
        if not found.appendable:
            headers["If-Match"] = f'"{found.etag}"'
        answer = self._send(self._address(found.key), headers)
        if answer.status not in (200, 206):
            raise refuse(answer, _get())
        return check_part(answer.content, answer.status, start, end)

    def probe(self, key: str) -> None:
        """Azure looks at the signature before it looks for the blob."""
        answer = self._send(self._address(key), {"Range": "bytes=0-0"})
        if answer.status not in (200, 206, 416):
            error = refuse(answer, _get())
            if not isinstance(error, ObjectUnread):
                raise error

    def _address(self, key: str) -> str:
        if any(part in (".", "..") for part in key.split("/")):
            raise ObjectUnread("its name has a part that is only dots, which no address can hold")
        return f"{self._base}/{quote(key, safe='/~')}?{self._token}"

    def _send(self, url: str, headers: dict[str, str]) -> EgressResponse:
        answer = self._egress.request("GET", url, headers={"x-ms-version": VERSION, **headers}, decoded=False)
        self.clock = server_time(answer.headers) or self.clock
        return answer


def _get() -> Wanted:
    return Wanted("Read (r)", _FIX, True)


def _listed(entry: Any) -> StoredObject:
    name = entry.find("Name")
    key = "" if name is None else str(name.text or "")
    if name is not None and name.get("Encoded") == "true":
        key = unquote(key)
    size = text_of(entry, "Properties/Content-Length")
    try:
        modified = parsedate_to_datetime(text_of(entry, "Properties/Last-Modified")).timestamp()
    except (ValueError, TypeError):
        modified = -1.0
    if not key or not size.isdigit() or modified < 0:
        raise VendorAnswerError("The list of blobs holds one without a name, a size or a time.")
    kind, etag = text_of(entry, "Properties/BlobType"), text_of(entry, "Properties/Etag").strip('"')
    return StoredObject(key, int(size), etag, modified, kind == "AppendBlob")
