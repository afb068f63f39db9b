"""AWS signs each request anew and speaks three formats: a recording of it is read again all the same."""

from __future__ import annotations

from typing import Any

from connectors.aws.config import Config
from connectors.aws.identity import AwsPlatformIdentity
from connectors.aws.session import AwsSession
from connectors.base.model import ConfigSnapshot
from connectors.egress import Egress, EgressPolicy
from connectors.recording import Exchange, Recorder, Replay, Scrubber
from tenants.redaction import redacted
from tests.connectors.aws.conftest import EXTERNAL_ID, PRINCIPAL, Double, unpaced


def read(double: Double, relay: Any) -> ConfigSnapshot:
    settings = double.settings()
    egress = Egress(EgressPolicy(require_tls=False), account="test:aws", relay=relay)
    identity = AwsPlatformIdentity("AKIAPORTCULLIS000001", PRINCIPAL, "platform-secret")
    session = AwsSession(settings, egress, identity=identity, pace=unpaced)
    return Config(settings, egress, session=session).read_config()


def test_a_recording_of_aws_gives_what_aws_gave_and_holds_no_credential(double: Double) -> None:
    api = double.admin("apigateway")
    made = api.create_rest_api(name="recorded", description="ask anna@shop.example")["id"]
    root = api.get_resources(restApiId=made)["items"][0]["id"]
    api.put_method(restApiId=made, resourceId=root, httpMethod="GET", authorizationType="NONE")
    tape: list[Exchange] = []
    seen = read(double, Recorder(double.egress, Scrubber(redacted, [EXTERNAL_ID]), tape.append))
    double.egress.close()
    replay = Replay(tape, Scrubber(redacted, [EXTERNAL_ID]))
    again = read(double, replay)
    assert replay.missing == []
    assert [(s.name, s.completeness) for s in again.sections] == [
        (s.name, s.completeness) for s in seen.sections
    ]
    assert "recorded" in {service.name for service in again.services}
    assert {route.ref for route in again.routes} == {route.ref for route in seen.routes}
    text = repr(tape)
    assert "AssumeRole" in text
    for secret in (EXTERNAL_ID, "anna@", "Signature", "ASIA", "AKIA"):
        assert secret not in text
