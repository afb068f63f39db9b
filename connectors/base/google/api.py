"""Exchanges with Google's APIs: a token with each, one more try when a token ended early, lists read to their last page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson

from connectors.base.errors import VendorAnswerError
from connectors.base.google.refusals import refusal
from connectors.base.google.tokens import Tokens

if TYPE_CHECKING:
    from connectors.egress import Egress, EgressResponse

_MOST_PAGES: Final = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request is for: in words that follow "to", and the permission it needs."""

    action: str
    permission: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a method takes as a form instead of a JSON document."""

    name: str
    content: bytes

    def encoded(self) -> tuple[str, bytes]:
        """The content type and the body of the form, whose boundary is made from what it must not occur in."""
        boundary = f"portcullis-{hashlib.sha256(self.content).hexdigest()}"
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{self.name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = head.encode() + self.content + f"\r\n--{boundary}--\r\n".encode()
        return f"multipart/form-data; boundary={boundary}", body


class GoogleApi:
    """One service account's way to Google's APIs."""

    def __init__(self, tokens: Tokens, egress: Egress) -> None:
        self._tokens = tokens
        self._egress = egress

    @property
    def account(self) -> str:
        """The service account's name."""
        return self._tokens.email

    def sign_in(self) -> None:
        """Get a token now; ``SettingsError`` when Google does not accept the key."""
        self._tokens.current()

    def exchange(
        self,
        method: str,
        url: str,
        wanted: Wanted,
        *,
        body: Mapping[str, Any] | Upload | None = None,
        allow: tuple[int, ...] = (),
        attempts: int | None = None,
    ) -> EgressResponse:
        """One exchange; a status other than 2xx and ``allow`` is raised as the fitting ``ConnectorError``.

        ``attempts`` is for a POST that changes nothing and may be sent again.
        """
        answer = self._send(method, url, body, attempts)
        if answer.status == 401:
            self._tokens.forget()
            answer = self._send(method, url, body, attempts)
        if 200 <= answer.status < 300 or answer.status in allow:
            return answer
        raise refusal(answer, wanted.action, wanted.permission)

    def document(
        self,
        method: str,
        url: str,
        wanted: Wanted,
        *,
        body: Mapping[str, Any] | Upload | None = None,
        attempts: int | None = None,
    ) -> dict[str, Any]:
        """One exchange's answer as a JSON object."""
        found: Any = self.exchange(method, url, wanted, body=body, attempts=attempts).json()
        if not isinstance(found, dict):
            raise VendorAnswerError(f"Google's answer to {wanted.action} is no JSON object.")
        return found

    def pages(self, url: str, wanted: Wanted, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Every page of a list, followed by ``nextPageToken`` to the end."""
        token = ""
        for _ in range(_MOST_PAGES):
            asked = {**query, "pageToken": token} if token else dict(query)
            page = self.document("GET", f"{url}?{urlencode(asked)}", wanted)
            yield page
            following = page.get("nextPageToken")
            if not following:
                return
            if not isinstance(following, str) or following == token:
                raise VendorAnswerError(f"Google's pages do not go on when one wants to {wanted.action}.")
            token = following
        raise VendorAnswerError(
            f"The list did not end after {_MOST_PAGES} pages when one wants to {wanted.action}."
        )

    def _send(
        self, method: str, url: str, body: Mapping[str, Any] | Upload | None, attempts: int | None
    ) -> EgressResponse:
        headers = {"authorization": f"Bearer {self._tokens.current()}", "accept": "application/json"}
        content = None
        if isinstance(body, Upload):
            headers["content-type"], content = body.encoded()
        elif body is not None:
            headers["content-type"] = "application/json"
            content = orjson.dumps(body)
        return self._egress.request(method, url, headers=headers, content=content, attempts=attempts)


def listed(page: Mapping[str, Any], name: str, wanted: Wanted) -> list[dict[str, Any]]:
    """The objects of a page's member, which is left out when there are none; ``VendorAnswerError`` for anything else."""
    entries = page.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise VendorAnswerError(f"Google's answer has no list of objects when one wants to {wanted.action}.")
    return entries
