"""What every connector must do, as checks that raise ``AssertionError`` with a sentence.

``tests/connectors/testkit/test_conformance.py`` runs them for every manifest found by folder. A connector that
speaks to a vendor offers ``tests/connectors/<key>/conformance.py`` with ``subject()``: a context manager that
starts the vendor's double and gives a ``Subject``. ``docs/adding-a-connector.md`` shows one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import SecretStr

from connectors.base import registry
from connectors.base.calls import NORMALISED_SCHEMA, RawBatch
from connectors.base.capabilities import (
    AccessCheck,
    CallNormaliser,
    CallReader,
    CallReceiver,
    Capability,
    ChangeReader,
    ConfigReader,
    Cursor,
    Enforcer,
    Grant,
    Notifier,
)
from connectors.base.errors import ConnectorError, TransientError
from connectors.base.intent import BlockIntent
from connectors.base.manifest import ConnectorSettings, Manifest
from connectors.base.model import Completeness, ConfigSnapshot
from connectors.testkit.running import Fault

_PROTOCOLS: Final[dict[Capability, tuple[type, ...]]] = {
    Capability.ACCESS: (AccessCheck,),
    Capability.CONFIG: (ConfigReader,),
    Capability.PULL_CALLS: (CallReader, CallNormaliser),
    Capability.RECEIVE_CALLS: (CallReceiver, CallNormaliser),
    Capability.CHANGES: (ChangeReader,),
    Capability.ENFORCE: (Enforcer,),
    Capability.NOTIFY: (Notifier,),
}
_SECRET_WORDS: Final = ("secret", "password", "token", "private_key")


@dataclass(frozen=True, slots=True)
class FaultCase:
    """One way a vendor misbehaves: what to order, the section it hides, and the error it must become."""

    name: str  # unauthorised, forbidden, throttled, failing, garbage, slow, partial_page …
    fault: Fault
    section: str
    raises: type[ConnectorError] = ConnectorError


@dataclass(frozen=True, slots=True)
class Subject:
    """A connector with a running double.

    ``make(capability)`` builds the capability's class with working settings. ``provoke`` makes one call to the
    vendor that any ordered fault hits. ``intents`` can all be pushed to the first target. ``change`` changes
    something we read at the vendor, as a customer would, and ``change_faults`` hit the audit trail's reading.
    """

    key: str
    make: Callable[[Capability], Any]
    order: Callable[[Fault], None]
    behave: Callable[[], None]
    provoke: Callable[[], object]
    faults: Sequence[FaultCase] = ()
    intents: Sequence[BlockIntent] = ()
    sources: Sequence[str] = ()  # sources whose records ``normalise`` takes
    pushes: Sequence[bytes] = ()  # bodies ``parse`` takes
    context: Mapping[str, str] = field(default_factory=dict)  # for ``RawBatch``
    change: Callable[[], object] | None = None
    change_faults: Sequence[Fault] = ()


def check_manifest(manifest: Manifest) -> None:
    """The card is complete: words for people, permissions with purposes, a field matrix for every log."""
    for name in ("key", "title", "vendor", "summary"):
        assert getattr(manifest, name), f"{manifest.key}: the manifest has no {name}"
    assert manifest.cannot, f"{manifest.key}: the manifest does not say what the connector cannot do"
    for sentence in manifest.cannot:
        assert sentence.endswith("."), f"{manifest.key}: not a sentence: {sentence!r}"
    for need in manifest.permissions:
        assert need.action, f"{manifest.key}: a permission without an action"
        assert need.purpose, f"{manifest.key}: {need.action} has no purpose"
        assert need.access in ("read", "write"), f"{manifest.key}: {need.action} is neither read nor write"
    if Capability.ACCESS in manifest.capabilities:
        assert manifest.permissions, f"{manifest.key}: it checks access but names no permission"
    if Capability.ENFORCE in manifest.capabilities:
        writes = [need for need in manifest.permissions if need.access == "write"]
        assert writes, f"{manifest.key}: it blocks but names no write permission"
    if manifest.capabilities & {Capability.PULL_CALLS, Capability.RECEIVE_CALLS}:
        assert manifest.field_matrix, f"{manifest.key}: it gives calls but no field matrix"


def check_settings(manifest: Manifest) -> None:
    """The settings render as a form: every field has title and description, and secrets are secret."""
    assert issubclass(manifest.settings, ConnectorSettings), f"{manifest.key}: settings of another base"
    schema = manifest.settings.model_json_schema()
    for name, described in schema.get("properties", {}).items():
        for wanted in ("title", "description"):
            assert described.get(wanted), f"{manifest.key}: the setting {name} has no {wanted}"
    for name, info in manifest.settings.model_fields.items():
        secret = "SecretStr" in str(info.annotation) or info.annotation is SecretStr
        wordy = any(name == word or name.endswith(f"_{word}") for word in _SECRET_WORDS)
        assert secret or not wordy, f"{manifest.key}: the setting {name} sounds secret but is not a SecretStr"
        extra = info.json_schema_extra
        if isinstance(extra, dict) and extra.get("generated"):
            assert not info.is_required(), f"{manifest.key}: the generated setting {name} must have a default"


def check_setup(manifest: Manifest) -> None:
    """The wizard's texts can be made for an empty draft and contain every value made by us."""
    generated = {
        name: f"made-{name}-7f3a"
        for name, info in manifest.settings.model_fields.items()
        if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("generated")
    }
    if Capability.RECEIVE_CALLS in manifest.capabilities:
        generated["ingest_url"] = "https://acme.portcullis.example/api/v1/ingest/con_1"
    if manifest.federates:
        generated["federation_issuer"] = "https://portcullis.example"
        generated["federation_subject"] = "workspace:t_1:connection:con_1"
    context = {
        "connection_id": "con_1",
        "connection_name": "Test",
        "tenant": "acme",
        "principal": "",
        **generated,
    }
    texts = registry.setup_module(manifest.key).texts(dict(generated), context)
    assert texts, f"{manifest.key}: there are no set-up texts"
    for text in texts:
        assert text.title, f"{manifest.key}: a set-up text without a title"
        assert text.body or text.link, f"{manifest.key}: {text.title} is empty"
        assert text.access in ("read", "write"), f"{manifest.key}: {text.title} is neither read nor write"
    whole = "\n".join(text.body + text.link for text in texts)
    for name, value in generated.items():
        shown = value in whole or value.partition("://")[2].partition("/")[0] in whole
        assert shown, f"{manifest.key}: no set-up text contains {name}"


