"""Analyse a file on this machine, without a server: the product's own learner, signatures and detectors."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from connectors.base.calls import CALL_SCHEMA
from connectors.base.detect import detect, known_formats
from connectors.base.errors import ConnectorError
from connectors.base.formats import CallFormat, ConfigFormat
from connectors.base.model import ConfigSnapshot
from connectors.base.stream import head_of
from connectors.file.read import read_calls, read_config
from controlplane.cli.client import Failed
from controlplane.detection.detectors import detectors
from controlplane.detection.merging import merged
from controlplane.detection.types import Evidence
from controlplane.inventory.templates import TemplateModel, learn
from controlplane.traffic.door import DoorKeys, prepare
from controlplane.traffic.door.pipeline import first_of_each


@dataclass(frozen=True, slots=True)
class Report:
    """What a file holds: endpoints ``(method, host, template, calls)``, evidence, quarantined lines."""

    format: str
    calls: int = 0
    endpoints: tuple[tuple[str, str, str, int], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    quarantined: tuple[tuple[int | None, str], ...] = ()
    snapshot: ConfigSnapshot | None = None
    seconds: float = 0.0
    labelled: pa.Table | None = field(default=None, repr=False)


def analyse(file: Path, host: str = "") -> Report:
    """Read a log or a document. Raises ``Failed`` with a sentence when it cannot be read."""
    started = time.monotonic()
    try:
        with file.open("rb") as stream:
            offered = detect(head_of(stream), file.name)
            if offered is None:
                raise Failed(f"{file} is none of: {', '.join(known_formats())}. Nothing was read.")
            if isinstance(offered, ConfigFormat):
                loaded = read_config(stream, offered, file.name, host)
                lines = tuple((error.line, error.detail) for error in loaded.errors)
                return Report(
                    offered.title,
                    quarantined=lines,
                    snapshot=loaded.snapshot,
                    seconds=time.monotonic() - started,
                )
            batches = list(read_calls(stream, offered, host)) if isinstance(offered, CallFormat) else []
    except OSError as error:
        raise Failed(f"{file} could not be opened: {error.strerror}. Nothing was read.") from error
    except ConnectorError as error:
        raise Failed(error.sentence()) from error
    raw = first_of_each(pa.concat_tables([batch.table for batch in batches]))
    calls = _stored_form(raw) if raw.num_rows else CALL_SCHEMA.empty_table()
    labelled = label(calls.sort_by("ts"))
    return Report(
        format=offered.title,
        calls=calls.num_rows,
        endpoints=_endpoints(labelled),
        evidence=tuple(evidence_in(labelled)),
        quarantined=tuple((entry.line, entry.reason) for batch in batches for entry in batch.quarantined),
        seconds=time.monotonic() - started,
        labelled=labelled,
    )


def label(calls: pa.Table) -> pa.Table:
    """Calls with the ``template`` learnt from themselves."""
    model: TemplateModel = learn(
        calls.select(["method", "host", "path", "status", "response_bytes", "user_agent", "principal"])
    )
    templates = model.assign(calls.column("method"), calls.column("host"), calls.column("path"))
    return calls.append_column("template", templates)


def evidence_in(labelled: pa.Table) -> list[Evidence]:
    """Every detector's evidence on labelled calls."""
    return merged(piece for detector in detectors().values() for piece in detector.detect(labelled))


def _stored_form(raw: pa.Table) -> pa.Table:
    """The calls as the door would store them, with keys that are forgotten afterwards."""
    key = secrets.token_bytes(32)

    def keyed_hash(purpose: str, value: str) -> str:
        return hmac.new(key, f"{purpose}:{value}".encode(), hashlib.sha256).hexdigest()[:32]

    return prepare(raw, "file", int(time.time() * 1e6), DoorKeys(keyed_hash, key))


def _endpoints(labelled: pa.Table) -> tuple[tuple[str, str, str, int], ...]:
    counted: Counter[tuple[str, str, str]] = Counter()
    grouped = labelled.group_by(["method", "host", "template"]).aggregate([([], "count_all")])
    for row in grouped.to_pylist():
        if row["template"] is not None:
            counted[(row["method"], row["host"] or "", row["template"])] += row["count_all"]
    return tuple(
        (*name, count) for name, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    )
