#!/usr/bin/env python
"""Management commands; starts the embedded PostgreSQL first when no DATABASE_URL is given."""

import os
import sys

WITHOUT_DATABASE = {"help", "version", "--help", "--version", "spectacular", "check", "new"}


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.config.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in WITHOUT_DATABASE and not os.environ.get("DATABASE_URL"):
        from tenants.isolation.postgres.__main__ import embedded

        embedded().start()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
