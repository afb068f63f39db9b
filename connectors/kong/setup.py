"""The wizard's texts for Kong: grant access to the Admin API, and push calls with the http-log plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.manifest import ConnectorSettings, SetupText
from connectors.kong.konnect_setup import konnect_texts
from connectors.kong.push_texts import push_curl, push_deck, push_terraform

_DOCS: Final = "https://developer.konghq.com/plugins/http-log/"


def texts(settings: ConnectorSettings | Mapping[str, Any], context: Mapping[str, str]) -> list[SetupText]:
    """Every tab. ``context`` has ``ingest_url`` and ``ingest_token``; ``admin_url`` may be missing yet."""
    url, token = context.get("ingest_url", ""), context.get("ingest_token", "")
    if _value(settings, "reached_by") == "konnect":
        return konnect_texts(_value(settings, "region") or "us", url, token)
    admin = _value(settings, "admin_url") or "http://localhost:8001"
    workspaces = _workspaces(_value(settings, "workspace"))
    return [
        SetupText("Protect the Admin API: read access", _loopback("GET"), "bash", access="read"),
        SetupText("Enterprise: role for reading", _role(workspaces, "read"), "bash", access="read"),
        SetupText(
            "Send calls: Admin API",
            _push_curl(admin, workspaces, url, token),
            "bash",
            link=_DOCS,
            access="read",
        ),
        SetupText(
            "Send calls: decK",
            push_deck(url, token, _one(workspaces)),
            "yaml",
            link=_DOCS,
            access="read",
        ),
        SetupText(
            "Send calls: Terraform", push_terraform(url, token), "terraform", link=_DOCS, access="read"
        ),
        SetupText(
            "Protect the Admin API: read and write access",
            _loopback("GET", "POST", "PUT", "PATCH", "DELETE"),
            "bash",
            access="write",
        ),
        SetupText(
            "Enterprise: role for blocking",
            _role(workspaces, "read,create,update,delete"),
            "bash",
            access="write",
        ),
    ]


def _value(settings: ConnectorSettings | Mapping[str, Any], name: str) -> str:
    found = settings.get(name) if isinstance(settings, Mapping) else getattr(settings, name, None)
    return found if isinstance(found, str) else ""


def _loopback(*methods: str) -> str:
    """Kong proxies its own Admin API: only a key holder passes, and only with the given methods."""
    chosen = " ".join(f"--data 'methods[]={method}'" for method in methods)
    return f"""# Run this where the Admin API already answers (usually on the Kong host).
# 1. Bind the Admin API to the host itself, in kong.conf:  admin_listen = 127.0.0.1:8001
# 2. Let Kong protect it: service, route, key-auth, and one key that you enter as our token.
curl -fsS -X PUT http://localhost:8001/services/admin-api --data host=127.0.0.1 --data port=8001
curl -fsS -X PUT http://localhost:8001/services/admin-api/routes/admin-api \\
  --data 'paths[]=/admin-api' --data 'protocols[]=https' {chosen}
curl -fsS -X POST http://localhost:8001/services/admin-api/plugins --data name=key-auth \\
  --data config.hide_credentials=true --data config.key_in_query=false
curl -fsS -X PUT http://localhost:8001/consumers/portcullis --data username=portcullis
curl -fsS -X POST http://localhost:8001/consumers/portcullis/key-auth
# 3. Enter https://<your Kong>/admin-api as address, the printed key as token, and "apikey" as its header.
"""


def _workspaces(entered: str) -> tuple[str, ...]:
    """The names entered, ``*`` among them; one empty name for the default workspace."""
    return tuple(name.strip() for name in entered.split(","))


def _one(workspaces: tuple[str, ...]) -> str:
    """The workspace of a text that is written once for each."""
    return workspaces[0] if len(workspaces) == 1 and workspaces[0] != "*" else "WORKSPACE"


def _push_curl(admin: str, workspaces: tuple[str, ...], url: str, token: str) -> str:
    """The http-log plugin acts in its own workspace: one in each."""
    if (one := _one(workspaces)) != "WORKSPACE":
        return push_curl(f"{admin}/{one}".rstrip("/"), url, token)
    named = f"$(curl -fsS '{admin}/workspaces?size=1000' | jq -r '.data[].name')"
    chosen = named if workspaces[0] == "*" else " ".join(workspaces)
    each = push_curl(f"{admin}/$WORKSPACE", url, token)
    return f"# In every workspace; one that is made later needs it, too.\nfor WORKSPACE in {chosen}; do\n{each}done\n"


def _role(workspaces: tuple[str, ...], actions: str) -> str:
    """Enterprise RBAC: one role, reading everywhere in its workspaces, writing only plugins and routes."""
    names = [name or "default" for name in workspaces]
    home = names[0] if len(names) == 1 and names[0] != "*" else "default"
    lines = [
        "# Kong Enterprise with RBAC. Run with an admin's token in KONG_ADMIN_TOKEN.",
        f"KONG=http://localhost:8001/{home}",
        'H="Kong-Admin-Token: $KONG_ADMIN_TOKEN"',
        'curl -fsS -H "$H" -X POST $KONG/rbac/roles --data name=portcullis',
    ]
    for name in names:
        shown = f"'{name}'" if name == "*" else name
        lines += _granted("*", shown, "read")
        if actions != "read":
            lines += [line for end in ("/plugins/*", "/routes/*") for line in _granted(end, shown, actions)]
    lines += [
        'TOKEN=$(openssl rand -hex 24); echo "token to enter: $TOKEN"',
        'curl -fsS -H "$H" -X POST $KONG/rbac/users --data name=portcullis --data user_token=$TOKEN',
        'curl -fsS -H "$H" -X POST $KONG/rbac/users/portcullis/roles --data roles=portcullis',
    ]
    return "\n".join(lines) + "\n"


def _granted(endpoint: str, workspace: str, actions: str) -> list[str]:
    return [
        'curl -fsS -H "$H" -X POST $KONG/rbac/roles/portcullis/endpoints \\',
        f"  --data 'endpoint={endpoint}' --data workspace={workspace} --data actions={actions}",
    ]
