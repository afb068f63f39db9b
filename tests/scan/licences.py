"""Parts we ship, with their licences: the runtime packages of `uv.lock` and of the dashboard's `package-lock.json`."""

import json
import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from tests.scan.findings import REPOSITORY

PYPI = "https://pypi.org/simple"
NPM = "https://registry.npmjs.org/"


@dataclass(frozen=True)
class Part:
    """One package. `licence` is empty when it is not installed here; `pinned` is false without registry and hash."""

    name: str
    version: str
    licence: str
    pinned: bool


def shipped_python() -> list[Part]:
    """What `uv sync --no-dev` installs on some machine, found from the lock file."""
    packages = {
        entry["name"]: entry for entry in tomllib.loads((REPOSITORY / "uv.lock").read_text())["package"]
    }
    names: set[str] = set()
    waiting = [_wanted(dependency) for dependency in packages["portcullis"]["dependencies"]]
    while waiting:
        name, extras = waiting.pop()
        entry = packages[name]
        more = list(entry.get("dependencies", []))
        for extra in extras:
            more += entry.get("optional-dependencies", {}).get(extra, [])
        waiting += [_wanted(each) for each in more if each["name"] not in names or each.get("extra")]
        names.add(name)
    return [_python_part(packages[name]) for name in sorted(names)]


def shipped_web() -> list[Part]:
    """What the dashboard is built of; tools of its development are not in it."""
    document = json.loads((REPOSITORY / "frontend" / "package-lock.json").read_text())
    found = []
    for path, entry in document["packages"].items():
        if path and not entry.get("dev"):
            here = entry.get("resolved", NPM).startswith(NPM)  # npm leaves out the registry that was used
            pinned = here and entry.get("integrity", "").startswith("sha512-")
            name = path.rpartition("node_modules/")[2]
            found.append(Part(name, entry["version"], str(entry.get("license", "")), pinned))
    return sorted(found, key=lambda part: part.name)


def _wanted(dependency: dict[str, Any]) -> tuple[str, list[str]]:
    return dependency["name"], list(dependency.get("extra", []))


def _python_part(entry: dict[str, Any]) -> Part:
    files = [*entry.get("wheels", []), *([entry["sdist"]] if "sdist" in entry else [])]
    pinned = entry["source"].get("registry") == PYPI and all(
        file.get("hash", "").startswith("sha256:") for file in files
    )
    return Part(entry["name"], entry["version"], _licence(entry["name"]), pinned and bool(files))


def _licence(name: str) -> str:
    """What the installed package says: its expression, else its classifiers, else its words."""
    try:
        said = metadata(name).json
    except PackageNotFoundError:
        return ""
    if said.get("license_expression"):
        return str(said["license_expression"])
    classifiers = [
        text.rpartition(" :: ")[2] for text in said.get("classifier", []) if text.startswith("License")
    ]
    classifiers = [text for text in classifiers if text != "OSI Approved"]
    return "; ".join(classifiers) or re.sub(r"\s+", " ", str(said.get("license", "")))[:80]
