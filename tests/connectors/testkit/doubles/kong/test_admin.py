"""The Admin API of the Kong double."""

from collections.abc import Callable
from typing import Any

import pytest


def test_one_plugin_instance_per_name_and_scope(node: Any) -> None:
    service = node.made("/services", name="s", host="h")
    node.made("/plugins", name="ip-restriction", config={"deny": ["192.0.2.1"]})
    node.made(f"/services/{service['id']}/plugins", name="ip-restriction", config={"deny": ["192.0.2.1"]})
    answer = node.send("POST", "/plugins", name="ip-restriction", config={"deny": ["192.0.2.2"]})
    assert (answer.status_code, answer.get_json()["name"]) == (409, "unique constraint violation")


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("ip-restriction", {}, "at least one of these fields must be non-empty"),
        ("ip-restriction", {"deny": ["999.1.1.1"]}, "invalid ip or cidr range: '999.1.1.1'"),
        ("request-termination", {"status_code": 99}, "value should be between 100 and 599"),
        ("request-termination", {"colour": "red"}, "unknown field"),
        ("rate-limiting", {"policy": "local"}, "at least one of these fields must be non-empty"),
        ("rate-limiting", {"minute": 10, "hour": 5}, "cannot be lower than"),
        ("http-log", {}, "required field missing"),
        (
            "http-log",
            {"http_endpoint": "http://x/", "queue": {"max_batch_size": 0}},
            "value should be between",
        ),
        ("acl", {"allow": ["a"], "deny": ["b"]}, "exactly one of these fields"),
        ("no-such-plugin", {}, "not enabled"),
    ],
)
def test_a_configuration_the_vendor_rejects_is_rejected(
    node: Any, name: str, config: dict[str, Any], message: str
) -> None:
    answer = node.send("POST", "/plugins", name=name, config=config)
    body = answer.get_json()
    assert (answer.status_code, body["code"], body["name"]) == (400, 2, "schema violation")
    assert message in body["message"]


def test_validation_alone_stores_nothing(node: Any) -> None:
    answer = node.send(
        "POST", "/schemas/plugins/validate", name="ip-restriction", config={"deny": ["192.0.2.1"]}
    )
    assert answer.get_json() == {"message": "schema validation successful"}
    assert node.admin.get("/plugins").get_json()["data"] == []


def test_a_foreign_key_must_exist(node: Any) -> None:
    missing = {"id": "3d0b0e4e-5c0e-4d0a-9b63-0f2f7a7b1c11"}
    answer = node.send("POST", "/routes", paths=["/a"], service=missing)
    assert (answer.status_code, answer.get_json()["name"]) == (400, "foreign key violation")


def test_a_service_with_routes_cannot_be_deleted(node: Any) -> None:
    service = node.made("/services", name="s", host="h")
    node.made("/services/s/routes", paths=["/a"])
    assert node.send("DELETE", f"/services/{service['id']}").status_code == 400


def test_deleting_a_route_deletes_its_plugins(node: Any) -> None:
    node.made("/services", name="s", host="h")
    route = node.made("/services/s/routes", name="r", paths=["/a"])
    node.made("/routes/r/plugins", name="request-termination", config={"status_code": 403})
    assert node.send("DELETE", f"/routes/{route['id']}").status_code == 204
    assert node.admin.get("/plugins").get_json()["data"] == []


def test_deleting_what_is_gone_succeeds(node: Any) -> None:
    assert node.send("DELETE", "/plugins/3d0b0e4e-5c0e-4d0a-9b63-0f2f7a7b1c11").status_code == 204


def test_put_creates_under_the_given_id_and_then_replaces(node: Any) -> None:
    path = "/plugins/3d0b0e4e-5c0e-4d0a-9b63-0f2f7a7b1c11"
    first = node.send("PUT", path, name="ip-restriction", tags=["a"], config={"deny": ["192.0.2.1"]})
    second = node.send("PUT", path, name="ip-restriction", config={"allow": ["192.0.2.2"]})
    assert first.get_json()["id"] == second.get_json()["id"] == path.rpartition("/")[2]
    assert (second.get_json()["tags"], second.get_json()["config"]["deny"]) == (None, None)


