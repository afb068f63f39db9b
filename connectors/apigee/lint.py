"""What apigeelint says of a proxy: a Node program that knows slips in policies and conditions which we do not judge.

It is run on what we read of a bundle (XML within our limits, no scripts), in a folder of its own and with none of our
environment. Without the program nothing is known, which is said. Source: apigeelint 2.85 (its rules).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lxml import etree

from connectors.apigee.bundle import Bundle
from connectors.base.errors import ConnectorError, VendorAnswerError

#: Rules whose result is a weakness, in our words, no surer than the rule is. Its messages are not kept: they quote texts.
RULES: Final = {
    "CC001": "A condition has a constant beside its comparisons: what it guards may run always or never.",
    "CC006": "A condition may contradict itself: what it guards may run always or never.",
    "CC008": "Two flows, fault rules or route rules have the same condition: the second one may never run.",
    "FL001": "A flow without a condition is not the last one: flows after it and their policies never run.",
    "ST008": "Policies follow a RaiseFault and never run.",
    "PO018": "A regular expression looks around: a hostile text can make it slow.",
    "PO022": "A quota is not distributed: each message processor counts by itself, so more calls are let through.",
    "PO027": "A HMAC policy does not take its key from a private variable.",
    "TD001": "A target is Apigee's management server.",
}
#: Where a rule finds several things: parts of the messages that are the weakness.
_MEANT: Final = {
    "CC008": ("Logically equivalent conditions",),
    "PO027": ('"private." is the only supported prefix', "must use a ref= attribute"),
}
_INSTALLED: Final = (
    Path(__file__).parents[2] / "tools" / "apigeelint" / "node_modules" / ".bin" / "apigeelint"
)
_SECONDS: Final = 60
_LATE: Final = (
    "apigeelint did not look at this proxy in time; the next readings go on with those not looked at."
)
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


#: What was said of bundles, by a digest of their documents, the oldest first: the same documents are the same slips.
_SAID: Final[OrderedDict[str, tuple[Slip, ...]]] = OrderedDict()
_MOST_SAID: Final = 4096


class LintUnavailable(ConnectorError):
    """apigeelint is not there: what it would say is not known."""

    code = "lint_unavailable"


def program() -> str:
    """The path of apigeelint; ``LintUnavailable`` when it is not installed."""
    found = str(_INSTALLED) if _INSTALLED.exists() else shutil.which("apigeelint")
    if found is None or shutil.which("node") is None:
        raise LintUnavailable(_MISSING)
    return found


def slips(bundle: Bundle, name: str, *, late: bool = False) -> tuple[Slip, ...]:
    """The weaknesses apigeelint finds in a proxy; a ``ConnectorError`` when it did not say anything that can be read.

    When it is ``late``, only what is known of the same documents is told, else ``LintUnavailable``.
    """
    command = program()
    documents = _documents(bundle)
    digest = hashlib.sha256(repr([(kind, of, text) for kind, of, text in documents]).encode()).hexdigest()
    if digest in _SAID:
        return _SAID[digest]
    if late:
        raise LintUnavailable(_LATE)
    try:
        with tempfile.TemporaryDirectory(prefix="portcullis-lint-") as folder:
            root = Path(folder) / "apiproxy"
            names = _write(documents, root)
            answer = _run(command, root)
    except OSError as error:
        raise VendorAnswerError(
            f"{name} could not be given to apigeelint ({type(error).__name__})."
        ) from None
    found = {
        Slip(rule, RULES[rule], names.get(file, file), _line(message))
        for entry in answer
        for file in (_file(entry["filePath"]),)
        for message in entry["messages"]
        if (rule := message.get("ruleId")) in RULES and _is_meant(rule, message)
    }
    if not any(entry["filePath"].endswith(".xml") for entry in answer):
        raise VendorAnswerError(f"apigeelint looked at no document of {name}.")
    _SAID[digest] = tuple(sorted(found, key=lambda slip: (slip.rule, slip.document, slip.line)))
    while len(_SAID) > _MOST_SAID:
        _SAID.popitem(last=False)
    return _SAID[digest]


def _is_meant(rule: str, message: Mapping[str, Any]) -> bool:
    return rule not in _MEANT or any(part in str(message.get("message")) for part in _MEANT[rule])


def _line(message: Mapping[str, Any]) -> int:
    line = message.get("line")
    return line if isinstance(line, int) and not isinstance(line, bool) else 0


def _documents(bundle: Bundle) -> list[tuple[str, str, bytes]]:
    """Folder, name and XML of each document."""
    kinds: Mapping[str, Mapping[str, Any]] = {
        "policies": bundle.policies,
        "proxies": bundle.proxies,
        "targets": bundle.targets,
    }
    return [
        (kind, name, etree.tostring(document, encoding="UTF-8"))
        for kind, held in kinds.items()
        for name, document in held.items()
    ]


def _write(documents: Sequence[tuple[str, str, bytes]], root: Path) -> dict[str, str]:
    """The documents as numbered files, since names from a bundle are no paths; which document each file is."""
    for kind in ("", "policies", "proxies", "targets"):
        (root / kind).mkdir()
    (root / "proxy.xml").write_text('<APIProxy name="proxy"/>')
    names: dict[str, str] = {}
    for number, (kind, name, text) in enumerate(documents):
        (root / kind / f"{number}.xml").write_bytes(text)
        names[f"{kind}/{number}.xml"] = f"{kind}/{name}.xml"
    return names


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


def _file(path: str) -> str:
    """The file's place in the bundle."""
    return path.replace("\\", "/").rpartition("apiproxy/")[2]
