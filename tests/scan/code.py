"""Our source under bandit, which knows the same dangers as ruff's S rules but decides for itself."""

import json
import subprocess

from tests.scan.findings import OUTPUT, REPOSITORY, Finding, Outcome, tool

PACKAGES = ("connectors", "tenants", "controlplane")


def scan() -> Outcome:
    """Every Python file of the product."""
    report = OUTPUT / "bandit.json"
    command = [tool("bandit"), "-q", "-r", *PACKAGES, "-f", "json", "-o", str(report)]
    subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    document = json.loads(report.read_text())
    findings = tuple(
        Finding("bandit", row["test_id"], f"{row['filename']}:{row['line_number']}", row["issue_text"])
        for row in document["results"]
    )
    unread = ", ".join(error["filename"] for error in document["errors"])
    return Outcome("bandit", f"{document['metrics']['_totals']['loc']} lines of Python", findings, unread)
