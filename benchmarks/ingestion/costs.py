"""What a run costs: processor time of this process and of others, wall time, memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Cost:
    """Seconds of one piece of work; ``others`` is the processor time of the processes it had work for it."""

    own: float = 0.0
    others: float = 0.0
    wall: float = 0.0

    @property
    def processor(self) -> float:
        """Processor seconds of all."""
        return self.own + self.others


def family(root: int) -> float:
    """Processor seconds of a process and its descendants, those that ended included."""
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])
        used[int(entry.name)] = sum(map(int, fields[11:15])) / _TICKS
    members, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in members} - members
        members |= more
        grown = bool(more)
    return sum(used.get(pid, 0.0) for pid in members)


def nothing_else() -> float:
    """For work that only this process does."""
    return 0.0


@contextmanager
def counted(cost: Cost, others: Callable[[], float] = nothing_else) -> Iterator[None]:
    """Add what happens inside to ``cost``."""
    own, elsewhere, wall = time.process_time(), others(), time.monotonic()
    yield
    cost.own += time.process_time() - own
    cost.others += others() - elsewhere
    cost.wall += time.monotonic() - wall


def forget_peak() -> None:
    """Start counting the peak of memory anew, where the kernel lets us."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        print("the peak of memory cannot be reset here: peaks are those of the whole run so far")


def memory() -> tuple[float, float]:
    """Resident memory of this process in MB: now, and its peak."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["VmHWM"].split()[0]) / 1024


def slope(points: list[tuple[float, float]]) -> float:
    """Growth of the second value per unit of the first, by least squares."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
