"""The database password that does not last: a command says it for each new session (docs/deployment.md)."""

import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import OperationalError
from psycopg.pq import Conninfo

SECONDS: Final = 15


class NoCredential(OperationalError):
    """The command gave no password, so no session was opened; the message names neither output nor arguments."""


def fresh_password(command: Sequence[str], session: Mapping[str, Any]) -> str:
    """Run the command and return the first line of its output; raises NoCredential.

    `{user}`, `{host}`, `{port}` and `{dbname}` in its words are those of the session to be opened. No shell sees them.
    """
    names = {name: str(session.get(name, "")) for name in ("user", "host", "port", "dbname")}
    words = [_filled(word, names) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise NoCredential(_sentence(command[0], f"failed ({type(error).__name__})")) from None
    lines = done.stdout.splitlines()
    if done.returncode or not lines or not lines[0]:
        raise NoCredential(_sentence(command[0], f"ended with {done.returncode} and {len(lines)} lines"))
    return lines[0]


def libpq(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a session's parameters those that any program over libpq understands."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    return {name: value for name, value in parameters.items() if name in known}


def _filled(word: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        word = word.replace(f"{{{name}}}", value)
    return word


def _sentence(program: str, what: str) -> str:
    return (
        f"PORTCULLIS_DATABASE_PASSWORD_COMMAND ({program}) {what}; no database session was opened. "
        "Run it by hand as the user of this process."
    )
