"""Security actions as documents: which are ours, what they do, and what of the others must be known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from connectors.base.enforcement import OWNERSHIP_PREFIX

ACTION: Final = "security_action"
PACK: Final = "address_pack"
ENVIRONMENT: Final = "environment"
#: What every description of ours begins with; with the prefix of the id it is our mark.
MARK: Final = f"{OWNERSHIP_PREFIX}: "
#: The description of a security action that holds networks of several blocks.
PACKED: Final = f"{MARK}addresses"
_EFFECTS: Final = ("allow", "deny", "flag")
_STAMPS: Final = ("name", "createTime", "updateTime")


def ref_of(action: Mapping[str, Any]) -> str:
    """The id of an action, the last part of its name."""
    return str(action.get("name", "")).rpartition("/")[2]


def is_ours(action: Mapping[str, Any]) -> bool:
    """Whether an action carries both our marks."""
    described = str(action.get("description", "")).startswith(MARK)
    return ref_of(action).startswith(f"{OWNERSHIP_PREFIX}-") and described


def kind_of(action: Mapping[str, Any]) -> str:
    """Whether one of our actions is one block's, or holds networks of several."""
    return PACK if action.get("description") == PACKED else ACTION


def effect_of(action: Mapping[str, Any]) -> str:
    """allow, deny or flag; "" for none of them."""
    return next((effect for effect in _EFFECTS if effect in action), "")


def bare(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action without what Google adds, as we would write it."""
    found = {
        key: value for key, value in action.items() if key not in _STAMPS and value not in (None, "", [])
    }
    if "expireTime" in found:
        found["expireTime"] = stamp(datetime.fromisoformat(str(found["expireTime"])))
    return found


def stamp(moment: datetime) -> str:
    """A moment as we write it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def made_id(owner: str, number: int) -> str:
    """The id of one of our actions: of an intent or of a pack of addresses, and which of them."""
    return f"{_stem(owner)}{number}"


def number_of(owner: str, name: str) -> int:
    """Which of an owner's actions an id is of; 0 when it is of another owner."""
    stem = _stem(owner)
    number = name.removeprefix(stem)
    return int(number) if name.startswith(stem) and number.isdigit() else 0


def _stem(owner: str) -> str:
    return f"{OWNERSHIP_PREFIX}-{hashlib.blake2b(owner.encode(), digest_size=10).hexdigest()}-"


def foreign_digest(actions: Iterable[Mapping[str, Any]], enabled: bool) -> str:
    """A digest of everything in an environment's security actions that is not ours."""
    rest = sorted((dict(action) for action in actions if not is_ours(action)), key=ref_of)
    return hashlib.sha256(orjson.dumps([rest, enabled], option=orjson.OPT_SORT_KEYS)).hexdigest()