def check_implementations(manifest: Manifest) -> None:
    """Each declared capability has its class with the protocol's methods and parameters."""
    for capability in sorted(manifest.capabilities & _PROTOCOLS.keys()):
        made = registry.implementation(manifest.key, capability)
        parameters = list(inspect.signature(made).parameters)
        wanted = ["settings", "egress", *(["identity"] if manifest.federates else [])]
        assert parameters[: len(wanted)] == wanted, f"{manifest.key}: {made.__name__} takes {parameters}"
        for protocol in _PROTOCOLS[capability]:
            for name, expected in inspect.getmembers(protocol, inspect.isfunction):
                if not name.startswith("_"):
                    _check_method(manifest.key, made, name, expected)


def check_access(subject: Subject, manifest: Manifest) -> None:
    """With good settings every permission of the manifest is tested, and no read is denied."""
    found = {entry.action: entry for entry in subject.make(Capability.ACCESS).check()}
    for need in manifest.permissions:
        assert need.action in found, f"{subject.key}: {need.action} was not tested"
    denied = [
        entry.action for entry in found.values() if entry.access == "read" and entry.grant is Grant.DENIED
    ]
    assert not denied, f"{subject.key}: denied with good settings: {denied}"


def check_failed_read(subject: Subject, case: FaultCase) -> None:
    """A read that fails gives an error or a section that is not complete, with the reason; later it recovers."""
    if Capability.CONFIG not in registry.manifests()[subject.key].capabilities:
        check_failed_pull(subject, case)
        return
    subject.order(case.fault)
    try:
        snapshot: ConfigSnapshot | None = subject.make(Capability.CONFIG).read_config()
    except ConnectorError:
        snapshot = None
    finally:
        subject.behave()
    if snapshot is not None:
        section = next((entry for entry in snapshot.sections if entry.name == case.section), None)
        assert section is not None, f"{subject.key}: {case.name}: no section {case.section}"
        complete = section.completeness is Completeness.COMPLETE
        assert not complete, f"{subject.key}: {case.name}: {case.section} is called complete"
        assert section.reason, f"{subject.key}: {case.name}: {case.section} has no reason"
    again = subject.make(Capability.CONFIG).read_config()
    recovered = again.completeness(case.section) is Completeness.COMPLETE
    assert recovered, f"{subject.key}: {case.section} stays incomplete after {case.name}"


