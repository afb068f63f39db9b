"""Prepare calls for detectors: each with the template of the endpoint it belongs to."""

from __future__ import annotations

import pyarrow as pa

from controlplane.inventory import queries as inventory


def labelled_calls(calls: pa.Table) -> pa.Table:
    """The calls with a ``template`` column; null where a call belongs to no known endpoint."""
    templates = inventory.templates_of(calls.column("method"), calls.column("host"), calls.column("path"))
    return calls.append_column("template", templates)
