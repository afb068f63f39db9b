"""Claims of the path-template learner, on seeded synthetic estates."""

import importlib.util
import json
import random
import re
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.inventory.templates import KnownRoute, TemplateModel, learn

_SPEC = importlib.util.spec_from_file_location("estate", Path(__file__).with_name("estate.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
estate_module = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(estate_module)
HOST, OPERATIONS, SCANS, VALUES = (
    estate_module.HOST,
    estate_module.OPERATIONS,
    estate_module.SCANS,
    estate_module.VALUES,
)
estate, fill, table = estate_module.estate, estate_module.fill, estate_module.table


def shape(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", template)


def found(model: TemplateModel) -> set[tuple[str, str]]:
    return {(e.method, shape(e.template)) for e in model.endpoints()}


@pytest.mark.parametrize("seed", range(5))
def test_exactly_the_operations_of_an_estate_are_learnt_with_scans_around_them(seed: int) -> None:
    assert found(learn(table(estate(seed)))) == {(m, shape(t)) for m, t, _ in OPERATIONS}


@pytest.mark.parametrize("kind", sorted(VALUES))
def test_values_of_each_kind_become_one_parameter(kind: str) -> None:
    rng = random.Random(kind)
    calls = [("GET", HOST, fill(f"/api/things/{{{kind}}}/history", rng), 200) for _ in range(40)]
    assert found(learn(table(calls))) == {("GET", "/api/things/{}/history")}


def test_a_redacted_value_has_the_kind_its_class_names() -> None:
    rows = [("GET", HOST, f"/users/~email.{n:016x}", 200) for n in range(9)]
    assert learn(table(rows)).endpoints()[0].parameters[0].kind == "email"


@pytest.mark.parametrize("path", SCANS)
def test_a_scanners_path_is_never_an_endpoint(path: str) -> None:
    model = learn(table(estate(1)))
    assert model.assign_one("GET", HOST, path) is None


def test_random_probing_that_is_only_refused_leaves_no_endpoint() -> None:
    rows = [("GET", HOST, f"/probe{n}/x", status) for n, status in enumerate([404, 403, 400, 404])]
    assert learn(table(rows)).endpoints() == []


def test_static_assets_are_not_endpoints_however_often_served() -> None:
    rows = [("GET", HOST, f"/static/app.{n:04x}a1b2.js", 200) for n in range(50)]
    assert learn(table([*rows, ("GET", HOST, "/static/logo.png", 200)])).endpoints() == []


def test_an_operation_called_once_is_kept() -> None:
    rows = [*estate(2), ("POST", HOST, "/v1/webhooks/subscriptions", 201)]
    assert ("POST", "/v1/webhooks/subscriptions") in found(learn(table(rows)))


def test_a_call_without_known_status_speaks_for_an_endpoint() -> None:
    assert found(learn(table([("GET", HOST, "/v1/orders", None)]))) == {("GET", "/v1/orders")}


def test_version_segments_stay_literal() -> None:
    rows = [("GET", HOST, f"/{v}/orders", 200) for v in ("v1", "v2", "2024-01-01") for _ in range(9)]
    assert found(learn(table(rows))) == {("GET", f"/{v}/orders") for v in ("v1", "v2", "2024-01-01")}


def test_preflight_and_head_are_not_operations_of_their_own() -> None:
    rows = [(m, HOST, "/v1/orders", 200) for m in ("GET", "OPTIONS", "HEAD")]
    assert found(learn(table(rows))) == {("GET", "/v1/orders")}


def test_calls_whose_method_nobody_logged_are_no_operations() -> None:
    rows = [("UNKNOWN", HOST, path, None) for path in ("/v1/orders", "/v1/other")]
    assert found(learn(table([*rows, ("GET", HOST, "/v1/orders", 200)]))) == {("GET", "/v1/orders")}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("/reports/1201.json", "/reports/1202.json", "/reports/{reportId}.json"),
        ("/jobs/1201:cancel", "/jobs/1202:cancel", "/jobs/{jobId}:cancel"),
        ("/odata/users(123)", "/odata/users(124)", "/odata/users({id})"),
        ("/users;lang=en/1201", "/users;lang=de/1202", "/users/{userId}"),
        ("//users/1201/", "/users/1202", "/users/{userId}"),
        ("/users/1201,1202", "/users/7,8,9", "/users/{ids}"),
    ],
)
def test_composite_segments_keep_their_fixed_part(first: str, second: str, expected: str) -> None:
    model = learn(table([("GET", HOST, first, 200), ("GET", HOST, second, 200)]))
    assert {model.assign_one("GET", HOST, path) for path in (first, second)} == {expected}


def test_a_parameter_is_named_after_the_noun_before_it() -> None:
    model = learn(table([("GET", HOST, "/companies/1201/users/77123", 200)]))
    assert model.endpoints()[0].template == "/companies/{companyId}/users/{userId}"


def test_a_declared_route_wins_and_names_the_parameters() -> None:
    known = [KnownRoute(HOST, "GET", "/v1/orders/{orderNumber}")]
    model = learn(table(estate(3)), known)
    assert model.assign_one("GET", HOST, "/v1/orders/search") == "/v1/orders/{orderNumber}"
    assert ("GET", "/v1/orders/{orderNumber}/items") in {(e.method, e.template) for e in model.endpoints()}


def test_a_declared_route_for_any_host_and_any_method_applies() -> None:
    model = learn(table(estate(3)), [KnownRoute("", "ANY", "/pets/{petId}")])
    assert model.assign_one("PUT", "other.example", "/pets/rex") == "/pets/{petId}"


def test_a_catch_all_does_not_swallow_what_lies_below_it() -> None:
    model = learn(table(estate(4)), [KnownRoute(HOST, "ANY", "/{proxy+}")])
    assert found(model) == found(learn(table(estate(4))))


def test_a_value_of_another_kind_does_not_fit_a_pure_parameter() -> None:
    model = learn(table(estate(5)))
    assert model.assign_one("GET", HOST, "/v1/orders/not-an-order") is None


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), cuts=st.integers(2, 5))
def test_learning_in_batches_gives_what_one_batch_gives(seed: int, cuts: int) -> None:
    rows = estate(seed)
    model: TemplateModel | None = None
    for start in range(cuts):
        model = learn(table(rows[start::cuts]), previous=model)
    assert model is not None
    assert model.to_json() == learn(table(rows)).to_json()
    assert model.endpoints() == learn(table(rows)).endpoints()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_model_survives_its_json_form(seed: int) -> None:
    model = learn(table(estate(seed)), [KnownRoute(HOST, "GET", "/v1/orders/{orderId}")])
    again = TemplateModel.from_json(model.to_json())
    assert again.endpoints() == model.endpoints()
    assert again.to_json() == model.to_json()