def check_failed_pull(subject: Subject, case: FaultCase) -> None:
    """A pull that fails says so and comes no further than what it gave; the next one reads it all."""
    subject.order(case.fault)
    cursor: Cursor = {}
    caught: ConnectorError | None = None
    try:
        for _, reached in subject.make(Capability.PULL_CALLS).read_calls({}, None):
            cursor = reached
    except ConnectorError as error:
        caught = error
    finally:
        subject.behave()
    assert caught is not None, (
        f"{subject.key}: {case.name}: a pull that failed looks like one that found nothing"
    )
    calls = subject.make(Capability.PULL_CALLS)
    found = [calls.normalise(batch).table.num_rows for batch, _ in calls.read_calls(cursor, None)]
    assert sum(found), f"{subject.key}: nothing is read after {case.name}"


def check_error(subject: Subject, case: FaultCase) -> None:
    """A vendor's misbehaviour becomes the fitting error of our tree, in sentences."""
    subject.order(case.fault)
    caught: ConnectorError | None = None
    try:
        subject.provoke()
    except ConnectorError as error:
        caught = error
    finally:
        subject.behave()
    assert caught is not None, f"{subject.key}: {case.name} raised nothing"
    became = f"{subject.key}: {case.name} became {type(caught).__name__}: {caught.sentence()}"
    assert isinstance(caught, case.raises), became
    assert caught.what, f"{subject.key}: {case.name} does not say what happened"
    assert caught.unchanged, f"{subject.key}: {case.name} does not say what was not changed"
    told = caught.action or not isinstance(caught, TransientError)
    assert told, f"{subject.key}: {case.name} does not say what happens next"


def check_normalise(subject: Subject, records: Sequence[bytes]) -> None:
    """Whatever the bytes, ``normalise`` gives a table of the schema and accounts for bad records."""
    declared = registry.manifests()[subject.key].capabilities
    wanted = Capability.RECEIVE_CALLS if Capability.RECEIVE_CALLS in declared else Capability.PULL_CALLS
    if wanted not in declared:
        return
    calls = subject.make(wanted)
    for source in subject.sources:
        batch = calls.normalise(RawBatch(source, tuple(records), dict(subject.context)))
        names = batch.table.schema.names
        assert names == NORMALISED_SCHEMA.names, f"{subject.key}: {source}: columns are {names}"
        for entry in batch.quarantined:
            assert entry.reason, f"{subject.key}: {source}: a record was set aside without a reason"


def _check_method(key: str, made: type[Any], name: str, expected: Callable[..., Any]) -> None:
    method = getattr(made, name, None)
    assert callable(method), f"{key}: {made.__name__} has no {name}"
    wanted = list(inspect.signature(expected).parameters)
    found = list(inspect.signature(method).parameters.values())
    names = [parameter.name for parameter in found[: len(wanted)]]
    assert names == wanted, f"{key}: {made.__name__}.{name} takes {names}, the contract says {wanted}"
    extra = [p.name for p in found[len(wanted) :] if p.default is inspect.Parameter.empty]
    assert not extra, f"{key}: {made.__name__}.{name} wants more than the contract gives: {extra}"
