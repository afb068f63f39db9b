"""One HTTP exchange with the outside: guarded, limited, retried where that is safe, errors in our tree."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson

from connectors.base.errors import ConnectorError, RefusedError, TransientError, VendorAnswerError
from connectors.egress.budget import budget_for
from connectors.egress.policy import EgressPolicy
from connectors.egress.transport import GuardedTransport

_IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
_RETRY_STATUS = {429, 500, 502, 503, 504}
_MAX_WAIT = 20.0


@dataclass(frozen=True, slots=True)
class EgressResponse:
    """A whole answer: ``headers`` have lower-case names, ``content`` is at most the policy's size."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """The body as JSON; ``VendorAnswerError`` when it is none."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise VendorAnswerError(
                f"The answer (status {self.status}) was not JSON.",
                action="Check that the address is the API's and not a web page's.",
            ) from error


class Egress:
    """The only way a connector reaches the network. ``account`` names the rate budget it draws on."""

    def __init__(self, policy: EgressPolicy, account: str = "default") -> None:
        self.policy = policy
        self._budget = budget_for(account, policy.requests_per_second, policy.burst)
        self._client = httpx.Client(
            transport=GuardedTransport(policy),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(policy.read_timeout, connect=policy.connect_timeout),
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout: float | None = None,
        attempts: int | None = None,
        raise_transient: bool = True,
    ) -> EgressResponse:
        """Exchange one request.

        Idempotent methods are tried again on time-outs, 429 and 5xx. With ``raise_transient`` (default) such a
        status after the last attempt raises ``TransientError``; without it the answer is returned as it is.
        """
        if not url.startswith(("https://", "http://")):
            raise RefusedError("Only http and https addresses are opened.", unchanged="Nothing was sent.")
        total = attempts or (self.policy.max_attempts if method.upper() in _IDEMPOTENT else 1)
        for attempt in range(1, total + 1):
            last = attempt == total
            try:
                answer = self._exchange(method, url, headers, content, timeout)
            except httpx.HTTPError as error:
                if last:
                    raise self._transport_error(url, error) from error
                self._wait(attempt, None)
                continue
            if answer.status not in _RETRY_STATUS or (last and not raise_transient):
                return answer
            retry_after = _retry_after(answer.headers.get("retry-after"))
            if last:
                host = httpx.URL(url).host
                raise TransientError(f"{host} answered {answer.status}.", retry_after=retry_after)
            self._wait(attempt, retry_after)
        raise AssertionError("unreachable: the loop returns or raises")

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        content: bytes | None,
        timeout: float | None,
    ) -> EgressResponse:
        self._budget.take()
        options: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
        with self._client.stream(
            method, url, headers=dict(headers or {}), content=content, **options
        ) as answer:
            parts: list[bytes] = []
            size = 0
            for part in answer.iter_bytes():
                size += len(part)
                if size > self.policy.max_response_bytes:
                    raise VendorAnswerError(
                        f"The answer of {answer.url.host} was larger than {self.policy.max_response_bytes} bytes.",
                        action="Narrow what is asked for, or check that the address is right.",
                    )
                parts.append(part)
            names = {name.lower(): value for name, value in answer.headers.items()}
            return EgressResponse(answer.status_code, names, b"".join(parts))

    @staticmethod
    def _transport_error(url: str, error: httpx.HTTPError) -> ConnectorError:
        host = httpx.URL(url).netloc.decode("ascii", "replace")
        if isinstance(error, httpx.TimeoutException):
            return TransientError(
                f"{host} did not answer in time.", unchanged="It is not known whether it arrived."
            )
        return TransientError(
            f"{host} could not be reached: {error}.",
            action="Check the address, the port and the certificate.",
        )

    @staticmethod
    def _wait(attempt: int, retry_after: float | None) -> None:
        backoff = random.uniform(0.1, 0.5) * 2 ** (attempt - 1)  # noqa: S311 - jitter, not a secret
        time.sleep(min(_MAX_WAIT, max(backoff, retry_after or 0.0)))


def _retry_after(value: str | None) -> float | None:
    """Seconds from a Retry-After header (RFC 9110 §10.2.3: seconds or a date)."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
