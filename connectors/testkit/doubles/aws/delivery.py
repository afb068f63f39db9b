"""Delivery of access logs and WAF logs to CloudWatch Logs and S3, in batches a little after the fact.

The vendor writes S3 objects every five minutes; here every ``interval_s`` seconds, under the same key layout.
"""

import gzip
import logging
import threading
from collections import defaultdict
from typing import Any

import orjson

from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.log_events import put_events
from connectors.testkit.doubles.aws.state import ACCOUNT, LOCK, backend
from connectors.testkit.doubles.aws.waf_log import PERIOD_MS, kept, redacted, s3_key

LOGGER = logging.getLogger(__name__)


class LogDelivery:
    """Buffers log lines and flushes them in the background until closed. Safe for threads."""

    def __init__(self, region: str, interval_s: float = 2.0) -> None:
        self._region = region
        self._interval_s = interval_s
        self._lines: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        self._objects: dict[tuple[str, str, int], list[bytes]] = defaultdict(list)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def access_log(self, destination_arn: str, stream: str, time_ms: int, text: str) -> None:
        """Queue one access log line for a CloudWatch log group."""
        with self._lock:
            self._lines[(destination_arn.partition(":log-group:")[2].removesuffix(":*"), stream)].append(
                (time_ms, text)
            )

    def waf_log(self, acl_arn: str, log_record: dict[str, Any]) -> None:
        """Queue one WAF record for each destination of the web ACL's logging configuration."""
        with LOCK:
            configuration = backend("wafv2", self._region).logging_configurations.get(acl_arn)
        if configuration is None or not kept(log_record, configuration.logging_filter):
            return
        shown = redacted(log_record, configuration.redacted_fields or [])
        time_ms, name = int(log_record["timestamp"]), acl_arn.split("/")[-2]
        for destination in configuration.log_destination_configs:
            with self._lock:
                if ":s3:::" in destination:
                    bucket = destination.partition(":s3:::")[2]
                    self._objects[(bucket, name, time_ms // PERIOD_MS)].append(orjson.dumps(shown))
                else:
                    group = destination.partition(":log-group:")[2].removesuffix(":*")
                    stream = f"{self._region}_{name}_0"
                    self._lines[(group, stream)].append((time_ms, orjson.dumps(shown).decode()))

    def flush(self) -> None:
        """Write everything queued so far."""
        with self._lock:
            lines, self._lines = self._lines, defaultdict(list)
            objects, self._objects = self._objects, defaultdict(list)
        for (group, stream), events in lines.items():
            try:
                put_events(self._region, group, stream, events)
            except AwsError as error:
                # As at the vendor: a deleted log group loses its lines, the gateway goes on.
                LOGGER.warning("access log line dropped: %s", error.message)
        for (bucket, acl_name, period), records in objects.items():
            key = s3_key(ACCOUNT, self._region, acl_name, period * PERIOD_MS)
            with LOCK:
                backend("s3", self._region).put_object(
                    bucket, key, gzip.compress(b"\n".join(records) + b"\n", 1)
                )

    def close(self) -> None:
        """Flush a last time and stop."""
        self._closed.set()
        self.flush()

    def _run(self) -> None:
        while not self._closed.wait(self._interval_s):
            self.flush()
