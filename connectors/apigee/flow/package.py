"""The shared flow as the bundle that is imported, and whether a bundle that stands is this one.

Our own policies go on when they fail, so that no request is stopped by a fault of ours; only the one that refuses ends it.
Source: "API proxy configuration reference", "JavaScript policy" (Rhino 1.7), "KeyValueMapOperations policy".
"""

from __future__ import annotations

import hashlib
import importlib.resources
import io
import zipfile
from collections.abc import Mapping
from functools import cache
from typing import Final

from lxml import etree

from connectors.apigee.bundle import Bundle, opened
from connectors.base.enforcement import OWNERSHIP_PREFIX

#: The shared flow, its key value map and the folder of its bundle are called by one name.
NAME: Final = f"{OWNERSHIP_PREFIX}-enforcer"
#: What the description of the shared flow begins with; with its name it is our mark.
MARK: Final = f"{OWNERSHIP_PREFIX}: "
DESCRIPTION: Final = f"{MARK}refuses requests by the rules in the key value map {NAME}"
_ROOT: Final = "sharedflowbundle"
_POLICIES: Final = ("Portcullis-Rules", "Portcullis-Decide", "Portcullis-Refuse")
_SCRIPT: Final = "portcullis.js"
#: Zip files name a moment for each entry; the same bundle is the same bytes.
_MOMENT: Final = (2026, 1, 1, 0, 0, 0)


@cache
def archive() -> bytes:
    """The zip that is imported."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        for path, content in _files().items():
            entry = zipfile.ZipInfo(f"{_ROOT}/{path}", _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, content)
    return written.getvalue()


@cache
def script() -> bytes:
    """The JavaScript that decides."""
    return _file(_SCRIPT)


@cache
def own() -> Bundle:
    """The bundle as it is read back."""
    return opened(archive(), NAME, scripts=True)


def is_ours(bundle: Bundle) -> bool:
    """Whether a bundle of our name carries our mark."""
    return bundle.description.startswith(MARK)


def digest_of(bundle: Bundle) -> str:
    """What a bundle does as a digest: its flows, policies and scripts, but not how its XML is written."""
    parts = [
        (kind, name, etree.tostring(element, method="c14n2", strip_text=True))
        for kind, documents in (("policy", bundle.policies), ("flow", bundle.sharedflows))
        for name, element in documents.items()
    ]
    parts += [("script", name, content) for name, content in bundle.scripts.items()]
    found = hashlib.sha256()
    for kind, name, content in sorted(parts):
        found.update(f"{kind} {name} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()[:20]


def _files() -> Mapping[str, bytes]:
    policies = "".join(f"<Policy>{name}</Policy>" for name in _POLICIES)
    card = (
        f'<SharedFlowBundle name="{NAME}" revision="1"><DisplayName>{NAME}</DisplayName>'
        f"<Description>{DESCRIPTION}</Description><Policies>{policies}</Policies>"
        f"<Resources><Resource>jsc://{_SCRIPT}</Resource></Resources>"
        "<SharedFlows><SharedFlow>default</SharedFlow></SharedFlows></SharedFlowBundle>"
    )
    return {
        f"{NAME}.xml": card.encode(),
        "sharedflows/default.xml": _file("default.xml"),
        f"resources/jsc/{_SCRIPT}": script(),
        **{f"policies/{name}.xml": _file(f"{name}.xml") for name in _POLICIES},
    }


def _file(name: str) -> bytes:
    return (importlib.resources.files("connectors.apigee.flow") / "bundle" / name).read_bytes()
