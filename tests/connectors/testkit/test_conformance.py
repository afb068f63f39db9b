"""The conformance suite, run for every connector that is found by folder."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base.capabilities import Capability
from connectors.base.errors import VendorAnswerError
from connectors.base.registry import manifests
from connectors.testkit import conformance
from connectors.testkit.change_laws import check_changes
from connectors.testkit.conformance import Subject
from connectors.testkit.enforcement_laws import check_enforcement

FOLDER = Path(__file__).parents[1]
KEYS = sorted(manifests())
SPEAKING = sorted(
    key
    for key, manifest in manifests().items()
    if manifest.capabilities - {Capability.NOTIFY, Capability.RECEIVE_CALLS}
)


def _module(key: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"conformance_of_{key}", FOLDER / key / "conformance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cases() -> list[tuple[str, conformance.FaultCase]]:
    with_subject = [key for key in SPEAKING if (FOLDER / key / "conformance.py").exists()]
    return [(key, case) for key in with_subject for case in _module(key).FAULTS]


class Subjects(dict[str, Subject]):
    """Each connector's subject, its double started when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, key: str) -> Subject:
        self[key] = self._stack.enter_context(_module(key).subject())
        return self[key]


@pytest.fixture(scope="module")
def subjects() -> Iterator[Subjects]:
    with ExitStack() as stack:
        yield Subjects(stack)


@pytest.mark.parametrize("key", KEYS)
def test_the_manifest_is_complete(key):
    conformance.check_manifest(manifests()[key])


@pytest.mark.parametrize("key", KEYS)
def test_the_settings_render_as_a_form(key):
    conformance.check_settings(manifests()[key])


@pytest.mark.parametrize("key", KEYS)
def test_the_setup_texts_contain_what_we_made(key):
    conformance.check_setup(manifests()[key])


@pytest.mark.parametrize("key", KEYS)
def test_every_declared_capability_is_implemented_as_the_contract_says(key):
    conformance.check_implementations(manifests()[key])


@pytest.mark.parametrize("key", SPEAKING)
def test_every_connector_that_speaks_to_a_vendor_has_a_double_to_conform_on(key):
    assert (FOLDER / key / "conformance.py").exists(), "see docs/adding-a-connector.md"


@pytest.mark.parametrize("key", SPEAKING)
def test_access_is_tested_permission_by_permission(subjects, key):
    conformance.check_access(subjects[key], manifests()[key])


@pytest.mark.parametrize(("key", "case"), _cases(), ids=lambda value: getattr(value, "name", value))
@pytest.mark.asvs("16.5.3")
def test_a_failed_read_is_never_an_empty_section(subjects, key, case):
    conformance.check_failed_read(subjects[key], case)


@pytest.mark.parametrize(("key", "case"), _cases(), ids=lambda value: getattr(value, "name", value))
@pytest.mark.asvs("16.5.2")
def test_a_misbehaving_vendor_becomes_the_fitting_error(subjects, key, case):
    conformance.check_error(subjects[key], case)


@pytest.mark.parametrize(
    "key", [key for key in SPEAKING if Capability.ENFORCE in manifests()[key].capabilities]
)
def test_blocks_follow_the_laws(subjects, key):
    check_enforcement(subjects[key])


@pytest.mark.parametrize(
    "key", [key for key in SPEAKING if Capability.CHANGES in manifests()[key].capabilities]
)
def test_changes_follow_the_laws(subjects, key):
    check_changes(subjects[key])


@pytest.mark.parametrize("key", SPEAKING)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.lists(
        st.binary(max_size=120) | st.text(max_size=80).map(lambda t: t.encode(errors="replace")), max_size=4
    )
)
def test_normalise_takes_arbitrary_bytes(subjects, key, records):
    conformance.check_normalise(subjects[key], records)


@pytest.mark.parametrize(
    "key", [key for key in SPEAKING if Capability.RECEIVE_CALLS in manifests()[key].capabilities]
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
@pytest.mark.asvs("2.2.1")
def test_a_push_is_taken_whole_or_refused_in_our_words(subjects, key, body):
    calls = subjects[key].make(Capability.RECEIVE_CALLS)
    for good in subjects[key].pushes:
        assert calls.normalise(calls.parse(good, {})).table.num_rows >= 1
    try:
        batch = calls.parse(body, {})
    except VendorAnswerError:
        return
    calls.normalise(batch)
