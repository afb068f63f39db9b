"""Who a runner is: a key pair made here, whose private half never leaves, and what its enrolment gave."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from connectors.base.errors import RefusedError, SettingsError
from connectors.egress import Egress, EgressPolicy
from connectors.runner.wire import (
    CONTENT_TYPE,
    Enrolled,
    Enrolment,
    NotGenuine,
    packed,
    public_key,
    public_text,
    unpacked,
)

VERSION: Final = "1"
_FILE: Final = "identity.json"


@dataclass(frozen=True)
class Identity:
    """An enrolled runner. ``url`` is the workspace's address."""

    url: str
    runner_id: str
    name: str
    key: Ed25519PrivateKey
    work_key: Ed25519PublicKey


def control_plane(url: str) -> Egress:
    """The door to the control plane: https, or plain to a loopback address on the same machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            f"{url} is no address of a workspace.",
            unchanged="Nothing was sent.",
            action="It looks like https://acme.portcullis.example.",
        )
    port = parts.port or (443 if parts.scheme == "https" else 80)
    own = frozenset({f"{parts.hostname}:{port}"})
    policy = EgressPolicy(allow=own, requests_per_second=50.0, burst=100, total_timeout=30.0)
    if parts.scheme == "http" and not (
        parts.hostname == "localhost" or parts.hostname.endswith(".localhost")
    ):
        raise RefusedError(
            "The control plane would be reached without encryption.",
            unchanged="Nothing was sent.",
            action="Give its https address.",
        )
    return Egress(policy, account="control-plane")


def enrol(url: str, token: str, state: Path) -> Identity:
    """Make a key, show the enrolment token once, and keep what comes back in ``state`` (readable by its owner only).

    ``RefusedError`` when a runner is enrolled there already or the control plane refuses the token.
    """
    file = state / _FILE
    if file.exists():
        raise RefusedError(
            f"{file} is there already: a runner is enrolled here.",
            unchanged="Nothing was sent.",
            action="Start it with 'run', or take another folder for another runner.",
        )
    _prepare(state)
    key = Ed25519PrivateKey.generate()
    shown = Enrolment(token, public_text(key.public_key()), VERSION)
    answer = control_plane(url).request(
        "POST", url.rstrip("/") + "/api/v1/runner/enrol",
        headers={"content-type": CONTENT_TYPE}, content=packed(shown), raise_transient=False,
    )  # fmt: skip
    if answer.status != 200:
        raise RefusedError(
            f"The control plane did not enrol this runner (status {answer.status}).",
            action="Enrolment tokens are good once and for one hour: make a new one under Settings, Runners.",
        )
    try:
        given = unpacked(Enrolled, answer.content)
        identity = Identity(url.rstrip("/"), given.runner_id, given.name, key, public_key(given.work_key))
    except NotGenuine as error:
        raise SettingsError(f"{url} answered something else than a control plane: {error}") from error
    _keep(identity, file)
    return identity


def load(state: Path) -> Identity:
    """The runner enrolled in ``state``; ``SettingsError`` when there is none."""
    try:
        held = json.loads((state / _FILE).read_text())
        key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(held["key"]))
        return Identity(held["url"], held["runner_id"], held["name"], key, public_key(held["work_key"]))
    except (OSError, ValueError, KeyError, TypeError, NotGenuine) as error:
        raise SettingsError(
            f"No runner is enrolled in {state}.",
            unchanged="Nothing was sent.",
            action="Enrol one: portcullis-runner enrol --url https://acme.portcullis.example --token …",
        ) from error


def _prepare(state: Path) -> None:
    """Make the folder, before the token is spent; ``SettingsError`` when nothing can be written there."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = state / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingsError(
            f"Nothing can be written in {state}: {error.strerror}.",
            unchanged="Nothing was sent, the token is as good as before.",
            action="Give another folder: --state",
        ) from error


def _keep(identity: Identity, file: Path) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(
            {
                "url": identity.url,
                "runner_id": identity.runner_id,
                "name": identity.name,
                "key": base64.b64encode(identity.key.private_bytes_raw()).decode(),
                "work_key": public_text(identity.work_key),
            },
            stream,
        )
