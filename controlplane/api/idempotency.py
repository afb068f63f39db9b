"""`Idempotency-Key` on POST: the effect happens once, a repeat gets the same bytes back.

Another body under the same key is refused (422); a repeat while the first is still running gets 409.
Answers are kept 24 h, sealed, because some hold secrets shown once. A server error frees the key.
"""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.api.models import IdempotentRequest
from tenants.audit.actors import current_actor
from tenants.errors import Conflict, Invalid
from tenants.isolation.context import current_tenant
from tenants.vault.services import keyed_hash, seal, unseal

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=2)
PLACE = {"table": "api_idempotentrequest", "field": "answer"}


def _digest(value: object) -> str:
    """An uploaded file as its content's hash; the file is left at its start for the view."""
    if not isinstance(value, UploadedFile):
        raise TypeError(f"{type(value).__name__} cannot be part of a request body.")
    found = hashlib.sha256()
    for chunk in value.chunks():
        found.update(chunk)
    value.seek(0)
    return found.hexdigest()


class _Replay(Exception):
    """Leaves the view with the answer of the first request."""

    def __init__(self, response: Response) -> None:
        super().__init__("replay")
        self.response = response


class IdempotencyMixin:
    """Adds the behaviour to a DRF view, after authentication and permission."""

    _idempotent_id: str | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the caller, then whether this request was seen before."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or not key or current_tenant() is None:
            return
        if len(key) > 200:
            raise Invalid("idempotency-key-too-long", "An Idempotency-Key has at most 200 characters.")
        scope = "\n".join((current_actor().kind, current_actor().id, request.get_full_path(), key))
        identity = hashlib.sha256(scope.encode()).hexdigest()
        # Keyed: a body may hold a password, and a plain hash of it could be guessed from a copy of the table.
        self._claim(
            identity, keyed_hash("idempotency", json.dumps(request.data, sort_keys=True, default=_digest))
        )
        self._idempotent_id = identity

    def handle_exception(self, error: Exception) -> Response:
        """Answer a repeat from memory, everything else as usual."""
        if isinstance(error, _Replay):
            return error.response
        answer: Response = super().handle_exception(error)  # type: ignore[misc]
        return answer

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Keep the answer of the first request."""
        done: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        if self._idempotent_id is None or not isinstance(response, Response):
            return done
        rows = IdempotentRequest.objects.filter(id=self._idempotent_id)
        if response.status_code >= 500:
            rows.delete()
        else:
            body = json.dumps(response.data, default=str)
            rows.update(status=response.status_code, answer=seal(body, row=self._idempotent_id, **PLACE))
        return done

    def _claim(self, identity: str, body_hash: str) -> None:
        """Take the key, or leave by the first request's answer, or refuse."""
        now = timezone.now()
        IdempotentRequest.objects.filter(created_at__lt=now - KEPT).delete()
        IdempotentRequest.objects.filter(
            id=identity, status__isnull=True, created_at__lt=now - ABANDONED
        ).delete()
        try:
            with transaction.atomic():
                IdempotentRequest.objects.create(id=identity, body_hash=body_hash)
        except IntegrityError:
            first = IdempotentRequest.objects.filter(id=identity).first()
            if first is None or first.status is None:
                raise Conflict(
                    "request-in-progress", "The first request with this key is still running; try again."
                ) from None
            if first.body_hash != body_hash:
                raise Invalid(
                    "idempotency-key-reused",
                    "This Idempotency-Key was used with another body; use a new one.",
                ) from None
            data = json.loads(unseal(first.answer, row=identity, **PLACE))
            raise _Replay(
                Response(data, status=first.status, headers={"Idempotent-Replay": "true"})
            ) from None
