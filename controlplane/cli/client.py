"""The REST client behind the commands: address and token from the environment or the configuration file."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from connectors.base.errors import ConnectorError


class Failed(Exception):
    """A request did not succeed; the text is for the person at the terminal."""


def config_file() -> Path:
    """Where ``portcullis configure`` keeps address and token."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "portcullis" / "config.json"


@dataclass(frozen=True, slots=True)
class Server:
    """A tenant's address (``http://acme.localhost:8000``) and an API token."""

    url: str
    token: str


def server() -> Server | None:
    """The configured server; None when there is none, so that commands can say what to do."""
    url, token = os.environ.get("PORTCULLIS_URL"), os.environ.get("PORTCULLIS_TOKEN")
    if url and token:
        return Server(url.rstrip("/"), token)
    try:
        held = json.loads(config_file().read_text())
        return Server(str(held["url"]), str(held["token"])) if urlsplit(str(held["url"])).hostname else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def configure(url: str, token: str) -> Path:
    """Keep address and token in a file only its owner can read."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Failed(f"{url} is no address such as https://acme.example.com. Nothing was kept.")
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)  # the mode above is only for new files
    with os.fdopen(descriptor, "w") as stream:
        json.dump({"url": url.rstrip("/"), "token": token}, stream)
    return path


class Client:
    """Speaks to one tenant's API."""

    def __init__(self, target: Server) -> None:
        from connectors.egress import Egress, EgressPolicy  # `--help` answers without an HTTP client

        parts = urlsplit(target.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._base = f"{target.url}/api/v1"
        self._token = target.token
        self._egress = Egress(EgressPolicy(allow=frozenset({f"{parts.hostname}:{port}"}), read_timeout=60.0))

    def get(self, path: str, **params: Any) -> Any:
        """The answer's document."""
        given = {name: value for name, value in params.items() if value not in (None, "")}
        return self._send("GET", f"{path}?{urlencode(given)}" if given else path)

    def post(self, path: str, document: Mapping[str, Any] | None = None) -> Any:
        """Post a document."""
        content = json.dumps(document or {}).encode()
        return self._send(
            "POST", path, content, {"content-type": "application/json", "idempotency-key": uuid.uuid4().hex}
        )

    def upload(self, path: str, file: Path, fields: Mapping[str, str]) -> Any:
        """Post a file as multipart/form-data (RFC 7578)."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        name = file.name.replace('"', "")
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n'
        body = b"".join(parts) + head.encode() + b"content-type: application/octet-stream\r\n\r\n"
        body += file.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        return self._send("POST", path, body, {"content-type": f"multipart/form-data; boundary={boundary}"})

    def _send(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        sent = {"authorization": f"Bearer {self._token}", "accept": "application/json", **(headers or {})}
        try:
            answer = self._egress.request(method, f"{self._base}{path}", headers=sent, content=content)
            document = answer.json() if answer.content else None
        except ConnectorError as error:
            raise Failed(error.sentence()) from error
        if answer.status >= 400:
            raise Failed(_problem(answer.status, document))
        return document


def _problem(status: int, document: Any) -> str:
    if not isinstance(document, dict):
        return f"The server answered {status}."
    named = [f"  {error['pointer'] or '/'}: {error['detail']}" for error in document.get("errors") or ()]
    lines = [f"{document.get('title', 'Failed')} ({status}): {document.get('detail', '')}", *named]
    if document.get("request_id"):
        lines.append(f"  request {document['request_id']}")
    return "\n".join(lines)
