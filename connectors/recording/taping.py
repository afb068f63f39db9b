"""A relay that sends requests on and writes down, scrubbed, what was asked and answered."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from connectors.base.errors import ConnectorError, TransientError
from connectors.egress import Egress
from connectors.egress.relay import RelayedRequest, RelayedResponse, Unanswered, Unsent
from connectors.recording.scrub import Scrubber
from connectors.recording.tape import Exchange

#: What connectors read of an answer's headers; no other is written down.
_KEPT: Final = frozenset(
    {"content-type", "etag", "link", "location", "retry-after", "x-amzn-errortype", "x-amzn-requestid"}
)
#: Headers the client of the second hop makes itself.
_HOP: Final = frozenset({"accept-encoding", "connection", "content-length", "host", "user-agent"})


class Recorder:
    """Sends through ``inner`` and hands each exchange to ``keep``, those that fail too."""

    def __init__(self, inner: Egress, scrubber: Scrubber, keep: Callable[[Exchange], None]) -> None:
        self._inner, self._scrubber, self._keep = inner, scrubber, keep

    def __call__(self, request: RelayedRequest) -> RelayedResponse:
        """One exchange; what goes wrong is told as a relay tells it."""
        headers = {name: value for name, value in request.headers if name.lower() not in _HOP}
        try:
            found = self._inner.request(
                request.method, request.url, headers=headers, content=request.content or None,
                timeout=request.seconds, attempts=1, raise_transient=False,
            )  # fmt: skip
        except ConnectorError as error:
            self._keep(self._asked(request, failure=self._scrubber.text(error.what)))
            if not isinstance(error, TransientError):
                raise
            kind = Unanswered if "not known" in error.unchanged else Unsent
            raise kind(error.what.rstrip(".")) from error
        kept = {name: value for name, value in found.headers.items() if name in _KEPT}
        body = self._scrubber.body(found.content, kept.get("content-type", ""))
        archive = found.content.startswith(b"PK")
        self._keep(
            self._asked(
                request,
                status=found.status,
                headers={name: self._scrubber.text(value) for name, value in kept.items()},
                content="" if archive else body.decode(),
                packed=base64.b64encode(body).decode() if archive else "",
            )
        )
        passed = tuple((name, value) for name, value in found.headers.items() if name not in _UNPACKED)
        return RelayedResponse(found.status, passed, found.content)

    def _asked(self, request: RelayedRequest, **answer: object) -> Exchange:
        kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
        return Exchange(
            method=request.method,
            url=self._scrubber.url(request.url),
            request=self._scrubber.body(request.content, kind).decode(),
            **answer,  # type: ignore[arg-type]
        )


#: The body was unpacked on the way: what told of its packing is no longer so.
_UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
