"""A bundle (zip) taken apart: policies, endpoints and shared flows as XML, within limits, without entities or links.

Source: "API proxy configuration reference" (folders of a bundle and their elements).
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
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


def opened(content: bytes, name: str) -> Bundle:
    """The documents of a bundle; ``VendorAnswerError`` when it is none, is too large or holds what no bundle needs."""
    bundle = Bundle()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for folder, file, text in _documents(archive, name):
                root = _element(text, f"{name}: {file}")
                getattr(bundle, folder)[root.get("name") or file.removesuffix(".xml")] = root
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


def _documents(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, str, bytes]]:
    """(folder, file, content) of each XML document; sizes are counted as they are unpacked, not as they are claimed."""
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise VendorAnswerError(f"The bundle of {name} has more than {MOST_ENTRIES} entries.")
    left = MOST_BYTES
    for entry in entries:
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise VendorAnswerError(f"The bundle of {name} holds a symbolic link.")
        parts = entry.filename.split("/")
        if len(parts) != 3 or parts[1] not in _FOLDERS or not parts[2].endswith(".xml"):
            continue
        with archive.open(entry) as opened_entry:
            text = opened_entry.read(min(left, MOST_OF_ONE) + 1)
        left -= len(text)
        if left < 0 or len(text) > MOST_OF_ONE:
            raise VendorAnswerError(f"The bundle of {name} is larger than we read.")
        yield parts[1], parts[2], text


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
