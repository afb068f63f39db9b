"""The hop from a double's data plane to the sample backend: pooled HTTP connections."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import urllib3

HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "host",
    "content-length",
    "date",
}


@dataclass(frozen=True)
class UpstreamAnswer:
    """A backend's response; ``latency_ms`` until it was read completely."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    latency_ms: int


class Upstream:
    """A client of one backend base URL. Safe for threads."""

    def __init__(self, base_url: str, timeout_s: float = 10.0) -> None:
        self._base = base_url.rstrip("/")
        self._pool = urllib3.PoolManager(
            maxsize=32, block=False, retries=False, timeout=urllib3.Timeout(timeout_s)
        )

    def send(
        self, method: str, path_and_query: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> UpstreamAnswer:
        """Send one request; a backend that cannot be reached answers 502 with an empty JSON object."""
        kept = urllib3.HTTPHeaderDict()
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP and not name.lower().startswith("x-double-"):
                kept.add(name, value)
        started = time.perf_counter()
        try:
            answer = self._pool.request(
                method, self._base + path_and_query, body=body or None, headers=kept, redirect=False
            )
        except urllib3.exceptions.HTTPError:
            return UpstreamAnswer(502, (), b"{}", _since(started))
        # A modelled latency stands for the backend's work, so that the machine need not sleep for it.
        modelled = int(answer.headers.get("X-Acme-Latency-Ms", "0"))
        sent = tuple(
            (n, v) for n, v in answer.headers.items() if n.lower() not in HOP_BY_HOP | {"x-acme-latency-ms"}
        )
        return UpstreamAnswer(answer.status, sent, answer.data, _since(started) + modelled)


def _since(started: float) -> int:
    return max(1, round((time.perf_counter() - started) * 1000))
