"""What every file format must do, whatever is dropped in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base.calls import NORMALISED_SCHEMA, RawBatch
from connectors.base.errors import ConnectorError
from connectors.base.formats import CallFormat, ConfigFormat, LoadedDocument, file_formats

LOGS = sorted(name for name, offered in file_formats().items() if isinstance(offered, CallFormat))
DOCUMENTS = sorted(name for name, offered in file_formats().items() if isinstance(offered, ConfigFormat))
_bytes = st.binary(max_size=200) | st.text(max_size=120).map(lambda text: text.encode(errors="replace"))


@pytest.mark.parametrize("name", sorted(file_formats()))
@given(head=_bytes, filename=st.text(max_size=20))
def test_sniffing_gives_a_certainty(name, head, filename):
    assert 0.0 <= file_formats()[name].sniff(head, filename) <= 1.0


@pytest.mark.parametrize("name", LOGS)
@settings(deadline=None)
@given(records=st.lists(_bytes, max_size=5))
def test_every_line_of_a_log_is_a_call_or_set_aside_with_its_number(name, records):
    offered = file_formats()[name]
    assert isinstance(offered, CallFormat)
    batch = offered.normalise(RawBatch(name, tuple(records), {"first_line": "11"}))
    assert batch.table.schema.names == NORMALISED_SCHEMA.names
    filled = [number for number, record in enumerate(records, start=11) if record and not record.isspace()]
    assert batch.table.num_rows + len(batch.quarantined) == len(filled)
    assert {entry.line for entry in batch.quarantined} <= set(filled)


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(deadline=None)
@given(data=_bytes)
def test_a_document_is_read_or_refused_in_our_words(name, data):
    offered = file_formats()[name]
    assert isinstance(offered, ConfigFormat)
    try:
        loaded = offered.load(data, "upload.yaml", "")
    except ConnectorError as error:
        loaded, said = None, error.sentence()
    assert isinstance(loaded, LoadedDocument) or said
