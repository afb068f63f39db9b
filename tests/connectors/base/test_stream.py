"""Log files as numbered lines: where a batch ends in the file, and what packed ones give."""

from __future__ import annotations

import gzip
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base.columns import MAX_RECORD_BYTES
from connectors.base.errors import RefusedError, VendorAnswerError
from connectors.base.stream import ReadLimits, chunks, head_of, numbered_lines

TEXT = b"".join(b'{"n": %d}\n' % number for number in range(5000))


@given(
    text=st.text("a\n\r", max_size=60).map(str.encode),
    cut=st.integers(1, 7),
    lines=st.integers(1, 4),
    mark=st.booleans(),
)
def test_every_batch_ends_where_reading_can_go_on(text, cut, lines, mark):
    data = (b"\xef\xbb\xbf" if mark else b"") + text
    whole = [line for batch in numbered_lines(_cut(data, cut), 1000) for line in batch.lines]
    for batch in numbered_lines(_cut(data, cut), lines):
        rest = numbered_lines(_cut(data[batch.end :], cut), 1000, batch.first + len(batch.lines))
        after = [line for entry in rest for line in entry.lines]
        assert [*whole[: batch.first - 1], *batch.lines, *after] == whole


def test_a_line_longer_than_a_record_is_cut_and_its_end_is_still_known():
    data = b"a\n" + b"x" * (3 * MAX_RECORD_BYTES) + b"\nb\n"
    batches = list(numbered_lines(_cut(data, 1 << 18), 1))
    assert MAX_RECORD_BYTES < len(batches[1].lines[0]) < MAX_RECORD_BYTES + (1 << 18)
    assert [batch.end for batch in batches] == [2, len(data) - 2, len(data)]


def test_a_last_line_without_an_end_can_be_left_out():
    batches = list(numbered_lines(iter([b"a\nb"]), open_end=True))
    assert [(batch.lines, batch.end) for batch in batches] == [((b"a",), 2)]


def test_zstd_of_several_frames_is_read_and_its_head_known():
    packed = pa.compress(TEXT, "zstd", asbytes=True)
    assert b"".join(chunks(io.BytesIO(packed * 2))) == TEXT * 2
    assert head_of(io.BytesIO(packed), 4096) == TEXT[:4096]
    big = gzip.compress(TEXT * 200)
    assert head_of(io.BytesIO(big)) == (TEXT * 200)[: 1 << 16]


@pytest.mark.parametrize("damage", [lambda data: data[:-4], lambda data: data[:20] + b"no" + data[22:]])
def test_a_damaged_zstd_file_is_said_so(damage):
    with pytest.raises(VendorAnswerError, match="zstd"):
        list(chunks(io.BytesIO(damage(pa.compress(TEXT, "zstd", asbytes=True)))))


@pytest.mark.asvs("5.2.3")
def test_a_zstd_file_that_unpacks_without_end_is_refused():
    bomb = pa.compress(b"\0" * (64 << 20), "zstd", asbytes=True)
    with pytest.raises(RefusedError, match="200 times"):
        list(chunks(io.BytesIO(bomb)))
    with pytest.raises(RefusedError, match="larger than"):
        list(chunks(io.BytesIO(bomb), ReadLimits(max_bytes=1000)))


def test_what_is_known_to_be_plain_is_not_unpacked():
    assert b"".join(chunks(io.BytesIO(gzip.compress(b"x")), plain=True)) == gzip.compress(b"x")


def _cut(data: bytes, size: int):
    return (data[at : at + size] for at in range(0, len(data), size))
