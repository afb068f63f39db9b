"""S3 and stores that speak like it: AWS, Cloudflare R2, MinIO, Google Cloud Storage's XML API with HMAC keys.

botocore signs; the egress sends. Sources: S3 API reference (ListObjectsV2, GetObject), Cloud Storage "XML API
interoperability".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote_plus, urlencode

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from connectors.base.clock import server_time
from connectors.base.errors import SettingsError, VendorAnswerError
from connectors.bucket.answers import Wanted, document, refuse, text_of
from connectors.bucket.stores import ObjectUnread, StoredObject, check_part, iso_time
from connectors.egress import EgressResponse

if TYPE_CHECKING:
    from connectors.bucket.manifest import BucketSettings
    from connectors.egress import Egress

#: Objects of one list answer; S3 gives no more.
_PAGE: Final = 1000
_GOOGLE: Final = "https://storage.googleapis.com"
_NAMES: Final = {
    "s3": ("s3:ListBucket", "s3:GetObject"),
    "gcs": ("storage.objects.list", "storage.objects.get"),
}


def base_url(settings: BucketSettings) -> str:
    """The bucket's address without a slash at its end: by host name at AWS, by path elsewhere."""
    if settings.endpoint:
        return f"{settings.endpoint}/{quote(settings.bucket)}"
    if settings.provider == "gcs":
        return f"{_GOOGLE}/{quote(settings.bucket)}"
    domain = "amazonaws.com.cn" if settings.region.startswith("cn-") else "amazonaws.com"
    host = f"s3.{settings.region}.{domain}"
    # A name with dots does not fit the certificate's wildcard.
    return (
        f"https://{host}/{settings.bucket}" if "." in settings.bucket else f"https://{settings.bucket}.{host}"
    )


class S3Store:
    """One bucket, read with an access key."""

    def __init__(self, settings: BucketSettings, egress: Egress, *, page: int = _PAGE) -> None:
        if settings.secret_access_key is None:
            raise SettingsError("No secret access key was given.", action="Enter it in the settings.")
        credentials = Credentials(settings.access_key_id, settings.secret_access_key.get_secret_value())
        region = settings.region or (
            "auto" if settings.provider == "gcs" or settings.endpoint else "us-east-1"
        )
        self._signer: Any = S3SigV4Auth(credentials, "s3", region)
        self._base = base_url(settings)
        self._egress, self._page = egress, page
        listing, reading = _NAMES[settings.provider]
        where = f" on the bucket {settings.bucket}"
        self._list = Wanted(listing, f"Allow {listing}{where}.", False)
        self._get = Wanted(
            reading, f"Allow {reading}{where}, and the use of its encryption key if it has one.", True
        )
        self.clock: float | None = None

    def objects(self, prefix: str, after: str = "") -> Iterator[list[StoredObject]]:
        """Pages of at most 1,000 objects, in the order of their keys' bytes."""
        query = {"list-type": "2", "encoding-type": "url", "max-keys": str(self._page), "prefix": prefix}
        if after:
            query["start-after"] = after
        token = ""
        while True:
            asked = {**query, "continuation-token": token} if token else query
            answer = self._send(f"{self._base}/?{urlencode(sorted(asked.items()), quote_via=quote)}", {})
            if answer.status != 200:
                raise refuse(answer, self._list)
            root = document(answer)
            if root.tag != "ListBucketResult":
                raise VendorAnswerError("The store answered a list of objects with something else.")
            yield [_listed(entry, text_of(root, "EncodingType")) for entry in root.findall("Contents")]
            if text_of(root, "IsTruncated") != "true":
                return
            upcoming = text_of(root, "NextContinuationToken")
            if not upcoming or upcoming == token:
                raise VendorAnswerError("The list of objects goes on, but the store does not say how.")
            token = upcoming

    def read(self, found: StoredObject, start: int, end: int) -> bytes:
        """A range of the listed version: one that was written since answers 412."""
        headers = {"Range": f"bytes={start}-{end - 1}", "If-Match": f'"{found.etag}"'}
        answer = self._send(self._address(found.key), headers)
        if answer.status not in (200, 206):
            raise refuse(answer, self._get)
        return check_part(answer.content, answer.status, start, end)

    def probe(self, key: str) -> None:
        """S3 says 404 only to those who may list and read."""
        answer = self._send(self._address(key), {"Range": "bytes=0-0"})
        if answer.status not in (200, 206, 416):
            error = refuse(answer, self._get)
            if not isinstance(error, ObjectUnread):
                raise error

    def _address(self, key: str) -> str:
        if any(part in (".", "..") for part in key.split("/")):
            raise ObjectUnread("its name has a part that is only dots, which no address can hold")
        return f"{self._base}/{quote(key, safe='/~')}"

    def _send(self, url: str, headers: dict[str, str]) -> EgressResponse:
        request: Any = AWSRequest("GET", url, headers)
        self._signer.add_auth(request)
        signed = {name: str(value) for name, value in request.headers.items()}
        answer = self._egress.request("GET", url, headers=signed, decoded=False)
        self.clock = server_time(answer.headers) or self.clock
        return answer


def _listed(entry: Any, encoding: str) -> StoredObject:
    key = text_of(entry, "Key")
    size = text_of(entry, "Size")
    if not key or not size.isdigit():
        raise VendorAnswerError("The list of objects holds one without a key or a size.")
    return StoredObject(
        unquote_plus(key) if encoding == "url" else key,
        int(size),
        text_of(entry, "ETag").strip('"'),
        iso_time(text_of(entry, "LastModified")),
    )
