"""moto's state, the one place where we reach into it, and the account a call acts in.

moto is not typed for our purposes, so its objects are ``Any`` from here on. All access to it is serialised by
``LOCK``: moto's dictionaries are not safe for threads.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import moto.backends

ACCOUNT = "123456789012"
LOCK = threading.RLock()

_acting: ContextVar[str] = ContextVar("account", default=ACCOUNT)


@contextmanager
def acting_in(account: str) -> Iterator[None]:
    """Let ``backend`` answer the state of ``account`` instead of the sample company's."""
    token = _acting.set(account)
    try:
        yield
    finally:
        _acting.reset(token)


def acting_account() -> str:
    """The account acted in."""
    return _acting.get()


def backend(service: str, region: str, account: str = "") -> Any:
    """moto's backend of ``service`` for ``account``, else for the account acted in ("aws" is the region of
    global services).
    """
    name: Any = service
    account_backends: Any = moto.backends.get_backend(name)[account or _acting.get()]
    return account_backends["aws" if service in ("iam", "sts", "s3", "organizations") else region]
