"""Redact Arrow columns: one vectorised RE2 gate finds the rows worth a look, only those are touched in Python."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .redaction import Redactor

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


def _redact(
    column: pa.Array | pa.ChunkedArray, gate: str, kind: str, key: bytes
) -> tuple[pa.Array, pa.ListArray]:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    flags = pc.fill_null(pc.match_substring_regex(array, pattern=gate), False)
    rows = pc.indices_nonzero(flags).to_pylist()
    redactor = Redactor.load()
    redact = redactor.redact_path if kind == "path" else redactor.redact_query
    changed: list[bool] = []
    values: list[str] = []
    found: dict[int, list[str]] = {}
    known: dict[str, tuple[str, list[str]]] = {}
    for row, value in zip(rows, array.filter(flags).to_pylist(), strict=True):
        result = known.get(value)
        if result is None:
            result = known[value] = redact(value, key)
        changed.append(bool(result[1]))
        values.append(result[0])
        if result[1]:
            found[row] = sorted(set(result[1]))
    redacted = pc.replace_with_mask(array, flags, pa.array(values, array.type)) if any(changed) else array
    return redacted, _lists(found, len(array))


def redact_texts(column: pa.Array | pa.ChunkedArray, key: bytes) -> pa.Array:
    """Names and descriptions with restricted values in them replaced; each distinct one is looked at once."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = array.dictionary_encode()
    flags = pc.match_substring_regex(encoded.dictionary, pattern=_VALUES)
    if not pc.any(flags).as_py():
        return array
    redactor = Redactor.restricted()
    values = [
        redactor.redact_text(value, key)[0] if flag else value
        for value, flag in zip(encoded.dictionary.to_pylist(), flags.to_pylist(), strict=True)
    ]
    return pa.array(values, array.type).take(encoded.indices)


def _lists(found: dict[int, list[str]], rows: int) -> pa.ListArray:
    if not found:
        return pa.ListArray.from_arrays(pa.array([0] * (rows + 1), pa.int32()), pa.array([], pa.string()))
    offsets = [0]
    flat: list[str] = []
    for row in range(rows):
        flat.extend(found.get(row, ()))
        offsets.append(len(flat))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(flat, pa.string()))


def redact_paths(column: pa.Array | pa.ChunkedArray, key: bytes) -> tuple[pa.Array, pa.ListArray]:
    """Redacted URL paths and, per row, the sorted ids of the data classes found. Nulls stay null."""
    return _redact(column, PATH_GATE, "path", key)


def redact_queries(column: pa.Array | pa.ChunkedArray, key: bytes) -> tuple[pa.Array, pa.ListArray]:
    """Redacted raw query strings and, per row, the sorted ids of the data classes found. Nulls stay null."""
    return _redact(column, QUERY_GATE, "query", key)
