"""For the scanner's process: names under `localhost` are this machine (RFC 6761), also where no resolver knows them."""

import socket

_real = socket.getaddrinfo


def getaddrinfo(host, *arguments, **options):
    """The system's answer, with every name under `localhost` at 127.0.0.1."""
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name.rstrip(".").lower().endswith(".localhost"):
        host = "127.0.0.1"
    return _real(host, *arguments, **options)


socket.getaddrinfo = getaddrinfo
