"""Campaign recall and false alerts of the detectors on a labelled traffic set.

``python -m benchmarks.detection FOLDER [--shape kong] [--scorer score_detect.py]``: FOLDER holds the set's log
shapes with ``labels.tsv`` and ``campaigns.json``; the scorer is the set's own. Nothing is trained on the set.
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


def main() -> None:
    """Print the scorer's figures and the time taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--shape", default="kong", help="kong, aws_http, apigee (shapes that carry the request's id)"
    )
    parser.add_argument("--scorer", type=Path, default=Path("../shared/bench/traffic/score_detect.py"))
    options = parser.parse_args()
    started = time.process_time()
    report = analyse(options.folder / f"{options.shape}.jsonl")
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
