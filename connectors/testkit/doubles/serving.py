"""The small HTTP server every double and the sample backend run on.

Werkzeug's threaded WSGI server: one thread per connection, no event loop, nothing to do while idle.
"""

import logging
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any
from wsgiref.types import WSGIApplication

import orjson
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Sequence

Answer = Callable[[Request], Response]


class QuietHandler(WSGIRequestHandler):
    """A request handler that keeps standard error for real errors."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing: the doubles' own logs are the vendors' logs."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Start the answer without a ``Server`` header: each double sends its vendor's, if any."""
        self.send_response_only(code, message)
        self.send_header("Date", self.date_time_string())


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An ``application/json`` response of ``body`` (anything orjson can serialise)."""
    return Response(orjson.dumps(body), status=status, headers=headers, content_type="application/json")


def wsgi(answer: Answer) -> WSGIApplication:
    """A WSGI application which answers each request with ``answer(request)``."""

    def application(environ: Any, start_response: Any) -> Any:
        return answer(Request(environ))(environ, start_response)

    return application


def listen(
    application: WSGIApplication,
    port: int,
    host: str = "127.0.0.1",
    handler: type[WSGIRequestHandler] = QuietHandler,
) -> BaseWSGIServer:
    """A bound, not yet serving, threaded server. ``port`` 0 takes a free one (see ``server.port``)."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # The socket is made here: werkzeug would call a name server's reverse lookup for its own.
    sock = socket.create_server((host, port), backlog=256)
    server = make_server(host, port, application, threaded=True, request_handler=handler, fd=sock.fileno())
    sock.detach()
    return server


def serve_until_stopped(
    servers: "Sequence[BaseWSGIServer]",
    on_start: Callable[[], None] = lambda: None,
    on_stop: Callable[[], None] = lambda: None,
) -> None:
    """Serve all ``servers``, each in a thread, until SIGTERM or SIGINT.

    ``on_start`` is called once they serve (to seed them through their own API), ``on_stop`` at the end.
    """
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    on_start()
    stopped.wait()
    for server in servers:
        server.shutdown()
    on_stop()
