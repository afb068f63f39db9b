"""Redact Arrow columns: a gate finds the distinct values worth a look, only those are touched in Python, once each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from controlplane.textcolumns import LineScanner, encode

from .redaction import Known, Redactor

_VALUES = (
    r"@|%40|(?:\d[ .-]?|\d%20|\d\+){11}|\d{3}-\d{2}-\d{4}|\d{2}\.\d{2}\.\d{2}-|[A-Z]{2}\d{2}[A-Z0-9]{4}"
    r"|[A-Z]{2}\d{6}|\d{8}-?[A-Z]|\+\d|%2[bB]\d|eyJ|(?i:bearer|basic)(?:[ +]|%20)"
    r"|-----|\$(?:2|argon|scrypt|pbkdf)|%24(?:2|argon)|://|%3[aA]%2[fF]%2[fF]|(?:AKIA|ASIA|AROA|AIDA|AIza|ya29"
    r"|GOCSPX|gh[pousr]_|github_pat"
    r"|gl[a-z]+-|xox|[sr]k_|whsec_|SK|AC|SG\.|key-|npm_|pypi-|sk-|hf_|dop_v1|shp|hvs\.|dckr|glsa|NRAK|sq0|EAA"
    r"|lin_|ntn_|dapi|PMAK|ruby|figd)"
    r"|AccountKey|SharedAccess|0x[0-9a-fA-F]{40}|[A-Za-z0-9]{26}|(?:[0-9A-Fa-f]{2}[:-]|[0-9A-Fa-f]{2}%3A){5}"
    r"|[A-Z]{6}\d{2}[A-Z]"
    r"|[A-Z]{4}\d{6}[HMX]|\d{6}[-+A]\d{3}|[A-Z]{2}(?:%20|[ +])?\d{2}(?:%20|[ +])?\d{2}|\d\.\d{4}|\d{1,2}\.\d{3}\.\d{3}"
)
_NAMES = (
    r"(?i)pass|pwd|pin|otp|secret|token|key|auth|sess|sid|sig|cred|jwt|saml|assert|bearer|csrf|xsrf|verifier"
    r"|ticket|sas=|mail|phone|mobile"
    r"|cell|tel|fax|msisdn|whatsapp|addr|street|stra|zip|post|plz|cep|ssn|social|tax|tin|nino|national|insur"
    r"|sin|tfn|aadha|uid|pan|dni|nie"
    r"|nif|document|nir|insee|securi|steuer|idnr|fiscal|cf=|bsn|sofi|nrn|regist|niss|insz|person|pnr|hetu"
    r"|tunnus|pesel|cpf|cnpj|curp|ru[tn]"
    r"|cui[tl]|kimlik|tckn|ident|id_?card|rrn|jumin|resid|licen|dl_|dob|birth|born|geburt|name|holder|card|cc"
    r"|cvv|cvc|csc|cid|exp|valid|iban"
    r"|acc|konto|cuenta|routing|aba|rtn|sort|btc|bitcoin|wallet|eth|salar|income|wage|nhs|npi|dea|mbi|medic"
    r"|mrn|patient|health|icd|diag"
    r"|allerg|prescr|sympt|blood|lat|lng|lon|ll|coord|geo|loc|position|mac|bssid|imei|meid|imsi|subscr|iccid"
    r"|sim|idf|gaid|aaid|ad_?id|advert"
    r"|device|android|vin|vehicle|chassis|mot_de|contrasena|senha|kennwort|calle"
)
PATH_GATE = rf"{_VALUES}|;"
"""RE2 pattern of paths that may hold a sensitive value."""
QUERY_GATE = rf"{_VALUES}|(?:^|&)[^=&]*(?:{_NAMES})[^=&]*="
"""RE2 pattern of query strings that may hold a sensitive value or a telling key."""
_LINE_GATES = {
    "text": (_VALUES, (_VALUES,)),
    "path": (PATH_GATE, (_VALUES, ";")),
    "query": (QUERY_GATE, (_VALUES, rf"(?:^|&)[^=&\n]*(?:{_NAMES})[^=&\n]*=")),
}
"""Per kind the RE2 pattern, and expressions that match the same lines of ASCII text."""


@dataclass(frozen=True, slots=True)
class ClassKinds:
    """Data classes per row, equal lists once: `kinds` says which entry of `lists` a row has; the first is empty."""

    kinds: pa.Array
    lists: tuple[tuple[str, ...], ...]

    @staticmethod
    def of(encoded: pa.DictionaryArray, found: Mapping[int, Sequence[str]]) -> ClassKinds:
        """For a column whose distinct values at these positions have these classes."""
        numbers: dict[tuple[str, ...], int] = {(): 0}
        kinds = [0] * len(encoded.dictionary)
        for position, names in found.items():
            kinds[position] = numbers.setdefault(tuple(names), len(numbers))
        per_row = pa.array(kinds, pa.int64()).take(encoded.indices)
        return ClassKinds(pc.fill_null(per_row, 0), tuple(numbers))

    def column(self) -> pa.ListArray:
        """One list per row."""
        return pa.array(self.lists, pa.list_(pa.string())).take(self.kinds)


@cache
def _scanner(kind: str) -> LineScanner:
    return LineScanner(list(_LINE_GATES[kind][1]))


def _worth_a_look(values: pa.Array, kind: str) -> list[int]:
    """Positions of distinct values that the gate of their kind matches."""
    # Hyperscan reads lines of bytes; what is neither goes to RE2, which is some times slower.
    odd = pc.or_(pc.invert(pc.string_is_ascii(values)), pc.match_substring(values, "\n"))
    if not pc.any(odd).as_py():
        return _scanner(kind).rows(values)
    rows = _scanner(kind).rows(pc.if_else(odd, "", values))
    matched = pc.match_substring_regex(values.filter(odd), pattern=_LINE_GATES[kind][0])
    return sorted({*rows, *pc.indices_nonzero(odd).filter(matched).to_pylist()})


def _redact(column: pa.Array | pa.ChunkedArray, kind: str, key: bytes) -> tuple[pa.Array, ClassKinds]:
    encoded = encode(column)
    positions = _worth_a_look(encoded.dictionary, kind)
    redactor = Redactor.load()
    redact = redactor.redact_path if kind == "path" else redactor.redact_query
    known: Known = {}
    replaced: list[str] = []
    found: dict[int, Sequence[str]] = {}
    for position, value in zip(
        positions, encoded.dictionary.take(pa.array(positions, pa.int64())).to_pylist(), strict=True
    ):
        text, names = redact(value, key, known)
        if names:
            replaced.append(text)
            found[position] = sorted(set(names))
    classes = ClassKinds.of(encoded, found)
    if not found:
        return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column, classes
    changed = pc.is_in(pa.array(range(len(encoded.dictionary))), value_set=pa.array(list(found)))
    dictionary = pc.replace_with_mask(
        encoded.dictionary, changed, pa.array(replaced, encoded.dictionary.type)
    )
    return dictionary.take(encoded.indices), classes


def redact_texts(column: pa.Array | pa.ChunkedArray, key: bytes) -> pa.Array:
    """Names and descriptions with restricted values in them replaced; each distinct one is looked at once."""
    encoded = encode(column)
    positions = _worth_a_look(encoded.dictionary, "text")
    if not positions:
        return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    redactor = Redactor.restricted()
    values = encoded.dictionary.to_pylist()
    for position in positions:
        values[position] = redactor.redact_text(values[position], key)[0]
    return pa.array(values, encoded.dictionary.type).take(encoded.indices)


def redact_paths(column: pa.Array | pa.ChunkedArray, key: bytes) -> tuple[pa.Array, ClassKinds]:
    """Redacted URL paths and, per row, the sorted ids of the data classes found. Nulls stay null."""
    return _redact(column, "path", key)


def redact_queries(column: pa.Array | pa.ChunkedArray, key: bytes) -> tuple[pa.Array, ClassKinds]:
    """Redacted raw query strings and, per row, the sorted ids of the data classes found. Nulls stay null."""
    return _redact(column, "query", key)
