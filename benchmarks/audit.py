"""The audit trail: entries written, a whole trail verified, heads signed.

``python -m benchmarks.audit [--entries 200000]`` writes that many entries (most of them in bulk, hashed as the product
does), signs a head per thousand, and verifies all of it as ``POST /audit/verify`` does.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime, timedelta

from benchmarks.database import one_tenant

BULK = 5000


def write_in_bulk(total: int) -> None:
    """Continue the trail by so many entries, and sign on the way."""
    from tenants.audit import chain
    from tenants.audit.models import Entry
    from tenants.audit.signing import newest, sign_head

    sequence, previous = newest()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    while sequence < total:
        batch = []
        for _ in range(min(BULK, total - sequence)):
            sequence += 1
            entry = Entry(
                sequence=sequence,
                at=at + timedelta(seconds=sequence),
                actor_kind="user",
                actor_id="usr_01m8e9h0w4kp6nyrmv76c3rm2n",
                actor_name="ann@measured.example",
                action="connection.update",
                target="con_01m8e9h14mgv06gzdt8bh8qrd7",
                before={
                    "name": "Gateway",
                    "settings": {"admin_url": "https://kong.example.com", "n": sequence},
                },
                after={
                    "name": "Gateway",
                    "settings": {"admin_url": "https://kong.example.com", "n": sequence + 1},
                },
                request_id="0123456789abcdef01234567",
                client_address="203.0.113.9",
                user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                hash_version=chain.CURRENT,
                previous_hash=previous,
            )
            entry.hash = previous = chain.entry_hash(vars(entry))
            batch.append(entry)
        Entry.objects.bulk_create(batch)
        sign_head(at + timedelta(seconds=sequence))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=200_000)
    options = parser.parse_args()
    with one_tenant():
        from django.db import transaction

        from tenants.audit.queries import verify
        from tenants.audit.services import record
        from tenants.audit.signing import sign_head

        began = time.perf_counter()
        for number in range(500):
            with transaction.atomic():
                record("thing.change", f"thing_{number}", before={"n": number}, after={"n": number + 1})
        seconds = time.perf_counter() - began
        print(f"record, each in a transaction of its own     {500 / seconds:10.0f} entries/s")
        began = time.perf_counter()
        for number in range(100):
            with transaction.atomic():
                record("thing.change", f"thing_{number}")
            sign_head(datetime.now(UTC))
        each = (time.perf_counter() - began) / 100
        print(f"record and sign the head (fsync)             {each * 1000:10.1f} ms each")
        write_in_bulk(options.entries)
        best = 0.0
        for _ in range(3):
            began = time.perf_counter()
            result = verify()
            seconds = time.perf_counter() - began
            if result.fault or result.checked != options.entries:
                raise SystemExit(f"the trail does not hold: {result}")
            best = max(best, result.checked / seconds)
        print(f"verify {options.entries} entries (best of three) {best:16.0f} entries/s")


if __name__ == "__main__":
    main()
