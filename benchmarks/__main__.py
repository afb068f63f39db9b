"""``python -m benchmarks``: every measurement for which a data set is found, with the command of each.

Sets are looked for in ``../shared/bench`` beside the repository (or the folder given); archives are unpacked into a
temporary folder. Measurements that need no set always run. ``--list`` only names them; ``--only`` picks by name.
"""

from __future__ import annotations

import argparse
import lzma
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "bench"
#: Shapes of the traffic set that carry the request's id, which its scorer needs.
_SHAPES = ("kong", "aws_http", "apigee", "aws_waf")
#: The platform's own: each makes the data it needs.
_PLATFORM = ("tenants", "sign_ups", "queue", "audit", "vault", "provisioning")
#: Traffic's, over calls they make. Analytics alone asks ten times as many, which takes an hour.
_TRAFFIC: dict[str, tuple[str, ...]] = {
    "pushes": (),
    "ingest": (),
    "analytics": ("--calls", "500000", "5000000"),
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """A name and the arguments behind ``python -m``."""

    name: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        """What to type to have it again."""
        return f"python -m {shlex.join(self.arguments)}"


def unpacked(shared: Path, into: Path) -> Path:
    """All archives of the shared folder below ``into``; gives ``into``."""
    for archive in sorted(shared.rglob("*")):
        if archive.suffix == ".zip":
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(into / archive.stem)
        elif archive.name.endswith((".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")):
            with tarfile.open(archive) as opened:
                opened.extractall(into / archive.name.split(".")[0], filter="data")
        elif archive.name.endswith(".jsonl.xz"):  # a corpus of single requests, read as all.jsonl
            target = into / archive.name.split(".")[0] / "all.jsonl"
            target.parent.mkdir(parents=True, exist_ok=True)
            with lzma.open(archive) as packed_lines, target.open("wb") as lines:
                shutil.copyfileobj(packed_lines, lines)
    return into


def measurements(shared: Path, data: Path) -> Iterator[Measurement]:
    """What can be measured: the platform, calls on their way, and whatever the sets below ``shared`` and ``data`` allow."""
    for name in _PLATFORM:
        yield Measurement(name, (f"benchmarks.{name}",))
    for name, arguments in _TRAFFIC.items():
        yield Measurement(name, (f"benchmarks.{name}", *arguments))
    corpora = [path.parent for path in sorted(data.rglob("all.jsonl"))]
    yield Measurement("signatures", ("benchmarks.signatures", *map(str, corpora[:1])))
    for access in sorted(data.rglob("access.jsonl")):
        scorers = [f"--{option}={path}" for option, path in _discovery_scorers(shared)]
        yield Measurement("discovery", ("benchmarks.discovery", str(access.parent), *scorers))
    logs: list[str] = [str(path) for path in sorted(data.rglob("access.jsonl"))]
    scorer = shared / "traffic" / "score_detect.py"
    for campaigns in sorted(data.rglob("campaigns.json")):
        folder = campaigns.parent
        for shape in _SHAPES:
            if (folder / f"{shape}.jsonl").exists() and scorer.exists():
                arguments = ("benchmarks.detection", str(folder), f"--shape={shape}", f"--scorer={scorer}")
                yield Measurement(f"detection-{shape}", arguments)
        logs += [str(folder / name) for name in (*(f"{s}.jsonl" for s in _SHAPES), "nginx.log")]
    present = [name for name in logs if Path(name).exists()]
    if present:
        yield Measurement("imports", ("benchmarks.imports", *present))


def _discovery_scorers(shared: Path) -> Iterator[tuple[str, Path]]:
    for option, name in (("scorer", "score.py"), ("inventory-scorer", "score_inventory.py")):
        path = shared / "discovery" / name
        if path.exists():
            yield option, path


def main() -> None:
    """List or run the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=Path, default=_SHARED)
    parser.add_argument("--only", default="", help="part of a measurement's name")
    parser.add_argument("--list", action="store_true", help="name them and stop")
    options = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        for measurement in measurements(options.sets, unpacked(options.sets, Path(folder))):
            if options.only not in measurement.name:
                continue
            print(f"\n== {measurement.name}: {measurement.command}", flush=True)
            if options.list:
                continue
            done = subprocess.run([sys.executable, "-m", *measurement.arguments], check=False)
            if done.returncode:
                failed.append(measurement.name)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
