"""Formats as data: which field of a record fills which column of a neutral call, converted column by column.

A format is a ``Mapping``: a reader that takes records apart (``JsonLines``, ``Words``, ``Separated``) and, per column
of ``NORMALISED_SCHEMA``, a ``From`` with the fields that may hold it and the name of a converter. ``normalise`` runs
it: whole columns at a time, never raising, every record a call or quarantined. See docs/adding-a-connector.md.
"""

from connectors.base.mapping.chosen_keys import folded
from connectors.base.mapping.columns import NO_ROWS, Cells, Columns, Path, Read, Rows, given, segments
from connectors.base.mapping.convert import CONVERTERS, convert, said
from connectors.base.mapping.format import From, Mapping, fill_target, normalise, one_of
from connectors.base.mapping.headers import Headers
from connectors.base.mapping.json_lines import JsonLines
from connectors.base.mapping.kernels import per_distinct, split_request, split_target
from connectors.base.mapping.packing import each
from connectors.base.mapping.text_lines import Separated, Words

__all__ = [
    "CONVERTERS",
    "NO_ROWS",
    "Cells",
    "Columns",
    "From",
    "Headers",
    "JsonLines",
    "Mapping",
    "Path",
    "Read",
    "Rows",
    "Separated",
    "Words",
    "convert",
    "each",
    "fill_target",
    "folded",
    "given",
    "normalise",
    "one_of",
    "per_distinct",
    "said",
    "segments",
    "split_request",
    "split_target",
]
