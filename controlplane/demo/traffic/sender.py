"""Sends calls to the doubles' data planes over HTTP."""

import orjson
import urllib3

from controlplane.demo.traffic.calls import AWS, Answer, Call


class Sender:
    """A client of both data planes. ``only`` restricts it to one target: other calls are left out (status
    0).
    """

    def __init__(self, aws_url: str, kong_url: str, only: str = "") -> None:
        self._urls = {"aws": aws_url.rstrip("/"), "kong": kong_url.rstrip("/")}
        self._only = only
        self._pool = urllib3.PoolManager(maxsize=16, retries=False, timeout=urllib3.Timeout(15))

    def send(self, call: Call, past_ms: int | None = None) -> Answer:
        """Do ``call``, as of ``past_ms`` (epoch ms) when given."""
        if self._only and call.target != self._only:
            return Answer(0)
        client = call.client
        headers = {
            "Host": call.host,
            "User-Agent": client.user_agent,
            "X-Double-Country": client.country,
            "X-Double-Asn": str(client.asn),
            "X-Double-Ja4": client.ja4,
            "X-Double-Client-Ip" if call.target == AWS else "X-Real-IP": client.address,
            **call.headers,
        }
        if past_ms is not None:
            headers["X-Double-Time"] = str(past_ms)
        body = None
        if call.json is not None:
            body, headers["Content-Type"] = orjson.dumps(call.json), "application/json"
        try:
            answer = self._pool.request(
                call.method, self._urls[call.target] + call.path, body=body, headers=headers, redirect=False
            )
        except urllib3.exceptions.HTTPError:
            return Answer(0)
        return Answer(answer.status, answer.data)

    def get_json(self, target: str, path: str) -> dict[str, object]:
        """A control document of a double (``/_double/...``); empty when it cannot be had."""
        try:
            answer = self._pool.request("GET", self._urls[target] + path)
            found = orjson.loads(answer.data)
        except (urllib3.exceptions.HTTPError, orjson.JSONDecodeError):
            return {}
        return found if isinstance(found, dict) else {}
