"""What whoever checks our tokens reads: the discovery document and the public keys. Open to anybody, on the base domain.

Sources: OpenID Connect Discovery 1.0 §3, RFC 7517. Google and Entra fetch both, and keep them.
"""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from controlplane.federation import keys
from controlplane.federation.services import issuer

KEYS_PATH: Final = "/.well-known/jwks.json"
#: Far shorter than a key is announced before it signs, and as long as a compromised one is taken by whoever keeps it.
_KEEP: Final = "public, max-age=300"


@require_safe
def discovery(request: HttpRequest) -> JsonResponse:
    """``GET /.well-known/openid-configuration``."""
    document = {
        "issuer": issuer(),
        "jwks_uri": f"{issuer()}{KEYS_PATH}",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
        "claims_supported": ["iss", "sub", "aud", "iat", "nbf", "exp", "jti"],
    }
    return _answer(document, _KEEP)


@require_safe
def key_set(request: HttpRequest) -> JsonResponse:
    """``GET /.well-known/jwks.json``: several keys while one replaces another."""
    found = [key.jwk() for key in keys.published(timezone.now())]
    # An empty set must not be kept anywhere: the first token may come a second later.
    return _answer({"keys": found}, _KEEP if found else "no-store")


def _answer(document: dict[str, Any], keep: str) -> JsonResponse:
    return JsonResponse(document, headers={"Cache-Control": keep})
