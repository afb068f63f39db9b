"""`python -m tests.faults.stored SLUG`: ids of all stored calls of a workspace, how often each is there, as JSON."""

from __future__ import annotations

import json
import sys
from collections import Counter

import django


def main(slug: str) -> None:
    """Print the counts; runs in a process of its own, with the settings of the product under test."""
    django.setup()
    from controlplane.traffic import engine
    from controlplane.traffic.models import Push
    from controlplane.traffic.types import Window
    from tenants.isolation.context import tenant_context
    from tenants.orgs.queries import by_slug

    org = by_slug(slug)
    assert org is not None
    with tenant_context(org.schema_name):
        calls = engine.calls(Window(0, 2**62), columns=["call_id"]).column("call_id").to_pylist()
        print(json.dumps({"calls": Counter(calls), "waiting": Push.objects.count()}))


if __name__ == "__main__":
    main(sys.argv[1])
