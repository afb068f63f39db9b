"""The cursor: JSON, bounded, and the same after it was stored."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from connectors.bucket.position import (
    MAX_GROWING,
    MAX_RECENT,
    Position,
    Reached,
    Recent,
    key_hash,
    version_of,
)
from connectors.bucket.reading import numbered_from
from connectors.bucket.stores import StoredObject

KEYS = st.sampled_from([f"k{number}" for number in range(6)])
VERSIONS = st.sampled_from(["1", "2", "3"])


def _version(text: str) -> bytes:
    return version_of(StoredObject("", 1, text, 0))


@given(st.lists(st.tuples(KEYS, VERSIONS, st.integers(0, 600)), max_size=20), st.integers(0, 700))
def test_what_was_finished_last_is_remembered_until_it_is_too_old(added, moment):
    recent, wanted = Recent({}), {}
    for key, version, modified in sorted(added, key=lambda entry: entry[2]):
        recent.add(key_hash(key), _version(version), modified)
        wanted[key] = (_version(version), modified)
        recent = Recent(json.loads(json.dumps(recent.saved())))
    recent.drop_before(moment)
    for key, (version, modified) in wanted.items():
        found = recent.version(key_hash(key))
        assert found == version or (found is None and modified < moment)
    for saved in (recent, Recent(recent.saved())):
        assert {key: saved.version(key_hash(key)) for key in wanted} == {
            key: recent.version(key_hash(key)) for key in wanted
        }


def test_beyond_the_bound_the_oldest_are_forgotten():
    recent = Recent({})
    for number in range(MAX_RECENT + 5):
        recent.add(key_hash(f"{number}"), _version("1"), number)
    assert [recent.version(key_hash(f"{number}")) is None for number in (0, 4, 5, MAX_RECENT + 4)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert len(json.dumps(recent.saved())) < 200_000
    position = Position()
    for number in range(MAX_GROWING + 5):
        position.grew(key_hash(f"{number}"), Reached("v", modified=number))
    assert len(position.growing) == MAX_GROWING
    assert key_hash("0").hex() not in position.growing


def test_line_numbers_of_an_object_fit_and_never_change():
    assert numbered_from("logs/a.log") == numbered_from("logs/a.log")
    assert numbered_from("logs/a.log") == 38_191_922_937_856_000
    assert all(len(str(numbered_from(f"{number}") + (1 << 31))) < 19 for number in range(1000))
