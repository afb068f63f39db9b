"""Campaign recall and false alerts of the detectors on a labelled traffic set.

``python -m benchmarks.detection FOLDER [--shape kong] [--bodies] [--scorer score_detect.py]``: FOLDER holds the
set's log shapes with ``labels.tsv`` and ``campaigns.json``; the scorer is the set's own. ``--bodies`` adds the bodies
of ``mirror.jsonl`` to Kong's records, as a Kong that logs them would. Nothing is trained on the set.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from controlplane.cli.offline import analyse
from controlplane.detection.types import Evidence

#: Our attack classes in the words of the set.
_CLASSES = {
    "xss": "stored_xss",
    "rce": "command_injection",
    "lfi": "path_traversal",
    "rfi": "ssrf",
    "redirect": "ssrf",
    "scanner": "recon_scan",
    "sensitive-file": "recon_scan",
    "protocol": "recon_scan",
    "graphql": "graphql_introspection",
}


def alerts(evidence: Iterable[Evidence]) -> list[dict[str, object]]:
    """One alert per actor and class, as the product raises one threat per actor and class."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for piece in evidence:
        name = _CLASSES.get(piece.attack_class, piece.attack_class)
        grouped.setdefault((piece.actor_key, name), []).extend(piece.call_ids)
    return [{"class": name, "request_ids": sorted(set(ids))} for (_, name), ids in grouped.items()]


def with_bodies(folder: Path, target: Path) -> None:
    """Write Kong's records with ``request.body`` and ``response.body`` of the mirrored traffic to ``target``."""
    bodies = {}
    with (folder / "mirror.jsonl").open("rb") as mirrored:
        for line in mirrored:
            record = json.loads(line)
            bodies[record["id"]] = (record["req"], record["resp"])
    with (folder / "kong.jsonl").open("rb") as records, target.open("w") as written:
        for line in records:
            record = json.loads(line)
            sent, answered = bodies.get(record["request"]["id"], (None, None))
            record["request"]["body"], record["response"]["body"] = sent, answered
            written.write(json.dumps(record) + "\n")


def main() -> None:
    """Print the scorer's figures and the time taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--shape", default="kong", help="kong, aws_http, apigee (shapes that carry the request's id)"
    )
    parser.add_argument("--scorer", type=Path, default=Path("../shared/bench/traffic/score_detect.py"))
    parser.add_argument("--bodies", action="store_true", help="with the bodies of mirror.jsonl (shape kong)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = options.folder / f"{options.shape}.jsonl"
        if options.bodies:
            file = Path(folder) / "kong.jsonl"
            with_bodies(options.folder, file)
        started = time.process_time()
        report = analyse(file)
        spent = time.process_time() - started
    raised = alerts(report.evidence)
    print(
        f"{report.calls} calls, {len(report.quarantined)} not readable, {len(report.endpoints)} endpoints,",
        end=" ",
    )
    print(f"{len(raised)} alerts, {report.calls / spent:.0f} calls per CPU second in all")
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as written:
        written.writelines(json.dumps(alert) + "\n" for alert in raised)
        written.flush()
        subprocess.run([sys.executable, str(options.scorer), str(options.folder), written.name], check=True)


if __name__ == "__main__":
    main()
