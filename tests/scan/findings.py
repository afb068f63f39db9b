"""What scanners say, in one shape, beside what was explained before."""

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
OUTPUT = REPOSITORY / "artifacts" / "scan"
TOOLS = REPOSITORY / ".tools" / "scan"


@dataclass(frozen=True)
class Finding:
    """One thing a scanner says: its id for the kind, where, and in its words."""

    scanner: str
    id: str
    at: str
    text: str

    @property
    def because(self) -> str:
        """Why it is none; empty when nobody looked at it yet."""
        for entry in explained().get(self.scanner, []):
            if entry["id"] == self.id and entry["at"] in self.at:
                return str(entry["because"])
        return ""


@dataclass(frozen=True)
class Outcome:
    """What one scan came to. `unknown` says what could not be looked at, which is not the same as clean."""

    name: str
    looked_at: str
    findings: tuple[Finding, ...] = ()
    unknown: str = ""

    @property
    def new(self) -> list[Finding]:
        """Findings nobody explained."""
        return [found for found in self.findings if not found.because]


@cache
def explained() -> dict[str, list[dict[str, str]]]:
    """The explanations by scanner."""
    found: dict[str, list[dict[str, str]]] = yaml.safe_load(
        Path(__file__).with_name("explained.yaml").read_text()
    )
    return found


def tool(name: str) -> str:
    """The path of a scanner; all of them are installed when it is not there."""
    program = TOOLS / "bin" / name
    if not program.exists():
        uv = str(REPOSITORY / ".tools" / "bin" / "uv")
        shutil.rmtree(TOOLS, ignore_errors=True)
        subprocess.run([uv, "venv", "--quiet", "--python", "3.11", str(TOOLS)], check=True)
        wanted = ["-r", str(Path(__file__).with_name("tools.txt"))]
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", str(TOOLS / "bin" / "python"), *wanted], check=True
        )
    return str(program)


def told(outcomes: Iterable[Outcome]) -> str:
    """All of it for a person's terminal."""
    lines = []
    for outcome in outcomes:
        known = len(outcome.findings) - len(outcome.new)
        lines.append(f"{outcome.name}: {outcome.looked_at}; {known} explained, {len(outcome.new)} new")
        lines += [f"  NEW {found.id} {found.at}: {found.text}" for found in outcome.new]
        if outcome.unknown:
            lines.append(f"  UNKNOWN {outcome.unknown}")
    return "\n".join(lines)
