"""``portcullis block``: preview, create, list and undo blocks."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from controlplane.cli.client import Client, Failed, server
from controlplane.cli.render import as_json, console, pick, table

app = typer.Typer(no_args_is_help=True, help="Preview, create and undo blocks.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def client() -> Client:
    """The configured server's client."""
    target = server()
    if target is None:
        raise Failed(
            "No server is configured. Run: portcullis configure URL (or set PORTCULLIS_URL and PORTCULLIS_TOKEN)."
        )
    return Client(target)


@app.command("preview")
def preview_command(
    ip: Annotated[list[str] | None, typer.Option(help="Address or CIDR range; repeatable.")] = None,
    method: Annotated[list[str] | None, typer.Option()] = None,
    path: Annotated[list[str] | None, typer.Option(help="Path template such as /orders/{id}.")] = None,
    hours: int = 24,
    days: Annotated[int, typer.Option(help="Days of past traffic to simulate on.")] = 7,
    target: Annotated[
        list[str] | None, typer.Option(help="Reference of a target; default all writable ones.")
    ] = None,
    json: Json = False,
) -> None:
    """Simulate a block on past traffic. Nothing is pushed."""
    api = client()
    places = [
        t for t in api.get("/blocks/targets")["data"] if (t["ref"] in target if target else t["can_write"])
    ]
    if not places:
        raise Failed(
            "There is no target to push to. Connect a gateway or WAF and grant the blocking permission first."
        )
    draft: dict[str, Any] = {
        "match": {"networks": ip or [], "methods": method or [], "path_templates": path or []},
        "action": "block",
        "ttl_seconds": hours * 3600,
        "window_days": days,
        "targets": [{"connection_id": t["connection_id"], "ref": t["ref"]} for t in places],
    }
    made = api.post("/blocks/preview", draft)
    if json:
        as_json(made)
        return
    effect = made["effect"]
    console.print(
        f"Preview {made['preview_id']}: {effect['requests']} of {made['window']['calls']} past requests from "
        f"{effect['addresses']} addresses; {effect['good_requests']} of them known-good."
    )
    table("Gates", ("gate", "verdict", "why"), pick(made["gates"], "gate", "verdict", "sentence"), "")
    table(
        "Targets",
        ("target", "expressed", "why", "cost"),
        pick(made["targets"], "name", "exactness", "reasons", "cost"),
        "",
    )
    if made["allowed"]:
        console.print(
            f"Next: portcullis block create {made['preview_id']} --reason '…'  (counts first; --now blocks at once)"
        )


@app.command("create")
def create_command(
    preview_id: str,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit trail.")],
    now: Annotated[bool, typer.Option("--now", help="Block at once instead of counting first.")] = False,
    json: Json = False,
) -> None:
    """Create a block from a preview."""
    stage = "block" if now else "count"
    document = {"preview_id": preview_id, "stage": stage, "reason": {"kind": "manual", "text": reason}}
    made = client().post("/blocks", document)
    as_json(made) if json else console.print(f"{made['id']}: {made['status']}, ends {made['expires_at']}.")


@app.command("list")
def list_command(status: str = "active", json: Json = False) -> None:
    """List blocks."""
    rows = client().get("/blocks", status=status)["data"]
    names = ("id", "status", "stage", "match.networks", "reason.text", "expires_at")
    as_json(rows) if json else table("Blocks", names, pick(rows, *names), "No block matches.")


@app.command("promote")
def promote_command(block_id: str, json: Json = False) -> None:
    """From counting to blocking."""
    _act(block_id, "promote", json)


@app.command("undo")
def undo_command(block_id: str, json: Json = False) -> None:
    """Take a block away everywhere."""
    _act(block_id, "undo", json)


def _act(block_id: str, verb: str, json: bool) -> None:
    made = client().post(f"/blocks/{block_id}/{verb}")
    as_json(made) if json else console.print(f"{made['id']}: {made['status']}.")
