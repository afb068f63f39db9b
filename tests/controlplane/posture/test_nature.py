"""Operations that must answer without a credential are not taken for open doors, and others are not excused."""

import pytest

from controlplane.posture.nature import open_by_nature


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/login"),
        ("POST", "/api/v1/sign-in"),
        ("POST", "/oauth2/token"),
        ("POST", "/password-reset"),
        ("GET", "/healthz"),
        ("OPTIONS", "/orders/{id}"),
    ],
)
def test_sign_in_reset_health_and_preflight_are_open_by_nature(method: str, path: str) -> None:
    assert open_by_nature(method, path)


@pytest.mark.parametrize(
    "path", ["/orders", "/login-history", "/users/{id}/health-records", "/tokens/{id}", "/"]
)
def test_nothing_else_is_excused_by_its_name(path: str) -> None:
    assert open_by_nature("GET", path) == ""
