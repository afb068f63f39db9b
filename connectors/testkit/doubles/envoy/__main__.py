"""``python -m connectors.testkit.doubles.envoy --admin-port A``: Envoy's admin interface until stopped.

Like Envoy's, it knows no callers. Writing paths (``/quitquitquit`` and the like) take ``POST`` only and are refused here: a
connector that only reads never calls them.
"""

import argparse
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.envoy.estate import DUMP
from connectors.testkit.doubles.faults import FaultBook
from connectors.testkit.doubles.serving import json_response, listen, serve_until_stopped, wsgi

SERVER = {
    "version": "bc3d61f4cbd1d7be0a1f4b5f2ea4f8d1e2a3b4c5/1.35.3/Clean/RELEASE/BoringSSL",
    "state": "LIVE",
    "node": {"id": "edge-0", "cluster": "acme-edge"},
}


class Admin:
    """The admin interface of one node."""

    def __init__(self, *, seeded: bool) -> None:
        self._dump = DUMP if seeded else {name: [] for name in DUMP}
        self._faults = FaultBook()

    def answer(self, request: Request) -> Response:
        """One request."""
        if (knob := self._faults.knob(request)) is not None:
            return knob
        query = urlsplit(request.url).query
        fault = self._faults.take("envoy", f"{request.method} {request.path}{'?' if query else ''}{query}")
        if fault is not None:
            return fault.response()
        if request.method != "GET":
            return Response("Method Not Allowed\n", status=405)
        if request.path == "/server_info":
            return json_response(SERVER)
        if request.path == "/config_dump":
            return self._resource(request.args.get("resource", ""))
        return Response("invalid path. admin commands are:\n", status=404)

    def _resource(self, name: str) -> Response:
        if name not in self._dump:
            return Response(f"{name} not found in config dump\n", status=404)
        # An empty kind is an empty document: protobuf JSON leaves out what is not set.
        return json_response({"configs": self._dump[name]} if self._dump[name] else {})


def main() -> None:
    """Run until stopped."""
    parser = argparse.ArgumentParser(prog="connectors.testkit.doubles.envoy", description=__doc__)
    parser.add_argument("--admin-port", type=int, required=True)
    parser.add_argument("--seed", action="store_true", help="the sample company's edge")
    options = parser.parse_args()
    serve_until_stopped([listen(wsgi(Admin(seeded=options.seed).answer), options.admin_port)])


if __name__ == "__main__":
    main()
