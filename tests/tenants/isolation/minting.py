"""`minting.py <dsn file> <role>`: gives out database passwords, each good until the next one of the same role."""

import secrets
import sys
from pathlib import Path

import psycopg
from psycopg import sql


def main() -> None:
    """Make a password, and print it."""
    password = secrets.token_urlsafe(12)
    statement = sql.SQL("ALTER ROLE {} PASSWORD {} VALID UNTIL 'infinity'")
    with psycopg.connect(Path(sys.argv[1]).read_text(), autocommit=True) as session:
        session.execute(statement.format(sql.Identifier(sys.argv[2]), sql.Literal(password)))
    print(password)


if __name__ == "__main__":
    main()
