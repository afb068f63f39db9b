"""One HTTP exchange with the outside: guarded, limited, retried where that is safe, errors in our tree."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
import orjson

from connectors.base.errors import (
    ConnectorError,
    RefusedError,
    SettingsError,
    TransientError,
    VendorAnswerError,
)
from connectors.egress.body import ACCEPTED, read_bounded
from connectors.egress.budget import budget_for
from connectors.egress.deadline import ends_within, left_or_nothing
from connectors.egress.guard import Resolver
from connectors.egress.policy import EgressPolicy
from connectors.egress.relay import Relay, RelayTransport
from connectors.egress.transport import GuardedTransport

_IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
_RETRY_STATUS = {429, 500, 502, 503, 504}
#: Longest wait between two attempts; a vendor who asks for more is asked again by the caller's next run.
_MAX_WAIT = 20.0
_LONGEST_RETRY_AFTER = 86_400.0


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
    """The only way a connector reaches the network. ``account`` names the rate budget it draws on.

    ``resolver`` (default: the operating system's) and ``verify`` (default: the system's authorities) stand in
    for a deployment's own name service and private authority. ``relay`` sends the requests instead of our own
    sockets: a runner in the customer's network, whose own list says what it may reach.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        account: str = "default",
        *,
        resolver: Resolver | None = None,
        verify: ssl.SSLContext | None = None,
        relay: Relay | None = None,
    ) -> None:
        self.policy = policy
        self._budget = budget_for(account, policy.requests_per_second, policy.burst)
        self._client = httpx.Client(
            transport=RelayTransport(relay)
            if relay
            else GuardedTransport(policy, verify or _trusted(policy), resolver),
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none is kept or sent
            headers={"accept-encoding": ACCEPTED, "user-agent": "Portcullis"},
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
        decoded: bool = True,
    ) -> EgressResponse:
        """Exchange one request.

        Idempotent methods are tried again on time-outs, 429 and 5xx, unless the vendor asks for a longer wait
        than is sensible here. With ``raise_transient`` (default) such a status after the last attempt raises
        ``TransientError``; without it the answer is returned as it is. ``timeout`` (seconds) bounds the whole
        call, retries and waits included; default is the policy's. Without ``decoded`` the content is what was
        stored: a part of a compressed file cannot be unpacked by itself.
        """
        target = self._target(url)
        total = attempts or (self.policy.max_attempts if method.upper() in _IDEMPOTENT else 1)
        with ends_within(timeout or self.policy.total_timeout):
            for attempt in range(1, total + 1):
                try:
                    answer = self._exchange(method, target, headers, content, decoded)
                except httpx.HTTPError as error:
                    if attempt == total or not self._wait(attempt, None):
                        raise self._transport_error(target, error) from error
                    continue
                if answer.status not in _RETRY_STATUS:
                    return answer
                retry_after = _retry_after(answer.headers.get("retry-after"))
                if attempt == total or not self._wait(attempt, retry_after):
                    if not raise_transient:
                        return answer
                    raise TransientError(f"{target.host} answered {answer.status}.", retry_after=retry_after)
        raise AssertionError("unreachable: the loop returns or raises")

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _target(self, url: str) -> httpx.URL:
        """The address as it will be opened; raises before anything is looked up or sent."""
        if not url.startswith(("https://", "http://")):
            raise RefusedError("Only http and https addresses are opened.", unchanged="Nothing was sent.")
        try:
            target = httpx.URL(url)
            usable = bool(target.host) and not target.userinfo  # an internationalised name is decoded here
        except (httpx.InvalidURL, ValueError):
            usable = False
        if not usable:
            raise SettingsError(
                "The address cannot be opened: it names no host as host names are written, or holds a password.",
                unchanged="Nothing was sent.",
                action="Check the address in the settings.",
            )
        port = target.port or (443 if target.scheme == "https" else 80)
        needs_tls = self.policy.require_tls and not self.policy.allows_private(target.host, port)
        if target.scheme == "http" and needs_tls:
            raise RefusedError(
                f"{target.host}:{port} would be reached without encryption.",
                unchanged="Nothing was sent.",
                action="Use https, a remote runner inside that network, or have the operator allow this host and port.",
            )
        return target

    def _exchange(
        self,
        method: str,
        target: httpx.URL,
        headers: Mapping[str, str] | None,
        content: bytes | None,
        decoded: bool,
    ) -> EgressResponse:
        self._budget.take()
        with self._client.stream(method, target, headers=dict(headers or {}), content=content) as answer:
            names = {name.lower(): value for name, value in answer.headers.items()}
            plain = method.upper() == "HEAD" or not decoded
            encoding = "" if plain else names.get("content-encoding", "")
            limit = self.policy.max_response_bytes
            body = read_bounded(answer.iter_raw(), encoding, limit, target.host)
            return EgressResponse(answer.status_code, names, body)

    @staticmethod
    def _transport_error(target: httpx.URL, error: httpx.HTTPError) -> ConnectorError:
        host = target.netloc.decode("ascii", "replace")
        if isinstance(error, httpx.TimeoutException):
            return TransientError(
                f"{host} did not answer in time.", unchanged="It is not known whether it arrived."
            )
        return TransientError(
            f"{host} could not be reached: {error}.",
            action="Check the address, the port and the certificate.",
        )

    @staticmethod
    def _wait(attempt: int, retry_after: float | None) -> bool:
        """Wait for the next attempt; False, at once, when the wait is longer than this call may take."""
        backoff = random.uniform(0.1, 0.5) * 2 ** (attempt - 1)  # noqa: S311 - jitter, not a secret
        seconds = backoff + (retry_after or 0.0)
        if seconds > _MAX_WAIT or seconds >= left_or_nothing():
            return False
        time.sleep(seconds)
        return True


def _trusted(policy: EgressPolicy) -> ssl.SSLContext:
    """The system's authorities, or those of the policy's file; ``SettingsError`` when it holds none."""
    try:
        return ssl.create_default_context(cafile=policy.authorities or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"{policy.authorities} holds no certificate authorities.",
            unchanged="Nothing was sent.",
            action="Give a PEM file that can be read.",
        ) from error


def _retry_after(value: str | None) -> float | None:
    """Seconds from a Retry-After header (RFC 9110 §10.2.3: seconds or a date)."""
    if value is None:
        return None
    try:
        seconds = float(value) if value.strip().isdigit() else _until(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), _LONGEST_RETRY_AFTER)


def _until(date: str) -> float:
    return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
