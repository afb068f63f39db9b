"""What Cloudflare says of the token we present: whether it is active, and its id, by which the audit log names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base.errors import ConnectorError, RefusedError, SettingsError
from connectors.cloudflare.client import ApiV4


def verified(api: ApiV4) -> Mapping[str, Any]:
    """``id`` and ``status`` of the token; tokens of an account and of a user are verified in different places.

    Raises the last place's ``SettingsError`` or ``RefusedError`` when neither knows the token.
    """
    refused: ConnectorError | None = None
    for path in (f"/accounts/{api.account}/tokens/verify", "/user/tokens/verify"):
        try:
            found = api.one(path, "")
        except (SettingsError, RefusedError) as error:
            refused = error
            continue
        return found if isinstance(found, Mapping) else {}
    assert refused is not None, "both places were asked"
    raise refused
