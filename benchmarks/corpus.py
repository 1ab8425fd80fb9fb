"""Materialise the corpus that corpus.txt lists: download each wheel with pip, verify its hash, unpack its sources.

    python benchmarks/corpus.py DIRECTORY [--only NAME,NAME] [--list]

Only ``pip download`` is used, so whatever index pip is set up for works. Nothing that is downloaded is imported or run.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LISTING = Path(__file__).with_name("corpus.txt")
_ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>\S+) +sha256:(?P<digest>[0-9a-f]{64})$")
_SOURCES = (".py", ".pyi", ".toml", ".cfg", ".txt")
_COMPLETE = ".complete"


@dataclass(frozen=True, slots=True)
class Package:
    """One line of the listing."""

    name: str
    version: str
    digest: str

    @property
    def folder(self) -> str:
        """The name of the directory that holds its sources."""
        return f"{self.name}-{self.version}"


def packages(listing: Path = LISTING) -> Iterator[Package]:
    """Yield the listed packages; blank lines and comments are skipped, anything else is an error."""
    for number, line in enumerate(listing.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        entry = _ENTRY.match(line.strip())
        if entry is None:
            raise SystemExit(f"{listing.name}:{number}: not NAME==VERSION sha256:DIGEST")
        yield Package(entry["name"], entry["version"], entry["digest"])


def materialise(package: Package, directory: Path) -> Path:
    """Return the directory with the package's sources, downloading it when it is not there yet."""
    target = directory / "src" / package.folder
    if (target / _COMPLETE).exists():
        return target
    wheel = _download(package, directory / "wheels" / package.folder)
    actual = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if actual != package.digest:
        raise SystemExit(f"{wheel.name}: sha256 is {actual}, the listing says {package.digest}")
    _unpack(wheel, target)
    return target


def main() -> None:
    """Materialise all packages, or some, and print their directories when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--only", default="", metavar="NAME,NAME")
    parser.add_argument("--list", action="store_true", help="print the directories of the sources and nothing else")
    chosen = parser.parse_args()
    wanted = set(filter(None, chosen.only.split(",")))
    for package in packages():
        if wanted and package.name not in wanted:
            continue
        target = materialise(package, chosen.directory)
        print(target if chosen.list else f"ready {package.folder}")


def _download(package: Package, store: Path) -> Path:
    found = sorted(store.glob("*.whl"))
    if found:
        return found[0]
    store.mkdir(parents=True, exist_ok=True)
    wheels_only = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python"]
    any_python = ["--implementation", "py", "--abi", "none", "--platform", "any"]
    quiet = ["--quiet", "--disable-pip-version-check"]
    requirement = f"{package.name}=={package.version}"
    command = [sys.executable, "-m", "pip", "download", *quiet, *wheels_only, *any_python, "--dest", str(store), requirement]
    subprocess.run(command, check=True)
    return min(store.glob("*.whl"))


def _unpack(wheel: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    root = target.resolve()
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if member.is_dir() or not member.filename.endswith(_SOURCES):
                continue
            destination = (root / member.filename).resolve()
            if root not in destination.parents:
                raise SystemExit(f"{wheel.name}: refusing the path {member.filename!r}")
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_bytes(archive.read(member))
    (target / _COMPLETE).touch()


if __name__ == "__main__":
    main()
