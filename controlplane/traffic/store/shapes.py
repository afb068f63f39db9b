"""The shape of a path: values that are values by their very form give way to their kind.

Two paths of one shape belong to one endpoint, whatever templates are learnt or declared: a shape only merges what
``inventory.templates`` merges at once (numbers, UUIDs, hashes, redacted values) and keeps all other text, so it is
finer than any template and can be stored with the call. A path that could be mistaken for a shape is told apart by
doubling its braces. Bump ``SHAPE_VERSION`` when an answer changes; files of other versions are then read by path.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

SHAPE_VERSION: Final = 1

_HEX: Final = "[0-9a-fA-F]"
_UUID: Final = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
#: A digit among the first eight characters or at the end: RE2 cannot ask for "a digit somewhere" of a length.
_HASH: Final = "|".join(
    [*(f"{_HEX}{{{before}}}[0-9]{_HEX}{{{15 - before},}}" for before in range(8)), f"{_HEX}{{15,}}[0-9]"]
)
#: In this order: sixteen digits are a number before they are a hash. One digit may be a version and stays.
_KINDS: Final = (
    (r"/[0-9]{2,}(/|$)", r"/{int}\1"),
    (rf"/{_UUID}(/|$)", r"/{uuid}\1"),
    (rf"/(?:{_HASH})(/|$)", r"/{hash}\1"),
    (r"/~([a-z_-]+)\.[0-9a-f]{16}(/|$)", r"/{~\1}\2"),
)


def shapes(paths: pa.ChunkedArray) -> pa.ChunkedArray:
    """The shape of each path; null where there is no path."""
    encoded = pc.dictionary_encode(paths)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # no rows: no chunk to combine into
        return pa.chunked_array([], pa.string())
    found = encoded.dictionary
    for brace in "{}":
        found = pc.replace_substring(found, brace, brace * 2)
    for pattern, kind in _KINDS:
        for _ in range(2):  # a match takes the slash that the next one starts with
            found = pc.replace_substring_regex(found, pattern, kind)
    return pa.chunked_array([found.take(encoded.indices)])
