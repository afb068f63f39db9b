"""moto's state, the one place where we reach into it.

moto is not typed for our purposes, so its objects are ``Any`` from here on. All access to it is serialised by
``LOCK``: moto's dictionaries are not safe for threads.
"""

import threading
from typing import Any

import moto.backends

ACCOUNT = "123456789012"
LOCK = threading.RLock()


def backend(service: str, region: str) -> Any:
    """moto's backend of ``service`` for the sample company's account ("aws" is the region of global
    services).
    """
    name: Any = service
    account_backends: Any = moto.backends.get_backend(name)[ACCOUNT]
    return account_backends["aws" if service in ("iam", "sts", "s3") else region]
