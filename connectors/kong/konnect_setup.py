"""The wizard's texts for a control plane in Konnect: an account with a token, and calls by the http-log plugin.

Sources: Konnect Identity API v3 (system accounts, roles, tokens), decK's options for Konnect.
"""

from __future__ import annotations

from typing import Final

from connectors.base.manifest import SetupText
from connectors.kong.push_texts import push_curl, push_deck, push_terraform

_ROLES: Final = "https://developer.konghq.com/konnect-platform/teams-and-roles/"
_LOGGING: Final = "https://developer.konghq.com/plugins/http-log/"
_READ: Final = ("Viewer",)
_WRITE: Final = ("Plugin Admin", "Route Admin")


def konnect_texts(region: str, url: str, token: str) -> list[SetupText]:
    """Every tab, for a control plane in one region."""
    base = f"https://{region}.api.konghq.com/v2/control-planes/$CONTROL_PLANE_ID/core-entities"
    curl = push_curl(base, url, token, '-H "Authorization: Bearer $KONNECT_TOKEN" ')
    deck = "# deck gateway sync --konnect-control-plane-name NAME --select-tag portcullis-logs FILE\n"
    return [
        SetupText("System account for reading", _account(region, _READ), "bash", link=_ROLES),
        SetupText("Reading requests", _analytics(), "text", link=_ROLES),
        SetupText("Send calls: Konnect API", curl, "bash", link=_LOGGING),
        SetupText("Send calls: decK", deck + push_deck(url, token, ""), "yaml", link=_LOGGING),
        SetupText(
            "Send calls: Terraform", push_terraform(url, token, konnect=True), "terraform", link=_LOGGING
        ),
        SetupText(
            "System account for blocking",
            _account(region, (*_READ, *_WRITE)),
            "bash",
            link=_ROLES,
            access="write",
        ),
    ]


def _account(region: str, roles: tuple[str, ...]) -> str:
    """One account for us, with roles on one control plane, and its token."""
    granted = "\n".join(
        f"""curl -fsS -H "$H" -H "$J" -X POST $API/system-accounts/$ACCOUNT/assigned-roles -d '{{
  "role_name": "{role}", "entity_type_name": "Control Planes", "entity_region": "{region}",
  "entity_id": "'"$CONTROL_PLANE_ID"'"}}'"""
        for role in roles
    )
    return f"""# With the token of an organization admin in KONNECT_TOKEN and the control plane's id in CONTROL_PLANE_ID.
API=https://global.api.konghq.com/v3
H="Authorization: Bearer $KONNECT_TOKEN"
J="Content-Type: application/json"
ACCOUNT=$(curl -fsS -H "$H" -H "$J" -X POST $API/system-accounts \\
  -d '{{"name": "portcullis", "description": "Portcullis"}}' | jq -r .id)
{granted}
# The token to enter. Choose a date; enter a new token before it ends.
curl -fsS -H "$H" -H "$J" -X POST $API/system-accounts/$ACCOUNT/access-tokens \\
  -d '{{"name": "portcullis", "expires_at": "'"$(date -u -d '+1 year' +%Y-%m-%dT%H:%M:%SZ)"'"}}' | jq -r .token
"""


def _analytics() -> str:
    return """Calls are read from Konnect's API requests (POST /v2/api-requests), part of Konnect Analytics.
Add the system account to the predefined team Analytics Viewer. No plugin is needed in the gateway.
Without Analytics, switch "Read requests from Konnect" off and let the http-log plugin push (next tabs).
Both together are fine: a request has the same id on both ways and is counted once.
"""
