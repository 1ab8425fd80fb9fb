"""From the paths of a trace to the files that were checked: the trace may start from another directory, or come from another machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from greenroom.confirm.outline import Outline
from greenroom.confirm.project import Known
from greenroom.confirm.traces import Recorded
from greenroom.trace import Place


class Files:
    """The files that were checked, asked by the paths of traces."""

    def __init__(self, known: Known) -> None:
        self._by_name: dict[str, list[Path]] = {}
        self._roots = known.files
        self._outlines: dict[Path, Outline] = {}
        self._found: dict[tuple[Path, str, str], Path | None] = {}
        self._changed: dict[Path, bool] = {}
        for path in known.files:
            self._by_name.setdefault(path.name, []).append(path)

    def outline(self, path: Path) -> Outline:
        """Return the functions of a file."""
        outline = self._outlines.get(path)
        if outline is None:
            outline = self._outlines[path] = Outline(path)
        return outline

    def find(self, place: Place, recorded: Recorded) -> Path | None:
        """Return the checked file that a place of a trace means; ``None`` when there is none, or more than one as good."""
        key = (recorded.path, place.path, place.function)
        if key not in self._found:
            self._found[key] = self._search(place, recorded)
        return self._found[key]

    def edited(self, place: Place, recorded: Recorded) -> bool:
        """Whether the file of a place is not what it was when the trace was made.

        A trace without digests is compared by time: a file that is newer than the trace counts as edited.
        """
        path = self.find(place, recorded)
        if path is None:
            return False
        told = recorded.trace.files.get(place.path)
        if told is not None:
            return self.outline(path).digest != told
        return _is_newer(path, recorded)

    def changed(self, recorded: Recorded) -> bool:
        """Whether a file that the trace knows by a digest has changed: then nothing of it is certain to happen again."""
        if recorded.path not in self._changed:
            places = {place for incident in recorded.trace.incidents for place in incident.places()}
            self._changed[recorded.path] = any(place.path in recorded.trace.files and self.edited(place, recorded) for place in places)
        return self._changed[recorded.path]

    def newer(self, recorded: Recorded) -> set[Path]:
        """Return the files that are newer than the trace, of those that it does not know by a digest."""
        places = {place for incident in recorded.trace.incidents for place in incident.places() if place.path in recorded.trace.files}
        known = {self.find(place, recorded) for place in places}
        return {path for path in self._roots if path not in known and _is_newer(path, recorded)}

    def _search(self, place: Place, recorded: Recorded) -> Path | None:
        wanted = _pure(place.path)
        same_name = self._by_name.get(wanted.name, [])
        exact = [path for path in same_name if str(path) == place.path]
        if exact:
            return exact[0]
        relative = not wanted.is_absolute()
        ending = wanted.parts if relative else wanted.parts[1:]
        rooted = (recorded.trace.root, *ending)
        whole = [path for path in same_name if relative and _common(path.parts, ending) == len(ending)]
        sure = [path for path in whole if _common(path.parts, rooted) > len(ending) or self._has(path, place, recorded)]
        # Laid out otherwise, as in an image: what imports say of the path has to agree, and the function has to be there.
        alike = [path for path in same_name if self._is_module(path, ending) and self._has(path, place, recorded)]
        return _only(sure or alike, rooted)

    def _is_module(self, path: Path, ending: tuple[str, ...]) -> bool:
        """Whether a path ends in all that an import would name, a package at least."""
        root = self._roots[path]
        inside = path.relative_to(root).parts if path.is_relative_to(root) else path.parts
        return len(inside) > 1 and _common(path.parts, ending) >= len(inside)

    def _has(self, path: Path, place: Place, recorded: Recorded) -> bool:
        told = recorded.trace.files.get(place.path)
        if told is not None and self.outline(path).digest == told:
            return True
        return self.outline(path).named(place.function) is not None


def _is_newer(path: Path, recorded: Recorded) -> bool:
    try:
        return path.stat().st_mtime > recorded.written
    except OSError:
        return True


def _pure(text: str) -> PurePath:
    return PureWindowsPath(text) if "\\" in text or text[1:2] == ":" else PurePosixPath(text)


def _only(paths: Iterable[Path], ending: tuple[str, ...]) -> Path | None:
    """Return the path that has most of the ending; ``None`` when two have as much of it."""
    ranked = sorted(((_common(path.parts, ending), path) for path in paths), reverse=True)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        return None
    return ranked[0][1] if ranked else None


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many parts two paths have in common at their end."""
    return sum(1 for _ in _alike(reversed(one), reversed(other)))


def _alike(one: Iterable[str], other: Iterable[str]) -> Iterator[str]:
    for left, right in zip(one, other, strict=False):
        if left != right:
            return
        yield left
