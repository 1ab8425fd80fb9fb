"""What outlives the run over one root: what was seen, what was reached, what is known already."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import dataclass, field, fields

from greenroom.domain.events import EndedByCallee, Event, ExpiredToTrail, Lost
from greenroom.domain.heap import HeapObject
from greenroom.domain.loading import Origin, Site
from greenroom.domain.state import Fragment
from greenroom.domain.summary import Footprint, Summary
from greenroom.interpret.flags import Mentions
from greenroom.interpret.observer import Observer
from greenroom.interpret.probe import Probe
from greenroom.program.symbols import Class, Function
from greenroom.source.file import SourceFile


@dataclass(slots=True)
class Tracker:
    """Events, functions reached, bounds hit, summaries and whatever else the runs of one project share."""

    events: dict[object, Event] = field(default_factory=dict)
    reached: set[ast.AST] = field(default_factory=set)
    bounded: dict[Function, str] = field(default_factory=dict)
    """Entry points that were not followed to their end, and why: one reason each."""
    functions: int = 0
    spent: int = 0
    """The work of all roots so far."""
    loads: dict[ast.expr, ast.expr] = field(default_factory=dict)
    """Targets of augmented assignments as expressions that are read."""
    unknown: dict[ast.AST, tuple[Site, str]] = field(default_factory=dict)
    """Calls of what is not in sight that were given mapped objects and a way to load them."""
    concerned: set[object] = field(default_factory=set)
    """Functions that deal with sessions or models, directly or not."""
    late: dict[tuple[object, str], tuple[ast.expr, ...]] = field(default_factory=dict)
    """Expressions that functions assign to module variables and attributes."""
    stubs: dict[ast.AST, bool] = field(default_factory=dict)
    endless: dict[ast.AST, bool] = field(default_factory=dict)
    """Functions that only raise, or do not."""
    mentions: dict[SourceFile, Mentions] = field(default_factory=dict)
    """Which names the files of the project call."""
    mentioned: dict[ast.AST, frozenset[str]] = field(default_factory=dict)
    parameters: dict[ast.AST, tuple[list[str], dict[str, object]]] = field(default_factory=dict)
    """The parameters of functions, and which of them are declared as plain data."""
    subclass_columns: dict[Class, dict[str, tuple[str, bool]]] = field(default_factory=dict)
    identities: dict[tuple[ast.AST, object, tuple[int, ...]], int] = field(default_factory=dict)
    """Heap ids by what they were given for; shared by all runs, so that fragments and summaries fit every state."""
    allocations: list[tuple[ast.AST, object, tuple[int, ...]]] = field(default_factory=list)
    """The other way round; ids count from 1."""
    originals: dict[int, HeapObject] = field(default_factory=dict)
    """The records of all fragments as they were made."""
    numbers: dict[Hashable, int] = field(default_factory=dict)
    """The parts of the keys of summaries, numbered."""
    summaries: dict[Hashable, Summary] = field(default_factory=dict)
    """What calls did, by the situation in which they were made."""
    assigning: dict[ast.AST, bool] = field(default_factory=dict)
    """Closures that assign to variables of the function around them."""
    footprints: dict[Hashable, Footprint] = field(default_factory=dict)
    """What calls have looked at so far beyond what they were given, by what that was."""
    kept: set[ast.AST] = field(default_factory=set)
    """Where something was written that a commit made last, on some path."""
    lost: dict[ast.AST, Lost] = field(default_factory=dict)
    """What was written and not committed before its session was closed, on some path."""
    recorders: dict[Function, str] = field(default_factory=dict)
    """Functions that write to an audit trail, and to which."""
    handed: dict[ast.AST, ExpiredToTrail] = field(default_factory=dict)
    """Calls that are given objects which a commit has expired."""
    probe: Probe | None = None
    """A line at which somebody looks; None in a check."""
    observer: Observer | None = None
    """What an audit writes down; None in a check."""
    keys_there: set[tuple[ast.AST, tuple[int, ...]]] = field(default_factory=set)
    """Where a primary key was read that is there, and the nodes of the calls in progress."""
    writers: set[Function] = field(default_factory=set)
    """Functions that write to a session that they are given."""
    enders: dict[ast.AST, EndedByCallee] = field(default_factory=dict)
    """Commits and rollbacks of sessions by functions that are given these."""
    released: dict[int, Origin] = field(default_factory=dict)
    """What dependencies give that end before background tasks are run, and where these are asked for."""
    bound_to: dict[ast.AST, ast.AST] = field(default_factory=dict)
    """The engines of sessions, both by the calls that made them."""
    repeated: dict[ast.AST, frozenset[ast.AST]] = field(default_factory=dict)
    """The calls that functions make in loops."""
    rows: dict[int, tuple[Site, int]] = field(default_factory=dict)
    """The elements that the loops being followed visit: these loops, and how many calls were in progress there."""
    telling: set[Hashable] = field(default_factory=set)
    """Calls that are given plain data alone, and yet do more than to give back such."""
    fragments: dict[object, Fragment] = field(default_factory=dict)
    """Values of module and class level and symbolic instances: made once, grafted where they are mentioned."""

    def identity(self, node: ast.AST, extra: object, calls: tuple[int, ...]) -> int:
        """The heap id for what ``node`` allocates when ``calls`` (ids of nodes) have led there."""
        key = (node, extra, calls)
        found = self.identities.get(key)
        if found is None:
            self.allocations.append(key)
            found = self.identities[key] = len(self.allocations)
        return found

    def forget(self) -> None:
        """Let go of everything: functions that call themselves hold on to a run, and so to this, until circles are looked for."""
        for part in fields(self):
            held = getattr(self, part.name)
            if isinstance(held, dict | set | list):
                held.clear()
