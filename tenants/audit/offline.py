"""Verify a trail away from the product: `python -m tenants.audit.offline entries.jsonl heads.jsonl public-key.pem`.

Takes the whole export as JSON lines, the signed heads and the public key you wrote down earlier. Needs Python and
`cryptography`, neither Django nor a database. Exit code 0: the trail holds; 1: it does not, the first bad entry is named.
"""

import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tenants.audit import chain, heads


def verify(entries: Path, signed: Path, key: Path) -> tuple[bool, str]:
    """Return whether the trail holds and a sentence about it."""
    public = load_pem_public_key(key.read_bytes())
    if not isinstance(public, Ed25519PublicKey):
        return False, "The key is not an Ed25519 public key."
    lines = signed.read_bytes().split(b"\n")[:-1]
    tenant = json.loads(lines[0])["tenant"] if lines else ""
    read = heads.read(lines, tenant, {heads.key_id(public): public})
    if read.fault:
        return False, read.fault
    with entries.open(encoding="utf-8") as stream:
        result = chain.check(map(json.loads, stream), read.signed())
    if result.fault is not None:
        return False, f"Entry {result.fault.sequence}: {result.fault.sentence}"
    last = max(read.signed(), default=0)
    return (
        True,
        f"{result.count} entries hold; entry {last} and all before it were signed by {heads.key_id(public)}.",
    )


def main(arguments: list[str]) -> int:
    """Run from the command line."""
    if len(arguments) != 3:
        print(__doc__)  # noqa: T201
        return 2
    holds, sentence = verify(*map(Path, arguments))
    print(sentence)  # noqa: T201
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
