"""Servers that wait where nobody may come, and count who comes."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Ports of the corpus and of the doors.
PORTS = (22, 25, 80, 443, 465, 587, 5432, 6379, 8001, 9200, 11211)
_REDIRECT = (
    b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)
_FOUND = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Sinks:
    """Every connection that arrived: the address it was made to, and the port."""

    def __init__(self) -> None:
        self.connects: list[tuple[str, int]] = []
        self._listening = selectors.DefaultSelector()
        self._ends, self._end = socket.socketpair()
        self._listening.register(self._ends, selectors.EVENT_READ)

    def listen(self, host: str, port: int) -> int:
        """Wait at this address too; returns the port."""
        waiting = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        waiting.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in host:
            waiting.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        waiting.bind((host, port))
        waiting.listen(64)
        self._listening.register(waiting, selectors.EVENT_READ)
        bound: int = waiting.getsockname()[1]
        return bound

    def serve(self) -> None:
        """Count and answer until ``close``."""
        while True:
            for key, _ in self._listening.select():
                if key.fileobj is self._ends:
                    return
                assert isinstance(key.fileobj, socket.socket)
                caller, _ = key.fileobj.accept()
                with caller:
                    self.connects.append(caller.getsockname()[:2])
                    caller.settimeout(0.2)
                    self._answer(caller)

    def close(self) -> None:
        """Stop serving and release the ports."""
        for key in list(self._listening.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._listening.close()
        self._end.close()

    def stop(self) -> None:
        """Let ``serve`` return."""
        self._end.send(b"x")

    @staticmethod
    def _answer(caller: socket.socket) -> None:
        if caller.getsockname()[1] != 80:
            return
        try:
            asked = caller.recv(65536)
            caller.sendall(_REDIRECT if b" /redirect" in asked.split(b"\r\n")[0] else _FOUND)
        except OSError:
            return


@contextmanager
def sinks(*addresses: tuple[str, int]) -> Iterator[Sinks]:
    """Wait at these addresses for the block."""
    waiting = Sinks()
    for host, port in addresses:
        waiting.listen(host, port)
    thread = threading.Thread(target=waiting.serve)
    thread.start()
    try:
        yield waiting
    finally:
        waiting.stop()
        thread.join()
        waiting.close()
