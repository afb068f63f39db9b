"""What we ship of others: licences we may ship, from the registries we mean, with the hash the lock file knows."""

import re

import pytest

from tests.scan.licences import Part, shipped_python, shipped_web

#: Words of licences that ask for nothing but their notice, or for changes to their own files (MPL).
ALLOWED = re.compile(
    r"MIT(-0| License)?|Apache([- ]2\.0| Software License)|0?BSD([- ][23]-Clause)?( License)?|ISC( License ISCL)?"
    r"|Mozilla Public License 2\.0 MPL 2\.0|MPL-2\.0|PSF-2\.0|CC0-1\.0|Unlicense|The Unlicense Unlicense"
)
#: Decided: used unmodified as libraries that can be exchanged, which the LGPL asks for.
DECIDED = {
    "dramatiq": "GNU Lesser General Public License v3 or later (LGPLv3+)",
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
    "psycopg-pool": "LGPL-3.0-only",
}
#: Said unclearly by the package; read in its own licence file.
READ = {"qrcode": "BSD-3-Clause", "protobuf": "BSD-3-Clause"}
#: For Windows alone, so not here to be asked: BSD, MIT/Apache.
ELSEWHERE = {"colorama", "tzdata"}


def allowed(licence: str) -> bool:
    """Whether every licence an expression or a list of classifiers names is one of those."""
    words = re.split(r" OR | AND |; ", re.sub(r"[()]", "", licence))
    return all(ALLOWED.fullmatch(word) for word in words)


def unfit(parts: list[Part]) -> list[str]:
    """Parts whose licence nobody agreed to."""
    found = [
        part
        for part in parts
        if part.name not in ELSEWHERE
        and DECIDED.get(part.name) != part.licence
        and not allowed(READ.get(part.name, part.licence))
    ]
    return [f"{part.name} {part.version}: {part.licence or 'says nothing'}" for part in found]


@pytest.mark.parametrize("shipped", [shipped_python, shipped_web])
def test_every_part_has_a_licence_we_may_ship(shipped) -> None:
    parts = shipped()
    assert len(parts) > 40
    assert unfit(parts) == []


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "AGPL-3.0", "SSPL-1.0", "BUSL-1.1", "LGPL-3.0-only", "MIT AND GPL-2.0", ""]
)
def test_a_licence_nobody_agreed_to_is_noticed(licence: str) -> None:
    assert unfit([Part("x", "1", licence, True)]) != []


@pytest.mark.asvs("15.1.2", "15.2.4")
@pytest.mark.parametrize("shipped", [shipped_python, shipped_web])
def test_every_part_is_pinned_to_its_registry_and_hash(shipped) -> None:
    assert [part.name for part in shipped() if not part.pinned] == []
