"""Route priorities of the traditional router."""

from typing import Any

import pytest

from connectors.testkit.doubles.kong.router import Asked, Match, select, upstream_path


def route(name: str, **given: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"methods": None, "hosts": None, "paths": None, "headers": None}
    return empty | {"name": name, "regex_priority": 0, "strip_path": True, "created_at": 1} | given


def chosen(
    routes: list[dict[str, Any]], path: str = "/a/b", host: str = "h", method: str = "GET", **headers: str
) -> str:
    match = select(
        routes, Asked(method, host, path, "http", {k.replace("_", "-"): v for k, v in headers.items()})
    )
    return str(match.route["name"]) if match else ""


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"paths": ["/a"], "hosts": ["h"]}, {"paths": ["/a/b"]}),
        ({"paths": ["/a"], "methods": ["GET"], "hosts": ["h"]}, {"paths": ["/a"], "hosts": ["h"]}),
        ({"hosts": ["h"]}, {"hosts": ["*.h", "h.*"], "paths": None}),
        ({"paths": ["/a/b"]}, {"paths": ["/a"]}),
        ({"paths": ["~/a/.*"]}, {"paths": ["/a/b"]}),
        ({"paths": ["~/a/.*"], "regex_priority": 5}, {"paths": ["~/a/[a-z]+$"]}),
        ({"paths": ["/a"], "created_at": 1}, {"paths": ["/a"], "created_at": 9}),
    ],
    ids=["attributes", "more-attributes", "plain-host", "longer-prefix", "regex", "regex-priority", "older"],
)
def test_the_documented_priority_decides(better: dict[str, Any], worse: dict[str, Any]) -> None:
    assert chosen([route("worse", **worse), route("better", **better)]) == "better"
    assert chosen([route("better", **better), route("worse", **worse)]) == "better"


def test_every_attribute_must_match() -> None:
    picky = route("r", paths=["/a"], methods=["POST"], hosts=["h"])
    assert chosen([picky]) == ""
    assert chosen([picky], method="POST") == "r"


def test_header_routes_win_over_the_same_route_without_headers() -> None:
    routes = [route("plain", paths=["/a"]), route("versioned", paths=["/a"], headers={"X-Version": ["2"]})]
    assert chosen(routes, x_version="2") == "versioned"
    assert chosen(routes, x_version="1") == "plain"


def test_a_wildcard_host_matches_its_subdomains_only() -> None:
    assert chosen([route("r", hosts=["*.example"])], host="api.example") == "r"
    assert chosen([route("r", hosts=["*.example"])], host="example") == ""


@pytest.mark.parametrize(
    ("strip", "base", "expected"),
    [(True, None, "/b"), (True, "/base", "/base/b"), (False, None, "/a/b"), (False, "/base/", "/base/a/b")],
)
def test_the_upstream_path_follows_strip_path(strip: bool, base: str | None, expected: str) -> None:
    assert upstream_path(Match(route("r", paths=["/a"], strip_path=strip), "/a"), base, "/a/b") == expected
