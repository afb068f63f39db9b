"""Faults a test orders from a double, outside the vendor's API.

``POST /_double/faults`` with ``{"service", "operation", "status", "times", "body", "headers", "delay_ms", "share"}``
makes the next ``times`` matching requests answer that, or with a ``share`` below 1 so many of all by chance; ``GET`` lists
what is left, ``DELETE`` forgets all.
``service`` and ``operation`` may be ``"*"``. A ``body`` that is a string is sent as it is (garbage
included).
"""

import random
import threading
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import orjson
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.serving import json_response

FAULTS_PATH = "/_double/faults"
HEALTH_PATH = "/_double/health"
_CHANCE = random.Random()  # noqa: S311 - when a double misbehaves is no secret


@dataclass
class Fault:
    """One ordered misbehaviour; ``times`` counts down to 0."""

    service: str = "*"
    operation: str = "*"
    status: int = 500
    times: int = 1
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_ms: int = 0
    share: float = 1.0

    def matches(self, service: str, operation: str) -> bool:
        """Whether this fault is meant for the request (shell-style patterns)."""
        meant = fnmatchcase(service, self.service) and fnmatchcase(operation, self.operation)
        return self.times > 0 and meant and (self.share >= 1 or _CHANCE.random() < self.share)

    def response(self) -> Response:
        """The ordered answer, after the ordered delay."""
        if self.delay_ms:
            time.sleep(self.delay_ms / 1000)
        body = self.body if isinstance(self.body, str) else orjson.dumps(self.body)
        return Response(body, status=self.status, headers=self.headers, content_type="application/json")


class FaultBook:
    """All ordered faults of one double. Safe for threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def take(self, service: str, operation: str) -> Fault | None:
        """The first fault that matches, used up by one; None for normal behaviour."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(service, operation):
                    fault.times -= 1
                    return fault
        return None

    def knob(self, request: Request, ready: bool = True) -> Response | None:
        """The answer to what every double is asked besides its vendor's API: its faults, whether it is ready; else None."""
        if request.path == FAULTS_PATH:
            return self.control(request)
        if request.path == HEALTH_PATH:
            return json_response({"ready": ready}, 200 if ready else 503)
        return None

    def control(self, request: Request) -> Response:
        """Answer the fault knob itself (``/_double/faults``)."""
        with self._lock:
            if request.method == "POST":
                try:
                    self._faults.append(Fault(**orjson.loads(request.get_data())))
                except (TypeError, orjson.JSONDecodeError) as error:
                    return json_response({"message": f"not a fault: {error}"}, 400)
            elif request.method == "DELETE":
                self._faults.clear()
            self._faults = [fault for fault in self._faults if fault.times > 0]
            return json_response([vars(fault) for fault in self._faults])
