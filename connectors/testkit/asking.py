"""Requests of tests to a double: as its customer by hand, and as a client of its data plane. Redirects are answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import urllib3


def exchange(
    method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Status and body (JSON where it is any, else bytes) of one request; ``body`` is sent as JSON."""
    content = None if body is None else json.dumps(body).encode()
    sent = {"content-type": "application/json", **(headers or {})}
    answer = urllib3.request(method, url, body=content, headers=sent, timeout=10, retries=False)
    try:
        return answer.status, json.loads(answer.data)
    except ValueError:
        return answer.status, answer.data


def client_status(method: str, url: str, host: str, **headers: str) -> int:
    """The status a client gets who asks for ``host``; ``_`` in a header's name stands for ``-``."""
    sent = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return urllib3.request(method, url, headers=sent, timeout=5, retries=False).status
