"""Where sessions live: a row of the tenant, found by a keyed hash of the cookie, with an idle and an absolute limit.

Django's own store keeps the key itself, so that a copy of its table is a bundle of open sessions; this one does not.
Limits are judged when a session is loaded, so they hold for every surface that has one.
"""

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants.accounts.models import SessionRow
from tenants.isolation.context import current_tenant
from tenants.vault.fields import declare_passing
from tenants.vault.services import VaultError, seal, unseal

ENTRY = "sign_in"  # in a session: how it began (`tenants.accounts.services.opening`)
PENDING_SECRET = "mfa.totp.secret"  # noqa: S105 - where allauth keeps the secret of an app being set up
SEEN_EVERY = timedelta(minutes=1)
declare_passing("accounts_sessionrow", "data")
UNSIGNED_FOR = timedelta(hours=1)  # a browser half-way through signing in


class SessionStore(SessionBase):
    """Django's session interface over `SessionRow`."""

    row_id = ""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing, and no key, when it is gone or past a limit."""
        row = self._row()
        if row is None:
            self._session_key = None
            return {}
        now = timezone.now()
        if now - row.seen_at > SEEN_EVERY:
            SessionRow.objects.filter(id=row.id).update(seen_at=now)
        self.row_id = row.id
        return self.decode(row.data)

    def exists(self, session_key: str) -> bool:
        """Tell whether a key is taken."""
        return SessionRow.objects.filter(key_hash=hashed(session_key)).exists()

    def create(self) -> None:
        """Take a new key."""
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Store the session; raises UpdateError when it was ended meanwhile."""
        if self.session_key is None:
            self.create()
            return
        data: dict[str, Any] = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        key = hashed(self.session_key)
        entry = data.get(ENTRY) or {}
        user_id = data.get(SESSION_KEY)
        values = {"data": self.encode(data), "user_id": user_id}
        values |= {name: str(entry.get(name, "")) for name in ("by", "address", "agent")}
        if not must_create:
            rows = SessionRow.objects.filter(key_hash=key)
            if user_id and rows.filter(user_id=None).exists():
                values["expires_at"] = timezone.now() + lifetime()
            if not rows.update(**values):
                raise UpdateError
            return
        now = timezone.now()
        ends = now + (lifetime() if user_id else UNSIGNED_FOR)
        row = SessionRow(key_hash=key, started_at=now, seen_at=now, expires_at=ends, **values)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise CreateError from None
        self.row_id = row.id

    def delete(self, session_key: str | None = None) -> None:
        """End a session on the server."""
        key = session_key or self.session_key
        if key:
            SessionRow.objects.filter(key_hash=hashed(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Remove sessions past a limit."""
        now = timezone.now()
        SessionRow.objects.filter(expires_at__lt=now).delete()
        SessionRow.objects.filter(seen_at__lt=now - idle()).delete()

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Serialise; the secret of an authenticator app being set up is sealed."""
        secret = session_dict.get(PENDING_SECRET)
        if secret:
            session_dict = {**session_dict, PENDING_SECRET: seal(secret, **self._place())}
        return super().encode(session_dict)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Undo `encode`; a secret that cannot be opened is forgotten."""
        data = super().decode(session_data)
        sealed = data.get(PENDING_SECRET)
        if sealed:
            try:
                data[PENDING_SECRET] = unseal(sealed, **self._place())
            except VaultError:
                del data[PENDING_SECRET]
        return data

    def _place(self) -> dict[str, str]:
        return {
            "table": "accounts_sessionrow",
            "field": "data",
            "row": hashed(self._get_or_create_session_key()),  # type: ignore[attr-defined]
        }

    def _row(self) -> SessionRow | None:
        if self.session_key is None or current_tenant() is None:
            return None
        now = timezone.now()
        rows = SessionRow.objects.filter(key_hash=hashed(self.session_key), expires_at__gt=now)
        return rows.filter(seen_at__gt=now - idle()).first()


def hashed(key: str) -> str:
    """What the database knows of a session's key: useless without the installation's secret key."""
    return hmac.new(settings.SECRET_KEY.encode(), b"session:" + key.encode(), hashlib.sha256).hexdigest()


def lifetime() -> timedelta:
    """How long a session lasts however busy it is."""
    return timedelta(seconds=settings.SESSION_COOKIE_AGE)


def idle() -> timedelta:
    """How long a session lasts without a request."""
    return timedelta(seconds=settings.SESSION_IDLE_SECONDS)
