"""Endpoint discovery against a labelled access log: `python -m benchmarks.discovery [SETDIR]`.

SETDIR holds access.jsonl (API Gateway's field names), published/*.json (OpenAPI) and what the set's
own scorers need. Prints the scorers' figures, lines per CPU-second (JSON parsing, learning and
assigning) and peak memory, without known routes and once more with the published documents.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pyarrow as pa

from controlplane.inventory.states import Documented, EndpointState, Operation, compare
from controlplane.inventory.templates import KnownRoute, TemplateModel, learn

SCORERS = Path(__file__).resolve().parents[2] / "shared/bench/discovery"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def read_calls(path: Path) -> pa.Table:
    """Calls of an access log in JSON lines as the learner's table, in the order of the file."""
    columns = dict.fromkeys(("httpMethod", "domainName", "path", "status", "responseLength"), "VARCHAR")
    connection = duckdb.connect(config={"threads": 1})
    return connection.sql(
        "SELECT httpMethod AS method, domainName AS host, path, TRY_CAST(status AS SMALLINT) AS status, "
        "TRY_CAST(responseLength AS BIGINT) AS response_bytes "
        f"FROM read_json('{path}', format = 'newline_delimited', columns = {columns!r})"
    ).to_arrow_table()


def read_specs(folder: Path) -> list[Documented]:
    """Operations of the OpenAPI documents in a folder."""
    result = []
    for path in sorted(folder.glob("*.json")):
        document = json.loads(path.read_text())
        host = document["servers"][0]["url"].split("://", 1)[1].split("/", 1)[0]
        for template, item in document["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = Operation(method.upper(), host, template)
                    result.append(Documented(operation, bool(item[method].get("deprecated"))))
    return result


def run(folder: Path, known: list[KnownRoute], out: Path) -> TemplateModel:
    """Parse, learn and assign; writes the predictions and prints the speed."""
    start = time.process_time()
    calls = read_calls(folder / "access.jsonl")
    model = learn(calls, known)
    templates = model.assign(calls["method"], calls["host"], calls["path"])
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{calls.num_rows} lines, {calls.num_rows / seconds:,.0f} lines per CPU-second, peak {peak:,.0f} MB"
    )
    rows = zip(calls["method"].to_pylist(), calls["host"].to_pylist(), templates.to_pylist(), strict=True)
    out.write_text("".join(f"{m} {h} {t}\n" if t is not None else "-\n" for m, h, t in rows))
    return model


def score(script: Path, folder: Path, predictions: Path) -> None:
    """Run one of the set's scorers and pass its figures on."""
    done = subprocess.run(
        [sys.executable, script, folder, predictions], capture_output=True, text=True, check=True
    )
    print(done.stdout.replace("\n", "; ").rstrip("; "))


def main() -> None:
    """Both runs and the inventory comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("/tmp/bench/discovery/D-100k/D-100k"))
    parser.add_argument("--scorer", type=Path, default=SCORERS / "score.py")
    parser.add_argument("--inventory-scorer", type=Path, default=SCORERS / "score_inventory.py")
    options = parser.parse_args()
    specs = read_specs(options.folder / "published")
    routes = [KnownRoute(s.operation.host, s.operation.method, s.operation.template) for s in specs]
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        for title, known in (("no known routes", []), ("published specifications known", routes)):
            print(f"\n{title}")
            model = run(options.folder, known, out / "predictions.txt")
            score(options.scorer, options.folder, out / "predictions.txt")
            seen = [Operation(e.method, e.host, e.template) for e in model.endpoints()]
            named: dict[str, list[str]] = {"shadow": [], "orphan": [], "zombie": []}
            for operation, verdict in compare(specs, seen).items():
                if verdict.state in (EndpointState.SHADOW, EndpointState.ORPHAN, EndpointState.ZOMBIE):
                    line = f"{operation.method} {operation.host} {operation.template}"
                    named[verdict.state.value].append(line)
            (out / "inventory.json").write_text(json.dumps(named))
            score(options.inventory_scorer, options.folder, out / "inventory.json")


if __name__ == "__main__":
    main()
