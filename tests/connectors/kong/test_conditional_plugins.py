"""Plugins of the customer's that run under a condition: what they do is not in force for every request."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base.model import ConfigSnapshot
from connectors.kong.entities import Entities
from connectors.kong.resolve import resolve

CONDITION = {"condition": 'http.method == "POST"'}
ANONYMOUS = {"name": "key-auth", "id": "p0", "config": {"anonymous": "c1"}}


def read(*plugins: dict[str, Any]) -> ConfigSnapshot:
    available: dict[str, Any] = {"request-validator": {}}
    return resolve(
        Entities(
            workspace="default",
            node={"version": "3.15.0.0", "plugins": {"available_on_server": available}},
            collections={
                "services": ({"id": "s1", "name": "shop", "host": "shop.internal"},),
                "routes": ({"id": "r1", "name": "all", "paths": ["/"], "service": {"id": "s1"}},),
                "plugins": plugins,
                "consumers": ({"id": "c1", "username": "anonymous"},),
            },
        ),
        "workspace:default",
        "http://kong",
    )


@pytest.mark.parametrize(
    ("part", "optional"),
    [({}, False), (CONDITION, True), ({"config": {"trigger": "x-stop"}}, True)],
    ids=["always", "condition", "trigger"],
)
def test_only_a_termination_that_ends_every_request_makes_authentication_mandatory(part, optional):
    ends = {"name": "request-termination", "id": "p1", "consumer": {"id": "c1"}, "config": {}, **part}
    (auth,) = read(ANONYMOUS, ends).routes[0].auth
    assert auth.optional is optional


def test_limits_validators_and_logs_under_a_condition_are_not_in_force_for_all():
    plugins = (
        {"name": "rate-limiting", "id": "p1", "config": {"minute": 5}},
        {"name": "request-validator", "id": "p2", "config": {}},
        {"name": "http-log", "id": "p3", "config": {"http_endpoint": "https://logs.example"}},
    )
    plain, some = read(*plugins), read(*({**plugin, **CONDITION} for plugin in plugins))
    assert plain.routes[0].rate_limits
    assert plain.routes[0].validated is True
    assert plain.stages[0].access_log == "http-log https://logs.example"
    assert plain.stages[0].throttled is True
    assert some.routes[0].rate_limits == ()
    assert some.routes[0].validated is False
    assert some.stages[0].access_log == ""
    assert some.stages[0].throttled is False


def test_a_conditional_plugin_of_the_route_stands_in_the_place_of_one_for_all():
    everywhere = {"name": "http-log", "id": "p1", "config": {"http_endpoint": "https://logs.example"}}
    here = {**everywhere, "id": "p2", "route": {"id": "r1"}, **CONDITION}
    assert read(everywhere, here).stages[0].access_log == "", "Kong runs only the most specific instance"
