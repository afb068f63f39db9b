"""Reads XML from outside: UTF-8, no document type, no entities, no comments, bounded.

A comment inside a NameID has made other implementations read half an address (CVE-2017-11427 and its kin), so
messages with comments or processing instructions are refused whole; no identity provider sends them.
"""

import re
from typing import Any, Final

from lxml import etree

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
NAMES: Final = {"saml": SAML, "samlp": SAMLP, "md": METADATA, "ds": SIGNATURE}
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
LARGEST: Final = 256 * 1024  # bytes of a response
LARGEST_METADATA: Final = 1024 * 1024

_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml\b([^>]*)\?>")
_ENCODING = re.compile(r"encoding\s*=\s*[\"']([^\"']+)[\"']")


class BadDocument(ValueError):
    """The XML cannot be taken; the message says why and may be shown to the administrator."""


def parse(data: bytes, *, largest: int = LARGEST, comments: bool = False) -> Any:
    """Return the root element; raises BadDocument. `comments` takes and drops them (metadata)."""
    if len(data) > largest:
        raise BadDocument(f"The document is larger than {largest} bytes.")
    if b"\0" in data:  # UTF-16 and UTF-32, which XML parsers recognise by themselves, can look like UTF-8
        raise BadDocument("The document is not UTF-8.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadDocument("The document is not UTF-8.") from None
    declared = _DECLARATION.match(text)
    encoding = _ENCODING.search(declared[1]) if declared else None
    if encoding is not None and encoding[1].lower() != "utf-8":
        raise BadDocument(f"The document says it is {encoding[1]}; only UTF-8 is taken.")
    if "<!doctype" in text.lower() or "<!entity" in text.lower():
        raise BadDocument("The document has a document type or entities; neither is taken.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=comments, remove_pis=comments,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise BadDocument("The document is not well-formed XML.") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadDocument("The document has a document type or entities; neither is taken.")
    for kind, name in ((etree.Comment, "comments"), (etree.PI, "instructions"), (etree.Entity, "entities")):
        if next(root.iter(kind), None) is not None:
            raise BadDocument(f"The document has {name}; they are not taken.")
    return root


def text_of(element: Any) -> str:
    """All text inside an element, in order, without surrounding white space."""
    return "".join(element.itertext()).strip()
