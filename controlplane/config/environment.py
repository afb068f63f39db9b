"""Reads the process environment: where data lives, which database, which secrets."""

import os
import secrets
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tenants.isolation.postgres.__main__ import data_directory, embedded
from tenants.isolation.postgres.cluster import ServerFailed
from tenants.isolation.roles import APP_ROLE, DATABASE, OWNER_ROLE

DATA_DIR = data_directory()


def flag(name: str, default: bool = False) -> bool:
    """Return a yes/no variable."""
    return os.environ.get(name, "1" if default else "0").lower() in ("1", "true", "yes", "on")


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def secret_key() -> str:
    """Return the signing key: PORTCULLIS_SECRET_KEY, else one made once and kept in the data directory."""
    given = os.environ.get("PORTCULLIS_SECRET_KEY")
    if given:
        return given
    file = DATA_DIR / "secret_key"
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text()
    with os.fdopen(handle, "w") as stream:
        stream.write(secrets.token_urlsafe(48))
    return file.read_text()


def uses_embedded_database() -> bool:
    """Tell whether we run our own PostgreSQL (no DATABASE_URL given)."""
    return not os.environ.get("DATABASE_URL")


def databases() -> dict[str, dict[str, Any]]:
    """Return Django's DATABASES: `default` (app role, two locks) and `owner` (provisioning, migrations)."""
    command = shlex.split(os.environ.get("PORTCULLIS_DATABASE_PASSWORD_COMMAND", ""))
    common = {
        # A session outlives the password it was opened with; a command is not run every minute for each thread.
        "CONN_MAX_AGE": 600 if command else 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "PASSWORD_COMMAND": command,
    }
    if uses_embedded_database():
        app, owner = _embedded(APP_ROLE), _embedded(OWNER_ROLE)
    else:
        app = _from_url(os.environ["DATABASE_URL"])
        owner = _from_url(os.environ.get("OWNER_DATABASE_URL") or os.environ["DATABASE_URL"])
        if command and (app["PASSWORD"] or owner["PASSWORD"]):
            raise ValueError(
                "PORTCULLIS_DATABASE_PASSWORD_COMMAND says the password, so DATABASE_URL must hold none."
            )
    return {
        "default": common | app | {"ENGINE": "tenants.isolation.backend"},
        "owner": common | owner | {"ENGINE": "tenants.isolation.owner_backend"},
    }


def _embedded(role: str) -> dict[str, Any]:
    try:
        address = embedded().address()
    except ServerFailed:
        # Not created yet; manage.py creates it before anything connects.
        return {"NAME": DATABASE, "USER": role, "HOST": "127.0.0.1", "PORT": "1"}
    return {
        "NAME": DATABASE,
        "USER": role,
        "PASSWORD": address.passwords[role],
        "HOST": address.folder,
        "PORT": str(address.port),
    }


def _from_url(url: str) -> dict[str, Any]:
    """Read postgresql://user:password@host:port/name?sslmode=… into Django's words."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError("DATABASE_URL must start with postgresql://")
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def frontend_folder() -> Path:
    """Return the built single-page application's folder."""
    return Path(__file__).resolve().parents[2] / "frontend" / "dist"
