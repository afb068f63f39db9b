"""Write the folder of a new connector: a card that declares no capability yet, and the page that says so.

What is written passes the conformance suite as it is; the catalogue offers a connector once it can do something.
``docs/adding-a-connector.md`` goes on from here.
"""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template
from typing import Final

_NAME: Final = re.compile(r"^[a-z][a-z0-9]{1,39}$")
_HERE: Final = Path(__file__).parent
REPOSITORY: Final = _HERE.parents[1]

#: Where each template goes, below the repository.
FILES: Final = {
    "package.txt": "connectors/{key}/__init__.py",
    "manifest.txt": "connectors/{key}/manifest.py",
    "setup.txt": "connectors/{key}/setup.py",
    "page.txt": "docs/connectors/{key}.md",
}


class ScaffoldError(Exception):
    """Why nothing was written, as a sentence."""


def write_connector(key: str, title: str, repository: Path = REPOSITORY) -> list[Path]:
    """Write the files of connector ``key`` and name them; ``ScaffoldError`` when one is there or the name is wrong."""
    if not _NAME.match(key) or keyword.iskeyword(key):
        raise ScaffoldError(
            f"{key!r} is no name for a connector. Nothing was written. "
            "Take two to forty small letters and digits, a letter first: it becomes a folder and a Python module."
        )
    if re.search(r"[\\\"'\n$]", title):
        raise ScaffoldError(
            "A title has no quotes, backslashes, dollar signs or line ends. Nothing was written."
        )
    targets = {template: repository / path.format(key=key) for template, path in FILES.items()}
    there = [path for path in [repository / "connectors" / key, *targets.values()] if path.exists()]
    if there:
        raise ScaffoldError(f"{there[0]} is there already. Nothing was written. Take another name.")
    words = {
        "key": key,
        "title": title,
        "settings": "".join(re.findall("[A-Za-z0-9]+", title.title())) or "New",
    }
    for template, path in targets.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template((_HERE / template).read_text()).substitute(words))
    return list(targets.values())
