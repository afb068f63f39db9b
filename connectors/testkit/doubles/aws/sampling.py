"""Sampled requests: what ``GetSampledRequests`` shows, at most 500 per web ACL rule in the last three
hours.
"""

import threading
from collections import defaultdict, deque
from typing import Any


class Samples:
    """The newest 500 sampled requests per (web ACL ARN, rule metric name). Safe for threads."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], deque[dict[str, Any]]] = defaultdict(lambda: deque(maxlen=500))
        self._lock = threading.Lock()

    def add(self, web_acl_arn: str, metric: str, sample: dict[str, Any]) -> None:
        """Keep ``sample``, an API ``SampledHTTPRequest`` with ``Timestamp`` in epoch seconds."""
        with self._lock:
            self._kept[(web_acl_arn, metric)].append(sample)

    def within(self, web_acl_arn: str, metric: str, start: float, end: float) -> list[dict[str, Any]]:
        """Samples of one rule with ``start <= Timestamp <= end``."""
        with self._lock:
            return [s for s in self._kept[(web_acl_arn, metric)] if start <= s["Timestamp"] <= end]


SAMPLES = Samples()
"""One per process, as moto's own state is."""
