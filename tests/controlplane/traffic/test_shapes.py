"""A stored shape never joins paths that endpoints tell apart, and joins those that differ in plain values."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.inventory.templates.model import keys_of
from controlplane.traffic.store.shapes import shapes


def shape(path: str) -> str:
    return shapes(pa.chunked_array([[path]])).to_pylist()[0]


_HEX = st.text("0123456789abcdefABCDEF", min_size=8, max_size=40)
_SEGMENT = st.one_of(
    st.integers(-20, 10**18).map(str),
    st.from_regex(r"[0-9]{1,20}", fullmatch=True),
    st.uuids().map(str),
    st.uuids().map(lambda value: str(value).upper()),
    _HEX,
    st.from_regex(r"~[a-z_-]{1,6}\.[0-9a-f]{15,17}", fullmatch=True),
    st.sampled_from(["api", "rest", "v1", "orders", "{int}", "{{int}}", "%7Bint}", "12;a=1", "12?x", "1#2", "", "~email."]),
    st.text("ab01.-_~{}%;+ \n\x00é", max_size=6),
)  # fmt: skip
_PATH = st.lists(_SEGMENT, max_size=5).map(lambda parts: "/" + "/".join(parts))


@settings(max_examples=400)
@given(st.lists(_PATH, min_size=2, max_size=30))
def test_paths_of_one_shape_have_the_same_keys_for_every_template(paths: list[str]) -> None:
    keys: dict[str, list[str]] = {}
    for path in paths:
        assert keys.setdefault(shape(path), keys_of(path)) == keys_of(path)


@settings(max_examples=400)
@given(_PATH, st.data())
def test_a_path_with_other_values_of_the_same_form_keeps_shape_and_keys(
    path: str, data: st.DataObject
) -> None:
    other = "/".join(
        data.draw(st.integers(10, 10**12).map(str))
        if part.isdigit() and part.isascii() and len(part) > 1
        else part
        for part in path.split("/")
    )
    assert shape(other) == shape(path) or "#" in path or "?" in path
    assert keys_of(other) == keys_of(path) or shape(other) != shape(path)


def test_values_by_form_give_way_to_their_kind() -> None:
    assert (
        shape("/v1/orders/4711/items/550e8400-e29b-41d4-a716-446655440000") == "/v1/orders/{int}/items/{uuid}"
    )
    assert shape("/a/12/13/14") == "/a/{int}/{int}/{int}"
    assert shape("/a/~email.0123456789abcdef/9f86d081884c7d659a2feaa0c55ad015") == "/a/{~email}/{hash}"
    assert shape("/api/2/{int}") == "/api/2/{{int}}"


def test_no_path_has_no_shape() -> None:
    assert shapes(pa.chunked_array([[None, "/x"]], pa.string())).to_pylist() == [None, "/x"]
    assert shapes(pa.chunked_array([], pa.string())).to_pylist() == []
