"""A relay that sends requests on and writes down, scrubbed, what was asked and answered."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from connectors.base.errors import ConnectorError, TransientError
from connectors.egress import Egress
from connectors.egress.relay import RelayedRequest, RelayedResponse, Unanswered, Unsent
from connectors.recording.scrub import Scrubber, is_archive
from connectors.recording.tape import Exchange

#: What connectors read of an answer's headers; no other is written down.
_KEPT: Final = frozenset(
    {"content-type", "etag", "link", "location", "retry-after", "x-amzn-errortype", "x-amzn-requestid"}
)
#: The body was unpacked on the way: what told of its packing is no longer so.
_UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
#: Headers the client of the second hop makes itself.
_HOP: Final = frozenset({"accept-encoding", "connection", "content-length", "host", "user-agent"})


def asked_for(request: RelayedRequest, scrubber: Scrubber) -> Exchange:
    """What a request asks, scrubbed, as an exchange that has no answer yet."""
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    return Exchange(request.method, scrubber.url(request.url), scrubber.body(request.content, kind).decode())


class Recorder:
    """Sends through ``inner`` and hands each exchange to ``keep``, those that fail too."""

    def __init__(self, inner: Egress, scrubber: Scrubber, keep: Callable[[Exchange], None]) -> None:
        self._inner, self._scrubber, self._keep = inner, scrubber, keep

    def __call__(self, request: RelayedRequest) -> RelayedResponse:
        """One exchange; what goes wrong is told as a relay tells it."""
        headers = {name: value for name, value in request.headers if name.lower() not in _HOP}
        asked = asked_for(request, self._scrubber)
        try:
            found = self._inner.request(
                request.method, request.url, headers=headers, content=request.content or None,
                timeout=request.seconds, attempts=1, raise_transient=False,
            )  # fmt: skip
        except ConnectorError as error:
            self._keep(replace(asked, failure=self._scrubber.text(error.what)))
            if not isinstance(error, TransientError):
                raise
            kind = Unanswered if "not known" in error.unchanged else Unsent
            raise kind(error.what.rstrip(".")) from error
        kept = {name: value for name, value in found.headers.items() if name in _KEPT}
        body = self._scrubber.body(found.content, kept.get("content-type", ""))
        archive = is_archive(found.content)
        self._keep(
            replace(
                asked,
                status=found.status,
                headers={name: self._scrubber.text(value) for name, value in kept.items()},
                content="" if archive else body.decode(),
                packed=base64.b64encode(body).decode() if archive else "",
            )
        )
        passed = tuple((name, value) for name, value in found.headers.items() if name not in _UNPACKED)
        return RelayedResponse(found.status, passed, found.content)
