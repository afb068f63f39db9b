"""TLS that `serve` speaks itself (docs/deployment.md)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates
from django.conf import settings
from granian.constants import SSLProtocols
from granian.server.mp import MPServer

log = structlog.get_logger(__name__)
#: By rustls, both versions have suites with forward secrecy and authenticated encryption only.
VERSIONS = {"1.2": SSLProtocols.tls12, "1.3": SSLProtocols.tls13}


@dataclass(frozen=True)
class Tls:
    """Certificate chain, key and oldest version."""

    certificate: Path
    key: Path
    minimum: SSLProtocols

    def options(self) -> dict[str, Any]:
        """What the server is made with."""
        return {"ssl_cert": self.certificate, "ssl_key": self.key, "ssl_protocol_min": self.minimum}

    def check(self) -> None:
        """Raise ValueError with a sentence when the files cannot be used together."""
        try:
            chain = load_pem_x509_certificates(self.certificate.read_bytes())
            key = load_pem_private_key(self.key.read_bytes(), password=None)
            problem = (
                "" if chain[0].public_key() == key.public_key() else "the key is not the first certificate's"
            )
        except (OSError, ValueError, TypeError) as error:
            problem = f"{type(error).__name__} when reading them"
        if problem:
            raise ValueError(
                f"PORTCULLIS_TLS_CERTIFICATE ({self.certificate}) and PORTCULLIS_TLS_KEY ({self.key}) cannot be used: "
                f"{problem}. Give the chain with our certificate first, and its key without a password, as PEM."
            )


def configured() -> Tls | None:
    """Return the TLS of the settings, None without any; raises ValueError with a sentence for half of it."""
    certificate, key, minimum = settings.TLS_CERTIFICATE, settings.TLS_KEY, settings.TLS_MINIMUM
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise ValueError("PORTCULLIS_TLS_CERTIFICATE and PORTCULLIS_TLS_KEY belong together; one is missing.")
    if minimum not in VERSIONS:
        raise ValueError(f"PORTCULLIS_TLS_MINIMUM is {minimum!r}; 1.2 and 1.3 are spoken.")
    found = Tls(Path(certificate), Path(key), VERSIONS[minimum])
    found.check()
    return found


class TlsServer(MPServer):
    """The web server; a signal to reload (SIGHUP) takes a renewed certificate, and is refused for one it cannot use."""

    def __init__(self, target: str, tls: Tls, **options: Any) -> None:
        self._tls = tls
        super().__init__(target, **options | tls.options())

    def signal_handler_reload(self, *args: Any, **options: Any) -> None:
        """Have new worker processes take over with what the files hold now; keep the old ones when that is unusable."""
        try:
            self._tls.check()
        except ValueError as error:
            log.error("certificate not renewed", problem=str(error))
            return
        # The files may be links that point elsewhere by now; the server looked where at its start.
        self.build_ssl_context(self._tls.certificate, self._tls.key, None, self._tls.minimum, None, [], False)
        super().signal_handler_reload(*args, **options)  # type: ignore[no-untyped-call]
