"""AWS KMS in a process of its own: moto's, made as strict as AWS about keys that are off and callers unknown.

moto encrypts with the context and compares key ids, but answers for disabled keys, anybody and at any speed. What is
added here follows the errors of `Encrypt` and `Decrypt` in AWS's API reference. `python -m tests.tenants.vault.kms`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

REGION = "eu-west-1"
ACCESS_KEY, SECRET_KEY = "AKIAPORTCULLISVAULT1", "kms-test-secret-key"
ENVIRON = {"PORTCULLIS_AWS_ACCESS_KEY_ID": ACCESS_KEY, "PORTCULLIS_AWS_SECRET_ACCESS_KEY": SECRET_KEY}


@dataclass
class Kms:
    """A running KMS, its administrator, and what it was asked."""

    url: str
    process: subprocess.Popen[str]

    def admin(self) -> Any:
        """A boto3 client of the account's administrator."""
        return boto3.client(
            "kms",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="AKIAADMINISTRATOR001",
            aws_secret_access_key="x",
        )

    def new_key(self) -> str:
        """Make a key; return its ARN."""
        return str(self.admin().create_key()["KeyMetadata"]["Arn"])

    def control(self, **state: Any) -> dict[str, Any]:
        """Change how it behaves (`throttle`: refuse the next so many); return what it was asked so far."""
        request = urllib.request.Request(f"{self.url}/control", json.dumps(state).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            return dict(json.loads(answer.read()))

    def stop(self) -> None:
        """End it; nobody answers at its address any more."""
        self.process.terminate()
        self.process.wait(timeout=20)


@contextmanager
def running() -> Iterator[Kms]:
    """A KMS on a free port, stopped at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tenants.vault.kms"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    kms = Kms(f"http://127.0.0.1:{process.stdout.readline().strip()}", process)
    try:
        yield kms
    finally:
        kms.stop()
        process.stdout.close()


class _Strict:
    """WSGI in front of moto: refuses what AWS refuses and moto does not."""

    def __init__(self, behind: Callable[..., Any]) -> None:
        self._behind = behind
        self._throttle = 0
        self._asked: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        if environ["PATH_INFO"] == "/control":
            self._throttle = json.loads(body).get("throttle", self._throttle)
            return self._answer(start_response, 200, {"asked": self._asked})
        code = self._refusal(environ, json.loads(body) if body else {})
        if code:
            return self._answer(
                start_response, 500 if code == "KMSInternalException" else 400, {"__type": code}
            )
        import io

        environ["wsgi.input"] = io.BytesIO(body)
        return self._behind(environ, start_response)

    def _refusal(self, environ: dict[str, Any], asked: dict[str, Any]) -> str:
        operation = environ.get("HTTP_X_AMZ_TARGET", "").removeprefix("TrentService.")
        if operation not in ("Encrypt", "Decrypt"):
            return ""
        context = asked.get("EncryptionContext")
        self._asked.append({"operation": operation, "context": context, "key": asked.get("KeyId")})
        scope = (
            rf"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/\d{{8}}/{REGION}/kms/aws4_request, SignedHeaders=\S+"
        )
        if not re.match(scope, environ.get("HTTP_AUTHORIZATION", "")):
            return "UnrecognizedClientException"
        if environ.get("CONTENT_TYPE") != "application/x-amz-json-1.1" or not asked.get("KeyId"):
            return "ValidationException"
        if self._throttle:
            self._throttle -= 1
            return "ThrottlingException"
        return self._state_of(str(asked["KeyId"]))

    @staticmethod
    def _state_of(name: str) -> str:
        from moto.kms.models import kms_backends

        backend = kms_backends["123456789012"][REGION]
        key = backend.keys.get(backend.any_id_to_key_id(name))
        if key is None:
            return "NotFoundException"
        return {"Disabled": "DisabledException", "PendingDeletion": "KMSInvalidStateException"}.get(
            key.key_state, ""
        )

    @staticmethod
    def _answer(start_response: Callable[..., Any], status: int, body: dict[str, Any]) -> list[bytes]:
        start_response(f"{status} X", [("Content-Type", "application/x-amz-json-1.1")])
        return [json.dumps(body).encode()]


def main() -> None:
    """Serve until ended; print the port."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    strict = _Strict(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, strict, threaded=True)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
