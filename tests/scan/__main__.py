"""`make scan`: independent scanners over source, parts and the running product. `python -m tests.scan code parts running`.

Reports are in artifacts/scan. Ends with 1 when something new was found, with 2 when something could not be looked at.
"""

import sys
from collections.abc import Callable

from tests.scan import code, parts, running
from tests.scan.findings import OUTPUT, Outcome, told

SCANS: dict[str, Callable[[], list[Outcome]]] = {
    "code": lambda: [code.scan()],
    "parts": parts.scan,
    "running": running.scan,
}


def main() -> int:
    """Run what was named, or all."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    outcomes = [outcome for name in sys.argv[1:] or SCANS for outcome in SCANS[name]()]
    print(told(outcomes))
    if any(outcome.new for outcome in outcomes):
        print("New findings: repair them, or say in tests/scan/explained.yaml why they are none.")
        return 1
    if any(outcome.unknown for outcome in outcomes):
        print(
            "Not everything could be looked at. Unknown is not clean: run it again where the services answer."
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
