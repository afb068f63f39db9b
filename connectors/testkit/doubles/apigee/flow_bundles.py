"""Bundles of shared flows taken apart, refused as Apigee refuses them when something they name is not in them."""

import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from connectors.testkit.doubles.google.errors import invalid

_ROOT = "sharedflowbundle"


@dataclass(frozen=True)
class Step:
    """One step: the policy and the condition under which it is executed."""

    policy: Any
    condition: str


@dataclass(frozen=True)
class FlowBundle:
    """The steps of a shared flow in order, and its scripts by name."""

    steps: tuple[Step, ...]
    scripts: dict[str, str]


@lru_cache(maxsize=64)
def flow_bundle(content: bytes) -> FlowBundle:
    """A bundle that was imported."""
    files = _files(content)
    policies = {
        element.get("name", ""): element
        for path, text in files.items()
        if path.startswith(f"{_ROOT}/policies/")
        for element in (_element(text),)
    }
    steps = tuple(
        Step(policies[step.findtext("Name", "").strip()], step.findtext("Condition", "").strip())
        for path, text in sorted(files.items())
        if path.startswith(f"{_ROOT}/sharedflows/")
        for step in _element(text).findall("Step")
    )
    scripts = {
        path.rpartition("/")[2]: text.decode()
        for path, text in files.items()
        if path.startswith(f"{_ROOT}/resources/jsc/")
    }
    return FlowBundle(steps, scripts)


def check_bundle(content: bytes, name: str) -> None:
    """``GoogleError`` when the bundle could not be deployed under this name."""
    try:
        files = _files(content)
        bundle = flow_bundle(content)
    except (zipfile.BadZipFile, etree.XMLSyntaxError) as error:
        raise invalid(f"The bundle cannot be read: {error}") from None
    except KeyError as error:
        raise invalid(f"A step names the policy {error}, which is not in the bundle.") from None
    card = files.get(f"{_ROOT}/{name}.xml")
    if card is None or _element(card).get("name") != name:
        raise invalid(f"The bundle is not of the shared flow {name}.")
    if not bundle.steps:
        raise invalid("The shared flow has no step.")
    for step in bundle.steps:
        url = step.policy.findtext("ResourceURL", "")
        if step.policy.tag == "Javascript" and url.removeprefix("jsc://") not in bundle.scripts:
            raise invalid(f"The resource {url} is not in the bundle.")


def description_of(content: bytes, name: str) -> str:
    """What a shared flow is described as."""
    return str(_element(_files(content)[f"{_ROOT}/{name}.xml"]).findtext("Description", ""))


def _files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def _element(text: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    return etree.fromstring(text, parser)
