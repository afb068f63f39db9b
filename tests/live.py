"""The web application behind a real socket, in the test's own process and database."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from werkzeug.serving import make_server

from controlplane.config.wsgi import application


class _Closing:
    """The application; each request's thread closes its database connections, as a worker's end would."""

    def __init__(self, application: WSGIHandler) -> None:
        self._application = application

    def __call__(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        try:
            yield from self._application(environ, start_response)
        finally:
            connections.close_all()


@contextmanager
def serving(port: int = 0) -> Iterator[int]:
    """Serve on a port of 127.0.0.1, a free one without ``port``; needs committed data. Gives the port."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, _Closing(application), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
