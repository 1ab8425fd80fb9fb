"""Which distributions a project asks for, and in which versions, read from the files around it."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.source.problem import Gravity, Problem

Pair = tuple[str, str]
"""A distribution and its version or specifier."""

_LARGEST = 20 * 1024 * 1024
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(\(?[^;#@)]*)")
_VERSION = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Distribution names, normalised as PEP 503 says, with the version that a lock file pins or the specifier that is asked for."""

    versions: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return normalize(name) in self.versions

    def version(self, name: str) -> tuple[int, ...] | None:
        """Return the first version number in the pin or specifier: ``>=2.0.30,<3`` is (2, 0, 30); None when there is none."""
        found = _VERSION.search(self.versions.get(normalize(name), ""))
        return tuple(int(part[:9]) for part in found[0].split(".")) if found else None

    def merged(self, other: Dependencies) -> Dependencies:
        """Return both together; where both say something, exact pins win, then ``self``."""
        versions = dict(other.versions)
        for name, version in self.versions.items():
            if name not in versions or is_exact(version) or (version and not is_exact(versions[name])):
                versions[name] = version
        return Dependencies(versions)


def read_dependencies(folders: Iterable[Path], problems: list[Problem]) -> Dependencies:
    """Read the dependency files in ``folders``, the nearest first; files that cannot be read are added to ``problems``."""
    found = Dependencies()
    for folder in folders:
        for path, reader in _files(folder):
            found = found.merged(Dependencies(_read(path, reader, problems)))
    return found


def is_exact(version: str) -> bool:
    """Whether a version is one that is installed rather than a range."""
    return version.startswith("==") or version[:1].isdigit()


def normalize(name: str) -> str:
    """Return a distribution name as PEP 503 spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


Reader = Callable[[str], Iterable[Pair]]


def _files(folder: Path) -> Iterator[tuple[Path, Reader]]:
    readers: dict[str, Reader] = {
        "uv.lock": _lock,
        "poetry.lock": _lock,
        "pdm.lock": _lock,
        "pyproject.toml": _pyproject,
        "Pipfile": _pipfile,
        "setup.cfg": _setup_cfg,
    }
    for name, reader in readers.items():
        if (folder / name).is_file():
            yield folder / name, reader
    try:
        requirements = sorted([*folder.glob("requirements*.txt"), *folder.glob("requirements/*.txt"), *folder.glob("requirements*.in")])
    except OSError:
        requirements = []
    for path in requirements:
        yield path, _requirements


def _read(path: Path, reader: Reader, problems: list[Problem]) -> dict[str, str]:
    versions: dict[str, str] = {}
    try:
        # A larger lock file is cut, fails to parse as TOML, and is reported as such.
        with path.open("rb") as stream:
            text = stream.read(_LARGEST).removeprefix(b"\xef\xbb\xbf").decode()
        for name, version in reader(text):
            if name and (normalize(name) not in versions or is_exact(version)):
                versions[normalize(name)] = version
    except (OSError, ValueError, RecursionError, configparser.Error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        problem = Problem(path, 1, 1, f"ignored, because it cannot be read: {reason}", Gravity.WARNING)
        if problem not in problems:
            problems.append(problem)
    return versions


def _requirements(text: str) -> Iterator[Pair]:
    for line in text.splitlines():
        pair = _requirement(line) if line.strip()[:1] not in {"", "#", "-"} else None
        if pair is not None:
            yield pair


def _requirement(line: str) -> Pair | None:
    found = _REQUIREMENT.match(line)
    return (found[1], found[2].strip(" (\\\t")) if found else None


def _lock(text: str) -> Iterator[Pair]:
    for package in _tables(tomllib.loads(text), "package"):
        name, version = package.get("name"), package.get("version")
        if isinstance(name, str) and isinstance(version, str):
            yield name, version


def _pyproject(text: str) -> Iterator[Pair]:
    data = tomllib.loads(text)
    project = _table(data, "project")
    yield from _listed(project.get("dependencies"))
    for group in (*_table(project, "optional-dependencies").values(), *_table(data, "dependency-groups").values()):
        yield from _listed(group)
    poetry = _table(_table(data, "tool"), "poetry")
    yield from _specified(_table(poetry, "dependencies"))
    yield from _specified(_table(poetry, "dev-dependencies"))
    for group in _table(poetry, "group").values():
        yield from _specified(_table(group, "dependencies"))


def _pipfile(text: str) -> Iterator[Pair]:
    data = tomllib.loads(text)
    yield from _specified(_table(data, "packages"))
    yield from _specified(_table(data, "dev-packages"))


def _setup_cfg(text: str) -> Iterator[Pair]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    yield from _requirements(parser.get("options", "install_requires", fallback=""))
    if parser.has_section("options.extras_require"):
        for _, value in parser.items("options.extras_require"):
            yield from _requirements(value)


def _listed(items: object) -> Iterator[Pair]:
    for item in items if isinstance(items, list) else ():
        pair = _requirement(item) if isinstance(item, str) else None
        if pair is not None:
            yield pair


def _specified(table: Mapping[str, object]) -> Iterator[Pair]:
    """Read ``name = "^2.0"`` and ``name = {version = "^2.0"}``."""
    for name, value in table.items():
        given = value.get("version") if isinstance(value, dict) else value
        yield name, given if isinstance(given, str) else ""


def _table(data: object, key: str) -> dict[str, object]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _tables(data: Mapping[str, object], key: str) -> list[dict[str, object]]:
    found = data.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
