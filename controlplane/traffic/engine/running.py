"""Which engine answers: DuckDB in this process, or the cluster that ``PORTCULLIS_ENGINE`` names.

Both are given the same texts over the same segments, so both give the same answers (tests/controlplane/traffic/cluster).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.conf import settings

from controlplane.traffic.engine import cluster, duck
from controlplane.traffic.engine.sql import Sql
from controlplane.traffic.types import CallFilter, Window


def ask(
    make: Callable[[Sql], Sql], files: Sequence[Path], tables: Mapping[str, pa.Table] | None = None
) -> pa.Table:
    """The answer to the query that ``make`` writes, given the table of these files' calls."""
    if settings.ENGINE_URL:
        return cluster.ask(settings.ENGINE_URL, make, files, tables or {})
    return duck.run(make(duck.source(files)), tables)


def read(
    select: str, window: Window, where: CallFilter, tail: str = "", parameters: Sequence[Any] = ()
) -> pa.Table:
    """Run ``SELECT {select} FROM calls WHERE … {tail}``; ``select`` and ``tail`` are texts of this package.

    ``parameters`` bind the placeholders of ``select`` then ``tail``. Without segments the answer has the same columns.
    """
    return ask(
        lambda calls: duck.statement(select, calls, window, where, tail, parameters),
        duck.segment_files(window, where),
    )