def test_a_model_of_another_format_version_is_refused() -> None:
    data = json.loads(learn(table(estate(1))).to_json()) | {"format": 99}
    with pytest.raises(ValueError, match="learn it again"):
        TemplateModel.from_json(json.dumps(data))


MODEL = learn(table(estate(6)))


@settings(max_examples=200, deadline=None)
@given(
    method=st.sampled_from(["GET", "post", "BREW"]), path=st.text(max_size=60).map(lambda text: "/" + text)
)
def test_assign_is_total_and_deterministic(method: str, path: str) -> None:
    columns = [pa.array([value, value], pa.string()) for value in (method, HOST, path)]
    first, second = MODEL.assign(*columns).to_pylist()
    assert first == second == MODEL.assign_one(method, HOST, path)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_learnt_template_matches_the_paths_it_was_learnt_from(seed: int) -> None:
    rows = estate(seed, noise=False)
    model = learn(table(rows))
    columns = table(rows)
    for row, template in zip(
        rows, model.assign(columns["method"], columns["host"], columns["path"]).to_pylist(), strict=True
    ):
        assert template is not None
        assert re.fullmatch(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template)), row[2])


def test_nulls_are_assigned_to_nothing() -> None:
    columns = [pa.array([None, "GET"]), pa.array([HOST, None]), pa.array(["/v1/orders", "/v1/orders"])]
    assert MODEL.assign(*columns).to_pylist() == [None, None]


def test_the_state_stays_bounded_when_every_path_is_new() -> None:
    rng = random.Random(9)
    words = ("".join(rng.choices("ghijklmnop", k=10)) for _ in range(6000))
    rows = [("GET", HOST, f"/pages/{word}", 200) for word in words]
    assert len(learn(table(rows)).to_json()) < 100_000
