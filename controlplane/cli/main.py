"""``portcullis``: commands. Exit codes: 0 done, 3 something was found (with ``--fail-on``), 11 it failed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controlplane.cli import blocks
from controlplane.cli.client import Client, Failed, configure, server
from controlplane.cli.render import as_json, console, pick, table

if TYPE_CHECKING:
    from controlplane.cli.offline import Report

FOUND, FAILED = 3, 11
#: How long `import` waits for the first endpoint; the analysis goes on without it.
ANALYSIS_SECONDS = 30
app = typer.Typer(no_args_is_help=True, add_completion=True, help="API security from the terminal.")
app.add_typer(blocks.app, name="block")
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("configure")
def configure_command(url: str, token: str = typer.Option(..., prompt=True, hide_input=True)) -> None:
    """Keep the address of your dashboard (https://acme.example.com) and an API token."""
    console.print(f"Kept in {configure(url, token)}. Try: portcullis endpoints")


@app.command("import")
def import_command(
    file: Path,
    host: Annotated[str, typer.Option(help="Host name for files that name none.")] = "",
    offline: Annotated[bool, typer.Option(help="Analyse on this machine, send nothing.")] = False,
    json: Json = False,
) -> None:
    """Read an access log, an OpenAPI document or a decK dump: inventory, findings and threats in seconds."""
    target = server()
    if offline or target is None:
        if not offline and not json:
            console.print(
                "No server is configured, so the file is analysed on this machine and nothing is sent."
            )
        from controlplane.cli.offline import analyse  # detectors and rule packs take a second to load

        report = analyse(file, host)
        as_json(_report_document(report)) if json else _show(report)
        return
    row = _imported(Client(target), file, host)
    if json:
        as_json(row)
        return
    analysed = row["endpoints"] or not (row["calls"] or row["routes"])
    found = (
        f"{row['endpoints']} endpoints, {row['findings']} findings so far"
        if analysed
        else "endpoints not known yet: the analysis still runs"
    )
    console.print(
        f"{row['format_title']}: {row['calls']} calls, {row['routes']} routes, "
        f"{row['quarantined']} lines not readable; {found}."
    )
    console.print(f"See {target.url}/imports/{row['id']}")


def _imported(client: Client, file: Path, host: str) -> dict[str, Any]:
    """Upload, and wait until the file was read and, for half a minute at most, until its first endpoint is known."""
    row: dict[str, Any] = client.upload("/imports", file, {"host": host})
    with console.status(f"Reading {file.name}") as status:
        while row["state"] in ("queued", "running"):
            time.sleep(0.5)
            row = client.get(f"/imports/{row['id']}")
            status.update(f"Reading {file.name}: {row['calls']} calls, {row['routes']} routes")
        if row["state"] == "failed":
            raise Failed(row["failure"])
        deadline = time.monotonic() + ANALYSIS_SECONDS
        while (row["calls"] or row["routes"]) and not row["endpoints"] and time.monotonic() < deadline:
            status.update(f"Read {row['calls']} calls; looking for endpoints")
            time.sleep(1)
            row = client.get(f"/imports/{row['id']}")
    return row


@app.command()
def endpoints(q: str = "", state: str = "", limit: int = 50, json: Json = False) -> None:
    """List endpoints."""
    rows = _client().get("/endpoints", q=q, state=state, limit=limit)["data"]
    names = ("method", "host", "template", "state", "auth_verdict", "risk", "calls_24h", "id")
    as_json(rows) if json else table("Endpoints", names, pick(rows, *names), "No endpoint matches.")


@app.command()
def findings(
    severity: str = "", status: str = "open", limit: int = 50, fail_on: str = "", json: Json = False
) -> None:
    """List findings; with --fail-on SEVERITY the exit code is 3 when one is at least as severe."""
    order = ("info", "low", "medium", "high", "critical")
    if fail_on and fail_on not in order:
        raise Failed(f"--fail-on takes one of {', '.join(order)}.")
    rows = _client().get("/findings", severity=severity, status=status, limit=limit)["data"]
    names = ("severity", "title", "subject.label", "status", "id")
    as_json(rows) if json else table("Findings", names, pick(rows, *names), "No finding matches.")
    if fail_on and any(order.index(row["severity"]) >= order.index(fail_on) for row in rows):
        raise typer.Exit(FOUND)


@app.command()
def threats(status: str = "open", limit: int = 50, json: Json = False) -> None:
    """List threats, highest score first."""
    rows = _client().get("/threats", status=status, limit=limit)["data"]
    names = ("severity", "score", "title", "requests", "succeeded", "last_seen", "id")
    as_json(rows) if json else table("Threats", names, pick(rows, *names), "No threat matches.")


def _client() -> Client:
    return blocks.client()


def _report_document(report: Report) -> dict[str, Any]:
    return {
        "format": report.format,
        "calls": report.calls,
        "seconds": round(report.seconds, 2),
        "endpoints": [{"method": m, "host": h, "template": t, "calls": n} for m, h, t, n in report.endpoints],
        "threats": [
            {
                "class": e.attack_class,
                "actor": e.actor_key,
                "requests": e.requests,
                "succeeded": e.succeeded,
                "sentence": e.sentence,
            }
            for e in report.evidence
        ],
        "routes": [f"{' '.join(r.methods) or 'ANY'} {r.path}" for r in report.snapshot.routes]
        if report.snapshot
        else [],
        "quarantined": [{"line": line, "detail": detail} for line, detail in report.quarantined],
    }


def _show(report: Report) -> None:
    document = _report_document(report)
    console.print(
        f"{report.format}: {report.calls} calls in {report.seconds:.1f} s, {len(report.quarantined)} lines not readable."
    )
    if report.snapshot:
        table(
            "Declared routes",
            ("route",),
            [[route] for route in document["routes"][:100]],
            "The document declares no route.",
        )
        return
    names = ("method", "host", "template", "calls")
    table(
        "Endpoints",
        names,
        pick(document["endpoints"][:100], *names),
        "No endpoint could be learnt from so few calls.",
    )
    if len(document["endpoints"]) > 100:
        console.print(f"… and {len(document['endpoints']) - 100} more; --json prints all.")
    strongest = sorted(report.evidence, key=lambda e: -e.points)[:30]
    rows = [(e.attack_class, e.actor_key[:40], e.requests, e.succeeded, e.sentence) for e in strongest]
    table(
        "Threats",
        ("class", "actor", "requests", "got through", "what"),
        rows,
        "No detector found anything in these calls.",
    )


def main() -> None:
    """Run a command; failures are one sentence on stderr and exit code 11."""
    try:
        app(standalone_mode=True)
    except Failed as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(FAILED) from error


if __name__ == "__main__":
    main()
