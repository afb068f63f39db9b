"""`python -m tests.faults.swept SLUG`: the hourly sweep of a workspace, by the clock of this process."""

from __future__ import annotations

import sys

import django


def main(slug: str) -> None:
    """Sweep once."""
    django.setup()
    from controlplane.traffic.jobs import sweep
    from tenants.isolation.context import tenant_context
    from tenants.orgs.queries import by_slug

    org = by_slug(slug)
    assert org is not None
    with tenant_context(org.schema_name):
        sweep()


if __name__ == "__main__":
    main(sys.argv[1])
