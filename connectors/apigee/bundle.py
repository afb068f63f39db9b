"""A bundle (zip) taken apart: policies, endpoints and shared flows as XML, within limits, without entities or links.

Source: "API proxy configuration reference" (folders of a bundle and their elements).
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lxml import etree

from connectors.base.errors import VendorAnswerError

MOST_ENTRIES: Final = 4000
MOST_BYTES: Final = 32 * 1024 * 1024
MOST_OF_ONE: Final = 4 * 1024 * 1024
_FOLDERS: Final = ("policies", "proxies", "targets", "sharedflows")


@dataclass(frozen=True, slots=True)
class Bundle:
    """The XML documents of one revision by their ``name`` (the root element's, else the file's)."""

    policies: dict[str, Any] = field(default_factory=dict)
    proxies: dict[str, Any] = field(default_factory=dict)
    targets: dict[str, Any] = field(default_factory=dict)
    sharedflows: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    scripts: dict[str, bytes] = field(default_factory=dict)


def opened(content: bytes, name: str, *, scripts: bool = False) -> Bundle:
    """The documents of a bundle, with ``scripts`` also its JavaScript and what it is described as.

    ``VendorAnswerError`` when it is none, is too large or holds what no bundle needs.
    """
    bundle = Bundle()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for folder, file, text in _documents(archive, name, scripts):
                if folder == "jsc":
                    bundle.scripts[file] = text
                    continue
                root = _element(text, f"{name}: {file}")
                if folder:
                    getattr(bundle, folder)[root.get("name") or file.removesuffix(".xml")] = root
                else:
                    bundle = replace(bundle, description=said(root, "Description"))
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        EOFError,
        OSError,
        RuntimeError,  # encrypted, or packed in a way that is not known
    ) as error:
        raise VendorAnswerError(
            f"The bundle of {name} cannot be unpacked ({type(error).__name__})."
        ) from None
    return bundle


def _documents(archive: zipfile.ZipFile, name: str, scripts: bool) -> Iterator[tuple[str, str, bytes]]:
    """(folder, file, content) of each document; sizes are counted as they are unpacked, not as they are claimed."""
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise VendorAnswerError(f"The bundle of {name} has more than {MOST_ENTRIES} entries.")
    left = MOST_BYTES
    for entry in entries:
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise VendorAnswerError(f"The bundle of {name} holds a symbolic link.")
        folder, file = _place(entry.filename.split("/"), scripts)
        if not file:
            continue
        with archive.open(entry) as opened_entry:
            text = opened_entry.read(min(left, MOST_OF_ONE) + 1)
        left -= len(text)
        if left < 0 or len(text) > MOST_OF_ONE:
            raise VendorAnswerError(f"The bundle of {name} is larger than we read.")
        yield folder, file, text


def _place(parts: list[str], scripts: bool) -> tuple[str, str]:
    """(folder, file) of what is read: the folder of a script is ``jsc``, the bundle's own card has none; else ("", "")."""
    if len(parts) == 3 and parts[1] in _FOLDERS and parts[2].endswith(".xml"):
        return parts[1], parts[2]
    if scripts and len(parts) == 4 and parts[1:3] == ["resources", "jsc"] and parts[3].endswith(".js"):
        return "jsc", parts[3]
    if scripts and len(parts) == 2 and parts[1].endswith(".xml"):
        return "", parts[1]
    return "", ""


def _element(text: bytes, where: str) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise VendorAnswerError(f"{where} is not readable XML.") from None
    if root.getroottree().docinfo.doctype:
        raise VendorAnswerError(f"{where} declares a document type, which no bundle needs.")
    return root


def said(element: Any, path: str) -> str:
    """The text of the element at a path, "" when there is none."""
    found = element.find(path)
    return (found.text or "").strip() if found is not None else ""
