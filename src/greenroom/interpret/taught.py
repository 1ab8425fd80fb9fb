"""Operations that a project teaches: what functions do to a session which greenroom cannot see, or is not to follow."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from fnmatch import fnmatchcase

from greenroom.domain.heap import Instance, OrmObject, SessionObject
from greenroom.domain.state import State
from greenroom.domain.values import Arguments, Ref, Value, atoms
from greenroom.interpret.run import Run
from greenroom.interpret.session.sessions import perform
from greenroom.semantics.sessions import OPERATIONS

DEPTH = 3
"""Objects within objects in which a session is looked for."""


def known(run: Run, state: State, path: str, values: Iterable[Value], node: ast.AST) -> bool:
    """Whether the configuration says what the function with a dotted path does.

    Then it is done to every session among the values, and to those that they hold or belong to.
    """
    done = next((done for glob, done in run.settings.operations if fnmatchcase(path, glob)), None)
    if done is None:
        return False
    sessions = dict.fromkeys(_sessions(state, values, DEPTH))
    for name in done:
        for session in sessions:
            perform(run, state, session, OPERATIONS[name], Arguments(), node)
    return True


def _sessions(state: State, values: Iterable[Value], depth: int) -> Iterable[int]:
    for value in values:
        for atom in atoms(value):
            record = state.record(atom)
            if isinstance(record, SessionObject) and isinstance(atom, Ref):
                yield atom.id
            elif isinstance(record, OrmObject) and record.session is not None:
                yield record.session
            elif isinstance(record, Instance) and depth:
                yield from _sessions(state, record.attributes.values(), depth - 1)
