"""AWS KMS as root key: Encrypt and Decrypt, the tenant as encryption context. The key never leaves KMS."""

import base64
import json
import random
import re
import time
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.core.exceptions import ImproperlyConfigured

from connectors.egress import ConnectorError, Egress, EgressPolicy
from tenants.vault.aws.credentials import AwsIdentity
from tenants.vault.keys import DoesNotFit, RootKeyUnusable, Wrapped

ARN: Final = re.compile(r"arn:(aws[a-z-]*):kms:([a-z0-9-]+):\d{12}:(?:key|alias)/[A-Za-z0-9/_-]{1,256}\Z")
CONTEXT: Final = "portcullis:tenant"
ATTEMPTS: Final = 5
LONGEST: Final = 12.0  # seconds for one call, its repeats included
MISFIT: Final = {"InvalidCiphertextException", "IncorrectKeyException"}
AGAIN: Final = {
    "ThrottlingException",
    "LimitExceededException",
    "KMSInternalException",
    "KeyUnavailableException",
    "DependencyTimeoutException",
    "RequestTimeoutException",
    "ServiceUnavailableException",
}
WHY: Final = {
    "ServiceUnavailableException": "AWS KMS cannot be reached or does not answer. Try again later.",
    "ThrottlingException": "AWS KMS has too many requests. Try again later; raise the quota if it stays.",
    "DisabledException": "The root key is disabled in AWS KMS. Enable it again.",
    "KMSInvalidStateException": "The root key is pending deletion or otherwise out of use in AWS KMS. "
    "Cancel the deletion and enable it.",
    "NotFoundException": "AWS KMS does not know the root key. Correct PORTCULLIS_ROOT_KEY.",
    "AccessDeniedException": "AWS KMS refuses us the root key. Allow kms:Encrypt and kms:Decrypt on it.",
    "UnrecognizedClientException": "AWS does not know the credentials of this deployment.",
    "InvalidSignatureException": "AWS does not accept the secret key of this deployment, or its clock is wrong.",
    "ExpiredTokenException": "The session token of this deployment has expired.",
}


class KmsRootKey:
    """A symmetric KMS key by its ARN (key or alias). Decrypt names it too: another key's bytes are refused."""

    def __init__(self, arn: str, *, endpoint: str = "", identity: AwsIdentity | None = None) -> None:
        found = ARN.match(arn)
        if found is None:
            raise ImproperlyConfigured("PORTCULLIS_ROOT_KEY: aws-kms: needs the ARN of a key or alias.")
        self._arn, self._region = arn, found[2]
        domain = "amazonaws.com.cn" if found[1] == "aws-cn" else "amazonaws.com"
        self._url = endpoint or f"https://kms.{self._region}.{domain}"
        self._identity = identity or AwsIdentity()
        self._egress = Egress(_policy(self._url), account=f"vault:{self._region}")
        self._named = "" if ":alias/" in arn else arn

    def key_id(self) -> str:
        """Name the key, not the alias: an alias that was moved is another key."""
        return f"aws-kms:{self._named}" if self._named else self.wrap(b"name", "-").root_key_id

    def may_be(self, key_id: str) -> bool:
        """Whether it may be this key; an alias can mean any."""
        return key_id == f"aws-kms:{self._named}" if self._named else key_id.startswith("aws-kms:")

    def wrap(self, key: bytes, context: str) -> Wrapped:
        """Encrypt a key; AWS notes the tenant in its own trail."""
        answer = self._ask("Encrypt", Plaintext=_text(key), EncryptionContext={CONTEXT: context})
        return Wrapped(f"aws-kms:{answer['KeyId']}", base64.b64decode(answer["CiphertextBlob"]))

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Decrypt a key of this tenant."""
        answer = self._ask("Decrypt", CiphertextBlob=_text(wrapped), EncryptionContext={CONTEXT: context})
        return base64.b64decode(answer["Plaintext"])

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One call, repeated while KMS is busy or unreachable and time is left."""
        ends = time.monotonic() + LONGEST
        attempt = 0
        while True:
            attempt += 1
            code, answer = self._once(operation, {"KeyId": self._arn, **parameters}, ends - time.monotonic())
            if not code:
                return answer
            if code in MISFIT:
                raise DoesNotFit
            wait = random.uniform(0.05, 0.15) * 2**attempt  # noqa: S311 - jitter, not a secret
            if code not in AGAIN or attempt == ATTEMPTS or time.monotonic() + wait >= ends:
                raise RootKeyUnusable(WHY.get(code, f"AWS KMS does not answer ({code}). Try again later."))
            time.sleep(wait)

    def _once(self, operation: str, body: dict[str, Any], seconds: float) -> tuple[str, dict[str, Any]]:
        """Return an error's name ("" for none) and the answer."""
        request = AWSRequest("POST", f"{self._url}/", data=json.dumps(body).encode())
        request.headers["content-type"] = "application/x-amz-json-1.1"
        request.headers["x-amz-target"] = f"TrentService.{operation}"
        keys = self._identity.keys()
        credentials = Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token or None)
        SigV4Auth(credentials, "kms", self._region).add_auth(request)
        try:
            answer = self._egress.request(
                "POST",
                f"{self._url}/",
                headers={name: str(value) for name, value in request.headers.items()},
                content=request.data,
                timeout=max(0.1, seconds),
                raise_transient=False,
            )
            found = json.loads(answer.content or b"{}")
        except ConnectorError:
            return "ServiceUnavailableException", {}
        except ValueError:
            return "an answer that is no JSON", {}
        if answer.status == 200:
            return "", found
        code = str(found.get("__type", "")).rpartition("#")[2]
        return code or ("ServiceUnavailableException" if answer.status >= 500 else str(answer.status)), {}


def _policy(url: str) -> EgressPolicy:
    """Open exactly the service's address: inside a VPC its name leads to a private one."""
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.hostname is None or (parts.scheme != "https" and not local):
        raise ImproperlyConfigured("PORTCULLIS_KMS_ENDPOINT must start with https://.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return EgressPolicy(
        allow=frozenset({f"{parts.hostname}:{port}"}),
        connect_timeout=2.0,
        read_timeout=5.0,
        total_timeout=LONGEST,
        max_response_bytes=64 * 1024,
        requests_per_second=400.0,
        burst=400,
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
