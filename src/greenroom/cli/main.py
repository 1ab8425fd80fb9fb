"""The entry point: finds the command, loads only that, and turns whatever happens into an exit code.

Exit codes: 0 nothing found, 1 findings, 2 the tool could not do its work, 130 interrupted, 141 the reader of the output went away.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from contextlib import suppress
from typing import NoReturn

from greenroom import __version__

COMMANDS = {
    "audit": "write the ledger: the audit of a project, from proof",
    "check": "find implicit IO in a project",
    "demo": "check the bundled example backend and show what it finds",
    "explain": "print the page of a rule",
    "prove": "write a test that reproduces a finding, and run it",
    "reduce": "write a small report of what the analysis missed",
    "rules": "list all rules",
}
CLEAN = 0
FINDINGS = 1
FAILED = 2
INTERRUPTED = 130
READER_GONE = 141

TRACEBACK_SWITCH = "GREENROOM_TRACEBACK"


def entry() -> NoReturn:
    """Run the command line of this process and leave it.

    Nothing is collected on the way out: a run leaves a heap of hundreds of megabytes, which the system takes back at once.
    """
    gc.disable()
    code = main()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def main(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit code; never raises."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        code = _dispatch(words)
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes stdout once more at exit; give it a place where that cannot fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else FAILED
    except Exception as error:  # noqa: BLE001 -- the last line of defence: users get one line, not a traceback
        return _internal_error(error)
    return code


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in {"-h", "--help", "help"}:
        print(_help(), file=sys.stdout if words else sys.stderr)
        return CLEAN if words else FAILED
    if words[0] in {"-V", "--version"}:
        print(f"greenroom {__version__}")
        return CLEAN
    if words[0] in COMMANDS:
        run = importlib.import_module(f"greenroom.cli.{words[0]}").run
        return int(run(words[1:]))
    return _unknown(words[0])


def _help() -> str:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {what}" for name, what in COMMANDS.items())
    return f"""\
usage: greenroom COMMAND [OPTION ...]

Finds implicit IO (MissingGreenlet) in async SQLAlchemy projects without importing or running them;
only `prove` runs code of a project.

commands:
{commands}

options:
  -h, --help     print this and exit; after a command, print its options
  -V, --version  print the version and exit

exit codes: 0 nothing found, 1 findings, 2 greenroom could not do its work"""


def _unknown(word: str) -> int:
    from greenroom.config import suggestion  # noqa: PLC0415 -- only a mistake pays for it

    kind = "option" if word.startswith("-") else "command"
    print(f"greenroom: unknown {kind} {word!r}{suggestion(word, COMMANDS)}", file=sys.stderr)
    return FAILED


def _internal_error(error: Exception) -> int:
    import traceback  # noqa: PLC0415 -- only a crash pays for it

    if os.environ.get(TRACEBACK_SWITCH):
        traceback.print_exception(error)
        return FAILED
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""  # noqa: PTH119 -- no pathlib at start-up
    what = " ".join(f"{type(error).__name__}: {error}".split())
    print(
        f"greenroom: internal error{place}: {what}; this is a bug, please report it with the output under {TRACEBACK_SWITCH}=1",
        file=sys.stderr,
    )
    return FAILED
