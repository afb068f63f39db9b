"""httpx transport whose sockets are opened by the guard: resolve, check, connect to the checked address."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from connectors.base.errors import ConnectorError, RefusedError
from connectors.egress.guard import resolve_allowed
from connectors.egress.policy import EgressPolicy


class GuardedBackend(httpcore.NetworkBackend):
    """Opens TCP connections only to addresses that ``resolve_allowed`` returned; never UNIX sockets."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first checked address that answers."""
        error: Exception | None = None
        for address in resolve_allowed(host, port, self._policy):
            try:
                return self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error or httpcore.ConnectError(f"no address of {host} answered")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Always refused."""
        raise RefusedError(
            "UNIX sockets are never opened on behalf of a connection.", unchanged="Nothing was sent."
        )


class GuardedTransport(httpx.BaseTransport):
    """httpx over a httpcore pool with the guarded backend; redirects are the client's business (off)."""

    def __init__(self, policy: EgressPolicy, verify: ssl.SSLContext | None = None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify or ssl.create_default_context(),
            max_connections=20,
            keepalive_expiry=15.0,
            network_backend=GuardedBackend(policy),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; transport failures become ``httpx`` errors, the guard's refusal passes through."""
        raw = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = self._pool.handle_request(raw)
        except ConnectorError:
            raise
        except httpcore.TimeoutException as error:
            raise httpx.TimeoutException(str(error) or "timed out", request=request) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise httpx.TransportError(str(error) or type(error).__name__, request=request) from error
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_ClosingStream(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close idle connections."""
        self._pool.close()


class _ClosingStream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Any:
        try:
            yield from self._answer.iter_stream()
        except httpcore.TimeoutException as error:
            raise httpx.ReadTimeout(str(error) or "timed out") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise httpx.ReadError(str(error) or type(error).__name__) from error

    def close(self) -> None:
        self._answer.close()
