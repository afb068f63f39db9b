"""The bucket connector's subject for the conformance suite: S3, read as our policy allows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.base.errors import PermissionMissing, SettingsError, TransientError, VendorAnswerError
from connectors.base.registry import implementation
from connectors.bucket.provider import store_of
from connectors.testkit.conformance import FaultCase, Subject
from connectors.testkit.running import Fault, local_egress, running_double
from tests.connectors.bucket.aws import AwsAccount
from tests.connectors.bucket.world import waf_file

_LIST = "ListObjectsV2"


def _refusal(status: int, code: str) -> Fault:
    return Fault(status, _LIST, body=f"<Error><Code>{code}</Code><Message>no</Message></Error>")


_BROKEN_PAGE = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"

FAULTS = (
    FaultCase("unauthorised", _refusal(403, "InvalidAccessKeyId"), "calls", SettingsError),
    FaultCase("forbidden", _refusal(403, "AccessDenied"), "calls", PermissionMissing),
    FaultCase("missing", _refusal(404, "NoSuchBucket"), "calls", SettingsError),
    FaultCase("moved", _refusal(301, "PermanentRedirect"), "calls", SettingsError),
    FaultCase("skewed", _refusal(403, "RequestTimeTooSkewed"), "calls", SettingsError),
    FaultCase("throttled", _refusal(503, "SlowDown"), "calls", TransientError),
    FaultCase("failing", Fault(500, _LIST, body="boom"), "calls", TransientError),
    FaultCase("garbage", Fault(200, _LIST, body="<html><p>no"), "calls", VendorAnswerError),
    FaultCase("wrong_shape", Fault(200, _LIST, body="<Other/>"), "calls", VendorAnswerError),
    FaultCase("partial_page", Fault(200, _LIST, body=_BROKEN_PAGE), "calls", VendorAnswerError),
    FaultCase("slow", Fault(200, _LIST, delay_ms=2500, times=1), "calls", TransientError),
)


@contextmanager
def subject() -> Iterator[Subject]:
    """A bucket with one log file."""
    options = ["--rate-scale", "0"]
    with running_double("connectors.testkit.doubles.aws", options, ("--port", "--data-port")) as double:
        account = AwsAccount(double.control_url)
        account.open()
        account.allow("logs/")
        account.put("logs/a.log", waf_file(0, 3))
        settings = account.settings(prefixes=["logs/"])
        egress = local_egress(*double.ports, timeout=2.0)
        yield Subject(
            key="bucket",
            make=lambda capability: implementation("bucket", capability)(settings, egress),
            order=double.order,
            behave=double.behave,
            provoke=lambda: list(store_of(settings, egress).objects("logs/")),
            faults=FAULTS,
            sources=("aws.waf", "file.clf", "bucket.object", "unheard.of"),
        )
