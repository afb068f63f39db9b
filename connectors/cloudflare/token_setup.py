"""The wizard's texts for API tokens: a link with the permissions filled in, Terraform, and a check by hand.

Sources: "API token template URLs" (keys), Terraform provider ``cloudflare`` 5 (``cloudflare_account_token``).
"""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote

from connectors.base.manifest import PermissionNeed, SetupText
from connectors.cloudflare.manifest import PUBLIC_API
from connectors.cloudflare.permissions import PROBES, READ, WRITE

_DASHBOARD: Final = "https://dash.cloudflare.com/?to=/:account/api-tokens"
#: Keys Cloudflare documents for links; the others have to be added on the page by hand.
_KEYS: Final = {
    "Zone": "zone",
    "Zone Settings": "zone_settings",
    "DNS": "dns",
    "SSL and Certificates": "ssl_and_certificates",
    "Logs": "logs",
    "Analytics": "analytics",
    "Account Settings": "account_settings",
    "Account Rule Lists": "account_rule_lists",
}
_ACCOUNT_WIDE: Final = ("Account Settings", "Account Rule Lists")


def token_texts(account: str) -> list[SetupText]:
    """Tabs for reading, for reading and blocking, as Terraform, and the check."""
    return [
        SetupText(
            "API token for reading", _steps(READ), link=_link(READ, "Portcullis (read)"), access="read"
        ),
        SetupText(
            "API token for reading and blocking",
            _steps((*READ, *WRITE)),
            link=_link((*READ, *WRITE), "Portcullis (read and block)"),
            access="write",
        ),
        SetupText("API token for reading: Terraform", _terraform(READ, account), "terraform", access="read"),
        SetupText(
            "API token for reading and blocking: Terraform",
            _terraform((*READ, *WRITE), account),
            "terraform",
            access="write",
        ),
        SetupText("Check a token: curl", _check(account), "bash", access="read"),
    ]


def _needed(needs: tuple[PermissionNeed, ...]) -> dict[str, str]:
    """The level of each permission group: Write takes Read's place."""
    levels: dict[str, str] = {}
    for need in needs:
        name, _, level = need.action.rpartition(" ")
        if levels.get(name) != "Write":
            levels[name] = level
    return levels


def _link(needs: tuple[PermissionNeed, ...], name: str) -> str:
    keys = [
        {"key": _KEYS[group], "type": "edit" if level == "Write" else "read"}
        for group, level in _needed(needs).items()
        if group in _KEYS
    ]
    chosen = quote(json.dumps(keys, separators=(",", ":")), safe="")
    return f"{_DASHBOARD}&permissionGroupKeys={chosen}&name={quote(name)}"


def _steps(needs: tuple[PermissionNeed, ...]) -> str:
    purposes = {need.action: need.purpose for need in needs}
    levels = _needed(needs)
    by_hand = [f"{group}: {_shown(level)}" for group, level in levels.items() if group not in _KEYS]
    table = "\n".join(
        f"{'Account' if group in _ACCOUNT_WIDE else 'Zone'} | {group}: {_shown(level)}, to {purposes[f'{group} {level}']}"
        for group, level in levels.items()
    )
    return f"""1. Open the link: the page for a new account token, with most permissions filled in.
   (A token of your own profile works too; one of the account does not end when a person leaves.)
2. Add by hand what links cannot fill in: {", ".join(by_hand)}.
3. Choose the zones Portcullis may see, and under "Client IP address filtering" the addresses your operator names.
4. Enter the token here, with the account id from the address of your account's page.

What it may do, and why:
{table}

A permission you leave out makes the part it is for unknown; nothing else fails.
"""


def _shown(level: str) -> str:
    return "Edit" if level == "Write" else level


def _terraform(needs: tuple[PermissionNeed, ...], account: str) -> str:
    levels = _needed(needs)
    zone = [f"{group} {level}" for group, level in levels.items() if group not in _ACCOUNT_WIDE]
    wide = [f"{group} {level}" for group, level in levels.items() if group in _ACCOUNT_WIDE]
    return f"""locals {{
  portcullis_account = "{account}"
  portcullis_zone    = {json.dumps(zone)}
  portcullis_wide    = {json.dumps(wide)}
}}

data "cloudflare_account_api_token_permission_groups_list" "portcullis" {{
  for_each   = toset(concat(local.portcullis_zone, local.portcullis_wide))
  account_id = local.portcullis_account
  name       = each.value
  scope = contains(local.portcullis_wide, each.value) ? "com.cloudflare.api.account" : "com.cloudflare.api.account.zone"
}}

resource "cloudflare_account_token" "portcullis" {{
  account_id = local.portcullis_account
  name       = "Portcullis"
  policies = [
    {{
      effect = "allow"
      permission_groups = [
        for name in local.portcullis_zone :
        {{ id = data.cloudflare_account_api_token_permission_groups_list.portcullis[name].result[0].id }}
      ]
      resources = jsonencode({{
        "com.cloudflare.api.account.${{local.portcullis_account}}" = {{ "com.cloudflare.api.account.zone.*" = "*" }}
      }})
    }},
    {{
      effect = "allow"
      permission_groups = [
        for name in local.portcullis_wide :
        {{ id = data.cloudflare_account_api_token_permission_groups_list.portcullis[name].result[0].id }}
      ]
      resources = jsonencode({{ "com.cloudflare.api.account.${{local.portcullis_account}}" = "*" }})
    }},
  ]
}}

output "portcullis_token" {{
  value     = cloudflare_account_token.portcullis.value
  sensitive = true
}}
"""


def _check(account: str) -> str:
    reads = "\n".join(
        f'ask "{name}" "{probe.path.format(zone="$ZONE_ID", account="$ACCOUNT_ID", since="$SINCE", before="$BEFORE")}"'
        for name, probe in PROBES.items()
        if probe.method == "GET"
    )
    return f"""# Prints 200 for each permission the token has, 403 for one it lacks or that the plan does not include.
export ACCOUNT_ID={account} ZONE_ID=… CLOUDFLARE_API_TOKEN=…
SINCE=$(date -u -d '1 hour ago' +%FT%TZ) BEFORE=$(date -u +%FT%TZ)
ask() {{ printf '%-24s ' "$1"; curl -s -o /dev/null -w '%{{http_code}}\\n' \\
  -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" "{PUBLIC_API}$2"; }}
ask "Token of the account" "/accounts/$ACCOUNT_ID/tokens/verify"
{reads}
"""
