"""Follow every function of a file, whether or not it deals with a database."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.facts.collect import Backend
from greenroom.interpret.engine import TABLES, enter
from greenroom.interpret.run import Diverted, Infeasible, Run
from greenroom.interpret.settings import Settings
from greenroom.interpret.tracker import Tracker
from greenroom.program.functions import functions
from greenroom.program.program import Program
from greenroom.rules.registry import judge
from greenroom.source.discover import discover


@dataclass(slots=True)
class Outcome:
    """What came of forcing one file."""

    entered: int = 0
    steps: int = 0
    """The most that one entry point took."""
    deep: int = 0
    """Entry points at which the interpreter's stack ended."""
    errors: list[str] = field(default_factory=list)


def force(path: Path) -> Outcome:
    """Enter each function of the file at ``path``, all of them being followed where they call each other."""
    program = Program(discover([path]))
    outcome = Outcome()
    for group in program.groups:
        backend = Backend(program, group)
        tracker = Tracker()
        modules = [module for file in group.files if (module := program.module_of(file)) is not None]
        every = [function for module in modules for function in functions(module)]
        tracker.concerned = {function.node for function in every}
        for function in every:
            run = Run(program, backend, TABLES, Settings(), tracker, function)
            outcome.entered += 1
            try:
                with suppress(Infeasible, Diverted):
                    enter(run, function)
            except RecursionError:
                tracker.bounded[function] = "recursion"
            except Exception as error:  # noqa: BLE001 - every error of ours is what is looked for
                outcome.errors.append(f"{path.name}: {function.qualname}: {_place(error)}: {type(error).__name__}: {error}")
            outcome.steps = max(outcome.steps, run.steps)
        outcome.deep += sum(reason == "recursion" for reason in tracker.bounded.values())
        judge(tracker.events.values())
    return outcome


def _place(error: Exception) -> str:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return "?" if last is None else f"{Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno}"


def suite() -> list[Path]:
    """The files of the running interpreter's own test suite; none where it is not installed."""
    found = importlib.util.find_spec("test")
    folders = found.submodule_search_locations if found is not None else None
    return sorted(path for folder in folders or () for path in Path(folder).rglob("*.py") if path.is_file())
