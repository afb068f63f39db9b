"""API rates."""

import pytest

from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.operations import ApiCall
from connectors.testkit.doubles.aws.throttle import Throttle


def call(service: str, operation: str) -> ApiCall:
    return ApiCall(service, operation, "GET", "/", "us-east-1", "AKIA", "")


def admitted(throttle: Throttle, which: ApiCall, times: int, now: float) -> int:
    count = 0
    for _ in range(times):
        try:
            throttle.admit(which, now)
            count += 1
        except AwsError:
            pass
    return count


def test_a_waf_write_is_admitted_once_a_second() -> None:
    throttle, update = Throttle(), call("wafv2", "UpdateIPSet")
    assert admitted(throttle, update, 5, 100.0) == 1
    assert admitted(throttle, update, 5, 101.0) == 1


def test_different_waf_actions_have_rates_of_their_own() -> None:
    throttle = Throttle()
    assert admitted(throttle, call("wafv2", "UpdateIPSet"), 1, 0.0) == 1
    assert admitted(throttle, call("wafv2", "CreateIPSet"), 1, 0.0) == 1


def test_api_gateway_operations_share_one_rate() -> None:
    throttle = Throttle()
    first = admitted(throttle, call("apigateway", "GetStages"), 60, 0.0)
    assert first == 40
    assert admitted(throttle, call("apigatewayv2", "GetApis"), 60, 1.0) == 10


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [("wafv2", "ThrottlingException", 400), ("apigateway", "TooManyRequestsException", 429)],
)
def test_the_refusal_has_the_shape_of_its_service(service: str, code: str, status: int) -> None:
    throttle, which = Throttle(), call(service, "UpdateStage")
    admitted(throttle, which, 40, 0.0)
    with pytest.raises(AwsError) as caught:
        throttle.admit(which, 0.0)
    assert (caught.value.code, caught.value.status) == (code, status)


def test_a_scale_of_zero_turns_rates_off() -> None:
    assert admitted(Throttle(0), call("wafv2", "UpdateIPSet"), 50, 0.0) == 50
