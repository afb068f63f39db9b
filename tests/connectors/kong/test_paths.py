"""Kong paths as templates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kong.coverage import overlaps
from connectors.kong.paths import expression_paths, route_path


@pytest.mark.parametrize(
    ("path", "template", "match"),
    [
        ("/orders", "/orders", "prefix"),
        ("~/orders$", "/orders", "exact"),
        ("~/orders/(?<id>[^/]+)$", "/orders/{id}", "exact"),
        (r"~/v1/users/\d+/avatar\.png$", "/v1/users/{param3}/avatar.png", "exact"),
        ("~/a/(?:b)/c", "/a/b/c", "prefix"),
        ("~/files/.*", "/files", "prefix"),
        ("~/a/[^/]+/?$", "/a/{param2}", "exact"),
        ("~/broken/(x", "/{pattern:/broken/(x}", "pattern"),
        ("/", "/", "prefix"),
    ],
)
def test_a_path_is_read_as_what_it_matches(path, template, match):
    found = route_path(path)
    assert (found.template, found.match) == (template, match)


def test_paths_are_read_out_of_expressions():
    found = expression_paths('http.path ^= "/a" || http.path == "/b" || http.path ~ r#"^/c/\\d+$"#')
    assert [(path.template, path.match) for path in found] == [
        ("/a", "prefix"),
        ("/b", "exact"),
        ("/c/{param2}", "exact"),
    ]


@given(st.text(max_size=40))
def test_any_pattern_is_read_without_an_error(text):
    assert route_path("~/" + text).match in ("exact", "prefix", "pattern")


@pytest.mark.parametrize(
    ("path", "template", "expected"),
    [
        ("/orders", "/orders/{id}", True),
        ("/orders", "/ordersx", True),
        ("/orders/x", "/orders", False),
        ("~/orders/[0-9]+$", "/orders/{id}", True),
        ("~/orders/[0-9]+$", "/orders/{id}/lines", False),
        ("/", "/anything/{x}", True),
        ("/pay", "/orders", False),
        ("/a/b", "/a/{rest+}", True),
    ],
)
def test_a_route_and_a_template_overlap_when_one_request_fits_both(path, template, expected):
    assert overlaps(route_path(path), template) is expected
