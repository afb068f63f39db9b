"""httpx transport whose sockets are opened by the guard: resolve, check, connect to the checked address."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from connectors.base.errors import ConnectorError, RefusedError, SettingsError
from connectors.egress.deadline import left
from connectors.egress.guard import Resolver, resolve_allowed
from connectors.egress.policy import EgressPolicy


class GuardedBackend(httpcore.NetworkBackend):
    """Opens TCP connections only to addresses that ``resolve_allowed`` returned; never UNIX sockets."""

    def __init__(self, policy: EgressPolicy, resolver: Resolver | None = None) -> None:
        self._policy = policy
        self._resolver = resolver
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
        for address in self._addresses(host, port, timeout):
            try:
                wait = _seconds(timeout, "connect")
                return _InTime(self._inner.connect_tcp(address, port, wait, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error or httpcore.ConnectError(f"no address of {host} answered")

    def _addresses(self, host: str, port: int, timeout: float | None) -> list[str]:
        wait = _seconds(timeout, "connect") or self._policy.connect_timeout
        return resolve_allowed(host, port, self._policy, self._resolver, wait)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Always refused."""
        raise RefusedError(
            "UNIX sockets are never opened on behalf of a connection.", unchanged="Nothing was sent."
        )


class GuardedTransport(httpx.BaseTransport):
    """httpx over a httpcore pool with the guarded backend; redirects are the client's business (off)."""

    def __init__(
        self, policy: EgressPolicy, verify: ssl.SSLContext | None = None, resolver: Resolver | None = None
    ) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify or ssl.create_default_context(),
            max_connections=20,
            keepalive_expiry=15.0,
            network_backend=GuardedBackend(policy, resolver),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; transport failures become ``httpx`` errors, the guard's refusal passes through.

        ``SettingsError`` for a certificate that is not valid and for a header or address that HTTP cannot carry.
        """
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
        except httpcore.LocalProtocolError:
            # The library's text repeats the header, which may be a token.
            raise SettingsError(
                f"The request to {request.url.host} cannot be sent: its address or a header holds characters "
                "HTTP does not allow.",
                unchanged="Nothing was sent.",
                action="Check the address and the token in the settings for line breaks.",
            ) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            cause = error.args[0] if error.args else None
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise _bad_certificate(request.url.host, cause) from error
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


class _InTime(httpcore.NetworkStream):
    """A stream whose every step also ends with the exchange's deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _seconds(timeout, "read"))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _seconds(timeout, "write"))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _InTime(self._inner.start_tls(ssl_context, server_hostname, _seconds(timeout, "connect")))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


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


def _seconds(timeout: float | None, step: str) -> float | None:
    """The step's own limit or what is left of the exchange; the library's time-out when nothing is left."""
    try:
        return left(timeout)
    except TimeoutError as error:
        kinds = {"connect": httpcore.ConnectTimeout, "read": httpcore.ReadTimeout}
        raise kinds.get(step, httpcore.WriteTimeout)(str(error)) from error


def _bad_certificate(host: str, error: ssl.SSLCertVerificationError) -> SettingsError:
    return SettingsError(
        f"{host} showed a certificate that is not valid: {error.verify_message}.",
        unchanged="Nothing was sent.",
        action="Use the name the certificate was made for, or have it renewed by an authority that is trusted.",
    )