def test_put_by_name_creates_a_service_of_that_name(node: Any) -> None:
    assert node.send("PUT", "/services/orders", host="h").get_json()["name"] == "orders"
    node.send("PUT", "/services/orders", host="h2")
    assert [s["host"] for s in node.admin.get("/services").get_json()["data"]] == ["h2"]


def test_patch_merges_records_and_replaces_arrays(node: Any) -> None:
    made = node.made("/plugins", name="ip-restriction", config={"deny": ["192.0.2.1"], "message": "no"})
    changed = node.send("PATCH", f"/plugins/{made['id']}", config={"deny": ["192.0.2.2"]}).get_json()
    assert (changed["config"]["deny"], changed["config"]["message"]) == (["192.0.2.2"], "no")


def test_pages_lose_and_repeat_nothing(node: Any) -> None:
    for number in range(7):
        node.made("/consumers", username=f"u{number}")
    seen, path = [], "/consumers?size=3"
    while path:
        page = node.admin.get(path).get_json()
        seen += [consumer["username"] for consumer in page["data"]]
        path = f"/consumers?size=3&offset={page['offset']}" if page["next"] else ""
    assert sorted(seen) == [f"u{number}" for number in range(7)]


@pytest.mark.parametrize("query", ["size=0", "size=1001", "size=x", "offset=made-up"])
def test_a_bad_page_is_refused(node: Any, query: str) -> None:
    assert node.admin.get(f"/routes?{query}").status_code == 400


def test_tags_filter_by_all_or_by_any(node: Any) -> None:
    for name, tags in (("a", ["x"]), ("b", ["x", "y"]), ("c", ["z"])):
        node.made("/consumers", username=name, tags=tags)

    def found(expression: str) -> set[str]:
        rows = node.admin.get(f"/consumers?tags={expression}").get_json()["data"]
        return {row["username"] for row in rows}

    assert (found("x,y"), found("y/z"), found("x")) == ({"b"}, {"b", "c"}, {"a", "b"})
    assert {row["tag"] for row in node.admin.get("/tags").get_json()["data"]} == {"x", "y", "z"}


def test_a_missing_entity_is_not_found(node: Any) -> None:
    answer = node.admin.get("/services/nothing")
    assert (answer.status_code, answer.get_json()) == (404, {"message": "Not found"})


def test_a_route_needs_something_to_match(node: Any) -> None:
    answer = node.send("POST", "/routes", name="r")
    assert "must set one of" in answer.get_json()["message"]


@pytest.mark.parametrize("path", ["no-slash", "~/broken("])
def test_a_malformed_path_is_refused(node: Any, path: str) -> None:
    assert node.send("POST", "/routes", paths=[path]).status_code == 400


def test_an_auth_plugin_cannot_be_scoped_to_a_consumer(node: Any) -> None:
    node.made("/consumers", username="u")
    assert node.send("POST", "/consumers/u/plugins", name="key-auth").status_code == 400


def test_a_url_is_taken_apart(node: Any) -> None:
    service = node.made("/services", name="s", url="https://h.example/base")
    assert [service[k] for k in ("protocol", "host", "port", "path")] == ["https", "h.example", 443, "/base"]


def test_the_admin_token_is_required_where_configured(node_before: Callable[..., Any]) -> None:
    node = node_before("http://127.0.0.1:9", "secret")
    assert node.admin.get("/routes").status_code == 401
    assert node.admin.get("/routes", headers={"Kong-Admin-Token": "secret"}).status_code == 200


def test_an_ordered_fault_is_answered(node: Any) -> None:
    node.send("POST", "/_double/faults", service="kong", operation="PUT /plugins", status=503, body="oops")
    path = "/plugins/3d0b0e4e-5c0e-4d0a-9b63-0f2f7a7b1c11"
    assert node.send("PUT", path, name="cors").status_code == 503
    assert node.send("PUT", path, name="cors").status_code == 200
