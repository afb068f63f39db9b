"""Columns of text: a value's answer never depends on the values beside it, equal rows are told from others."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controlplane.classification import columns
from controlplane.textcolumns import LineScanner, distinct, encode, matching

# Pieces that the gates look for, cut at every place, among letters that mean nothing.
PIECES = st.sampled_from(
    [
        "@", "%40", "1", "22", "333", "4444", "55555", "123-45-", "6789", "DE89", "AB12CD34", "eyJ", "bearer+", "Basic%20",
        "-----", "$2", "://", "%3A%2F%2F", "ghp_", "xox", "SK", "AC", "0x", "26abcdefghijABCDEFGHIJKLMN", "aa:bb:", "cc:dd:",
        "12.345.", "678", "1.2345", "&", "=", "pass", "token", "mail", "q", "x", ";", ".", "-", "+", "%", "\x00", "\n",
        "\r", " ", "é", "\u017f", "\u212a",
    ]
)  # fmt: skip
VALUES = st.lists(st.one_of(st.none(), st.lists(PIECES, max_size=9).map("".join)), max_size=12)


@given(VALUES)
@example(["pass\nx=1", "to\u212aen=1", "x", None])
@pytest.mark.parametrize("kind", ["path", "query", "text"])
def test_the_scan_of_lines_finds_exactly_what_the_pattern_finds_value_by_value(
    kind: str, values: list[str | None]
) -> None:
    column = pa.array(values, pa.string())
    pattern = columns._LINE_GATES[kind][0]
    expected = [
        position
        for position, value in enumerate(values)
        if value is not None
        and pc.match_substring_regex(pa.array([value], pa.string()), pattern=pattern)[0].as_py()
    ]
    assert columns._worth_a_look(column, kind) == expected


def test_the_first_and_the_last_value_have_edges_like_all_others() -> None:
    scanner = LineScanner([r"^a$", r"\nb\n"])
    for place in range(4):
        values: list[str | None] = ["x", None, "", "xa"]
        values.insert(place, "a")
        values.insert(place, "b")
        assert scanner.rows(pa.array(values)) == [place, place + 1]
    assert scanner.rows(pa.array(["a"] * 3 + ["ab"]).slice(1)) == [0, 1]
    assert scanner.rows(pa.array([], pa.string())) == []


KEYS = st.one_of(st.none(), st.integers(0, 3))


@given(st.lists(st.tuples(KEYS, KEYS, KEYS), max_size=40))
def test_rows_are_of_one_kind_exactly_when_they_are_equal(rows: list[tuple[int | None, ...]]) -> None:
    parts = [pa.array([row[n] for row in rows], pa.int32()) for n in range(3)]
    same = distinct(parts)
    kinds = same.kinds.to_pylist()
    seen: dict[tuple[int | None, ...], int] = {}
    assert kinds == [seen.setdefault(row, len(seen)) for row in rows]
    assert same.first.to_pylist() == [rows.index(row) for row in seen]


def test_nulls_match_no_position_of_a_dictionary() -> None:
    encoded = encode(pa.chunked_array([["a", None], ["b", "a"]]))
    assert matching(encoded, [0]).to_pylist() == [True, False, False, True]
    assert matching(encoded, []).to_pylist() == [False] * 4
