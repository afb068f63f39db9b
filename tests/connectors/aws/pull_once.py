"""`python -m tests.connectors.aws.pull_once URL`: one pull by this process's own clock; the cursor comes by stdin.

A process of its own, so that a test can give it a wrong clock. Prints ids and cursor as JSON.
"""

from __future__ import annotations

import json
import sys

from connectors.aws.calls import Calls
from tests.connectors.aws.conftest import Estate, recording_egress
from tests.connectors.aws.test_calls import snapshot


def main(url: str) -> None:
    """Pull once."""
    egress = recording_egress(url)
    estate = Estate(url, egress)
    reader = Calls(estate.settings(), egress, session=estate.session())
    cursor = json.load(sys.stdin)
    ids: list[str] = []
    for batch, following in reader.read_calls(cursor, snapshot()):
        ids += reader.normalise(batch).table.column("call_id").to_pylist()
        cursor = dict(following)
    egress.close()
    print(json.dumps({"ids": ids, "cursor": cursor}))


if __name__ == "__main__":
    main(sys.argv[1])
