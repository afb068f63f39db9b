"""Kong Enterprise's audit log of Admin API requests (``audit_log = on``).

Source: Kong Gateway Enterprise "Audit logs": every request is an entry, reads too, newest first; ``GET /audit/requests``.
"""

import threading
import time
import uuid
from collections import deque
from typing import Any

from werkzeug.wrappers import Request, Response

KEPT = 20_000
"""A bound on memory instead of ``audit_log_record_ttl``."""


class AuditLog:
    """Entries of one node. ``users`` names who holds which token. Safe for threads."""

    def __init__(self, users: dict[str, str]) -> None:
        self._users = users
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def record(self, request: Request, response: Response) -> None:
        """Keep one answered request. A browser's ``Origin`` stands for Kong Manager."""
        user = self._users.get(request.headers.get("Kong-Admin-Token", ""))
        entry = {
            "client_ip": request.remote_addr,
            "method": request.method,
            "path": request.full_path.rstrip("?"),
            "payload": request.get_data(as_text=True) or None,
            "rbac_user_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, user)) if user else None,
            "rbac_user_name": user,
            "removed_from_payload": None,
            "request_id": uuid.uuid4().hex,
            "request_source": "kong-manager" if request.headers.get("Origin") else None,
            "request_timestamp": int(time.time()),
            "signature": None,
            "status": response.status_code,
            "ttl": 2_592_000,
            "workspace": str(uuid.uuid5(uuid.NAMESPACE_DNS, "default")),
        }
        with self._lock:
            self._entries.appendleft(entry)

    def entries(self) -> list[dict[str, Any]]:
        """Everything, newest first."""
        with self._lock:
            return list(self._entries)
