"""What a double offers to who starts it by hand: its command line, and what to enter into a connection's form.

A folder ``connectors/testkit/doubles/<name>/offer.py`` with ``OFFER`` is found; nothing lists them.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

import connectors.testkit.doubles as doubles


@dataclass(frozen=True)
class Offer:
    """One double with the sample company's estate.

    ``ports`` are the names of its ports' options: the API's, and the data plane's if it has one. ``settings`` makes the
    values of the form from the API's address; it may ask the double for a key. ``untold`` are permissions that this
    vendor tells only when they are used, hence *unknown* when tested.
    """

    connector: str
    name: str
    module: str
    ports: tuple[str] | tuple[str, str]
    settings: Callable[[str], Mapping[str, Any]]
    arguments: tuple[str, ...] = ("--seed",)
    untold: tuple[str, ...] = ()


def found() -> list[Offer]:
    """Every offer, in the order of the doubles' names."""
    offers = []
    for entry in pkgutil.iter_modules(doubles.__path__):
        name = f"{doubles.__name__}.{entry.name}.offer"
        if entry.ispkg and importlib.util.find_spec(name) is not None:
            offers.append(importlib.import_module(name).OFFER)
    return offers


def service_account_key(url: str, name: str) -> str:
    """A key file of a new service account that may do everything, from a double of Google's APIs."""
    answer = urllib3.request(
        "POST", f"{url}/_double/accounts", json={"name": name, "permissions": None}, timeout=10
    )
    return json.dumps(answer.json())
