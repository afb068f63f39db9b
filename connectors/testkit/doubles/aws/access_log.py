"""API Gateway access log lines from a stage's ``accessLogSettings.format``.

Source: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs" and the ``$context`` variable
reference. Absent values are ``-`` and nothing is escaped: a quote in a user agent breaks a JSON format, as
it does at the vendor.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_-]+)*)")


def line(template: str, context: Mapping[str, str]) -> str:
    """``template`` with each ``$context.x`` replaced by its value."""
    return VARIABLE.sub(lambda match: context.get(match.group(1)) or "-", template)


def request_time(time_ms: int) -> str:
    """``$context.requestTime``: the CLF date of an epoch time in ms."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
