"""Who we are at AWS: `PORTCULLIS_AWS_*`, else the role of the container (ECS task role, EKS Pod Identity)."""

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from connectors.egress import ConnectorError, Egress, EgressPolicy
from tenants.vault.keys import RootKeyUnusable

PREFIX = "PORTCULLIS_AWS_"
RENEW_BEFORE = timedelta(minutes=5)
#: Where AWS documents that a container's role answers; a plain http address elsewhere is refused.
ROLE_HOSTS = frozenset(
    {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "127.0.0.1", "[::1]", "localhost"}
)
ECS = "http://169.254.170.2"
NOBODY = (
    "This deployment has no AWS identity for its root key: set PORTCULLIS_AWS_ACCESS_KEY_ID and "
    "PORTCULLIS_AWS_SECRET_ACCESS_KEY, or give the container a role."
)


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """Credentials to sign with; `expires` is None for those that stay."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    expires: datetime | None = None


class AwsIdentity:
    """The deployment's own credentials, read again before they expire."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._held: AwsKeys | None = None
        self._lock = threading.Lock()

    def keys(self, now: datetime | None = None) -> AwsKeys:
        """Return credentials valid now; raises RootKeyUnusable."""
        at = now or datetime.now(UTC)
        with self._lock:
            held = self._held
            if held is None or (held.expires is not None and held.expires - RENEW_BEFORE <= at):
                self._held = held = self._from_environment() or self._from_role()
            return held

    def _from_environment(self) -> AwsKeys | None:
        access, secret, token = (
            self._environ.get(f"{PREFIX}{name}", "").strip()
            for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
        )
        return AwsKeys(access, secret, token) if access and secret else None

    def _from_role(self) -> AwsKeys:
        url, headers = self._role_address()
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}") if parts.port else parts.netloc
        if parts.scheme != "https" and host not in ROLE_HOSTS:
            raise RootKeyUnusable(
                f"AWS_CONTAINER_CREDENTIALS_FULL_URI names {host}, which is no role endpoint."
            )
        port = parts.port or (443 if parts.scheme == "https" else 80)
        allow = frozenset({f"{host.strip('[]')}:{port}"})
        egress = Egress(EgressPolicy(allow=allow, total_timeout=10.0), account="vault:role")
        try:
            answer = egress.request("GET", url, headers=headers)
            found = json.loads(answer.content) if answer.status == 200 else None
            if found is None:
                raise RootKeyUnusable(f"The container's role endpoint answered {answer.status}.")
            expires = datetime.fromisoformat(str(found["Expiration"]))
            return AwsKeys(found["AccessKeyId"], found["SecretAccessKey"], found.get("Token", ""), expires)
        except ConnectorError as error:
            raise RootKeyUnusable(
                f"The container's role endpoint gave no credentials. {error.what}"
            ) from None
        except (ValueError, KeyError, TypeError):
            raise RootKeyUnusable("The container's role endpoint answered something else.") from None
        finally:
            egress.close()

    def _role_address(self) -> tuple[str, dict[str, str]]:
        relative = self._environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")
        full = self._environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
        if not relative and not full:
            raise RootKeyUnusable(NOBODY)
        file = self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "")
        try:
            token = Path(file).read_text().strip() if file else ""
        except OSError:
            raise RootKeyUnusable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read.") from None
        token = token or self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        return f"{ECS}{relative}" if relative else full, {"authorization": token} if token else {}
