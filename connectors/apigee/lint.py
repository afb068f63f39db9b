"""What apigeelint says of a proxy: a Node program that knows slips in policies and conditions which we do not judge.

It is run on what we read of a bundle (XML within our limits, no scripts), in a folder of its own and with none of our
environment. Without the program nothing is known, which is said. Source: apigeelint 2.85 (its rules).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lxml import etree

from connectors.apigee.bundle import Bundle
from connectors.base.errors import ConnectorError, VendorAnswerError

#: Rules whose result is a weakness, in our words. Texts of its messages are not kept: they quote conditions.
RULES: Final = {
    "CC001": "A condition is always the same, so what it guards runs always or never.",
    "CC006": "A condition contradicts itself, so what it guards runs always or never.",
    "CC008": "Two flows have the same condition: the second one and its policies never run.",
    "FL001": "A flow without a condition is not the last one: flows after it and their policies never run.",
    "ST008": "Policies follow a RaiseFault and never run.",
    "PO018": "A regular expression looks around: a hostile text can make it slow.",
    "PO022": "A quota is not distributed: each message processor counts by itself, so more calls are let through.",
    "PO027": "A HMAC policy does not take its key from a private variable.",
    "TD001": "A target is Apigee's management server.",
}
_INSTALLED: Final = (
    Path(__file__).parents[2] / "tools" / "apigeelint" / "node_modules" / ".bin" / "apigeelint"
)
_SECONDS: Final = 60
_MISSING: Final = (
    "apigeelint is not installed where Portcullis runs (npm install --global apigeelint@2.85.1)."
)


@dataclass(frozen=True, slots=True)
class Slip:
    """One result: the rule, what it means, the document and the line (0: of the document as a whole)."""

    rule: str
    meaning: str
    document: str
    line: int


class LintUnavailable(ConnectorError):
    """apigeelint is not there: what it would say is not known."""

    code = "lint_unavailable"


def program() -> str:
    """The path of apigeelint; ``LintUnavailable`` when it is not installed."""
    found = str(_INSTALLED) if _INSTALLED.exists() else shutil.which("apigeelint")
    if found is None or shutil.which("node") is None:
        raise LintUnavailable(_MISSING)
    return found


def slips(bundle: Bundle, name: str) -> tuple[Slip, ...]:
    """The weaknesses apigeelint finds in a proxy; a ``ConnectorError`` when it did not say anything that can be read."""
    command = program()
    with tempfile.TemporaryDirectory(prefix="portcullis-lint-") as folder:
        root = Path(folder) / "apiproxy"
        _write(bundle, root)
        answer = _run(command, root)
    found = {
        Slip(rule, RULES[rule], _document(entry["filePath"]), int(message.get("line") or 0))
        for entry in answer
        for message in entry["messages"]
        if (rule := message.get("ruleId")) in RULES
    }
    if not any(entry["filePath"].endswith(".xml") for entry in answer):
        raise VendorAnswerError(f"apigeelint looked at no document of {name}.")
    return tuple(sorted(found, key=lambda slip: (slip.rule, slip.document, slip.line)))


def _write(bundle: Bundle, root: Path) -> None:
    """The documents as files whose names are ours: names from a bundle are never paths."""
    root.mkdir()
    (root / "proxy.xml").write_text('<APIProxy name="proxy"/>')
    kinds: Mapping[str, Mapping[str, Any]] = {
        "policies": bundle.policies,
        "proxies": bundle.proxies,
        "targets": bundle.targets,
    }
    for kind, documents in kinds.items():
        (root / kind).mkdir()
        for name, document in documents.items():
            safe = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in name)[:100]
            (root / kind / f"{safe}.xml").write_bytes(etree.tostring(document, encoding="UTF-8"))


def _run(command: str, root: Path) -> list[dict[str, Any]]:
    options = ["-s", str(root), "-f", "json.js", "--profile", "apigeex", "--norc", "--ignoreDirectives"]
    home = str(root.parent)
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": home, "TMPDIR": home}
    try:
        done = subprocess.run(
            [command, *options],
            cwd=home,
            env=environment,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise VendorAnswerError(f"apigeelint did not give a result ({type(error).__name__}).") from None
    if not isinstance(answer, list) or not all(_is_entry(entry) for entry in answer):
        raise VendorAnswerError("apigeelint gave something that is no result.")
    return answer


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("filePath"), str)
        and isinstance(entry.get("messages"), list)
        and all(isinstance(message, dict) for message in entry["messages"])
    )


def _document(path: str) -> str:
    """The document's place in the bundle."""
    return path.replace("\\", "/").rpartition("apiproxy/")[2]
