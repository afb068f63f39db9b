"""Parts we did not write: known vulnerabilities, licences, and the list of all of them (SBOM, CycloneDX)."""

import json
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.scan.findings import OUTPUT, REPOSITORY, Finding, Outcome, tool
from tests.scan.licences import shipped_python, shipped_web

FRONTEND = REPOSITORY / "frontend"
#: A release of a part is taken within so many days (docs/security/README.md, "Parts we did not write").
WINDOW_DAYS = 90
UV = str(REPOSITORY / ".tools" / "bin" / "uv")


def scan() -> list[Outcome]:
    """Python and web, each against the service of its registry."""
    return [_sbom(), _age(datetime.now(UTC)), _python(), _web()]


def _run(command: list[str], folder: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def _exported(form: str) -> str:
    """The runtime part of the lock file."""
    return _run(
        [UV, "export", "--frozen", "--no-dev", "--no-emit-project", "--quiet", "--format", form]
    ).stdout


def _sbom() -> Outcome:
    """Written from the lock files, so that it lists what is installed and not what happens to lie here."""
    python = _exported("cyclonedx1.5")
    web = _run(
        ["npm", "sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only"], FRONTEND
    ).stdout
    counts = []
    for name, text in (("python", python), ("web", web)):
        (OUTPUT / f"sbom-{name}.cdx.json").write_text(text)
        counts.append(f"{len(json.loads(text)['components'])} {name}")
    licences = {part.name: part.licence for part in [*shipped_python(), *shipped_web()]}
    (OUTPUT / "licences.json").write_text(json.dumps(licences, indent=1))
    return Outcome("sbom", f"parts: {', '.join(counts)}; licences of all of them in licences.json")


def _age(now: datetime) -> Outcome:
    """Parts of which there was a newer release already when the window began, by what the registries say."""
    before = (now - timedelta(days=WINDOW_DAYS)).strftime("%Y-%m-%d")
    python = _run(
        [UV, "pip", "list", "--python", str(REPOSITORY / ".venv" / "bin" / "python"), "--outdated",
         "--exclude-newer", before, "--format", "json"]
    )  # fmt: skip
    web = _run(["npm", "outdated", "--omit=dev", "--json", f"--before={before}"], FRONTEND)
    try:
        shipped = {part.name for part in shipped_python()}
        late = [
            (row["name"], row["version"], row["latest_version"])
            for row in json.loads(python.stdout)
            if row["name"] in shipped
        ]
        late += [
            (name, row["current"], row["latest"]) for name, row in json.loads(web.stdout or "{}").items()
        ]
    except (json.JSONDecodeError, KeyError):
        return Outcome(
            "age of parts", "nothing", unknown=f"a registry did not answer: {python.stderr}{web.stderr}"[:300]
        )
    return Outcome("age of parts", f"releases up to {before}", tuple(_outdated(late)))


def _outdated(late: Iterable[tuple[str, str, str]]) -> Iterable[Finding]:
    for name, current, newest in late:
        yield Finding("age of parts", "outdated", name, f"{current}, and {newest} is older than the window")


def _python() -> Outcome:
    wanted = OUTPUT / "runtime.txt"
    wanted.write_text(_exported("requirements.txt"))
    command = [tool("pip-audit"), "-r", str(wanted), "--disable-pip", "--require-hashes", "-f", "json"]
    done = _run([*command, "--progress-spinner", "off", "--timeout", "20"])
    try:
        rows = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        return Outcome(
            "pip-audit", "nothing", unknown=f"the service did not answer: {done.stderr.strip()[-200:]}"
        )
    (OUTPUT / "pip-audit.json").write_text(done.stdout)
    findings = tuple(
        Finding(
            "pip-audit", each["id"], f"{row['name']} {row['version']}", f"fixed in {each.get('fix_versions')}"
        )
        for row in rows
        for each in row.get("vulns", [])
    )
    skipped = sum("skip_reason" in row for row in rows)
    unknown = f"{skipped} of {len(rows)} packages: the service says nothing of them" if skipped else ""
    return Outcome("pip-audit", f"{len(rows) - skipped} packages", findings, unknown)


def _web() -> Outcome:
    done = _run(["npm", "audit", "--omit=dev", "--json"], FRONTEND)
    try:
        document = json.loads(done.stdout)
        found = document["vulnerabilities"]
    except (json.JSONDecodeError, KeyError):
        return Outcome(
            "npm audit", "nothing", unknown=f"the registry did not answer: {done.stderr.strip()[:200]}"
        )
    findings = tuple(
        Finding("npm", str(row["severity"]), name, str(row.get("range", ""))) for name, row in found.items()
    )
    return Outcome("npm audit", f"{document['metadata']['dependencies']['prod']} packages", findings)
