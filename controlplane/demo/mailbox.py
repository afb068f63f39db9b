"""Where the sample company receives alerts: an SMTP server and a webhook receiver that keep what arrives.

``python -m controlplane.demo.mailbox --smtp-port P --webhook-port W --folder DIR`` writes ``mail-NNN.eml``
and ``webhook-NNN.json`` (headers and body).
"""

from __future__ import annotations

import argparse
import itertools
import signal
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler


class Keep(MessageHandler):
    """Writes each mail to a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._count = itertools.count(1)

    def handle_message(self, message: Message) -> None:
        """Keep one mail."""
        (self._folder / f"mail-{next(self._count):03d}.eml").write_bytes(message.as_bytes())


def webhook_server(port: int, folder: Path) -> ThreadingHTTPServer:
    """A receiver on ``/hook`` that answers 204."""
    count = itertools.count(1)

    class Hook(BaseHTTPRequestHandler):
        """Keeps each delivery."""

        def do_POST(self) -> None:
            """Keep one delivery."""
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            kept = {
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode(),
            }
            (folder / f"webhook-{next(count):03d}.json").write_bytes(orjson.dumps(kept))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", port), Hook)


def main() -> None:
    """Run until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--webhook-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    mail = Controller(Keep(options.folder), hostname="127.0.0.1", port=options.smtp_port)
    mail.start()
    hooks = webhook_server(options.webhook_port, options.folder)
    threading.Thread(target=hooks.serve_forever, daemon=True).start()
    ended.wait()
    hooks.shutdown()
    mail.stop()


if __name__ == "__main__":
    main()
