"""`python -m tests.faults.stored SLUG`: what is stored of a workspace, as JSON: ids of calls and how often each is there,
pushes that wait, raw records that can be opened.
"""

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
    from controlplane.traffic.raw import window
    from controlplane.traffic.types import Window
    from tenants.isolation.context import tenant_context
    from tenants.orgs.queries import by_slug

    org = by_slug(slug)
    assert org is not None
    with tenant_context(org.schema_name):
        calls = engine.calls(Window(0, 2**62), columns=["call_id"]).column("call_id").to_pylist()
        raw = sum(len(batch.records) for _, batch in window.read(Window(0, 2**62)))
        print(json.dumps({"calls": Counter(calls), "waiting": Push.objects.count(), "raw": raw}))


if __name__ == "__main__":
    main(sys.argv[1])
