"""One run over one root: dispatch, nondeterministic choice, exceptions, events and the bounds on work."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from greenroom.domain.events import Blocking, Event
from greenroom.domain.flow import Flow, Raised, merge, merge_returns
from greenroom.domain.heap import OrmObject
from greenroom.domain.loading import DROPPED, Site
from greenroom.domain.state import Fragment, State
from greenroom.domain.values import ANYTHING, Anything, Arguments, Choice, Pending, Value, join_values
from greenroom.facts.collect import Backend
from greenroom.interpret.endings import Endings
from greenroom.interpret.settings import Settings
from greenroom.interpret.tracker import Tracker
from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Function, Module

DISJUNCTS = 6
"""States kept apart at one point before they are joined."""
ALTERNATIVES = 12
"""Ways through one statement that are followed."""
ATTEMPTS = 20 * ALTERNATIVES
"""Ways through one statement that are tried, those included that turn out to contradict themselves."""
DEPTH = 24
"""Nested calls that are followed."""
NOWHERE = ast.Pass()
"""Stands for no place in particular, for identities that are not made by a node."""
STEPS = 6_000
"""Work for one root: a statement counts one, and one more for every ten objects in the heap."""
SCHEDULE = ((400_000, STEPS), (800_000, STEPS // 4), (math.inf, STEPS // 12))
"""The work for one root, by the work that the project has cost so far: a huge project gets an answer, if not the last one."""
LEAST = 200
"""Work that every call gets; otherwise a call gets half of what its caller has left."""
GRACE = 50
"""Work for the end of a function whose calls have used its share up; calls made there are not followed."""
RESERVED = 3 / 4
"""The part of the work left that the body of a ``try`` may take."""
NARROW = ((3 / 4, 1), (1 / 2, 2))
"""From which part of its work on only so many of a function's states at one point are followed; the others are dropped."""


class Infeasible(Exception):  # noqa: N818 - not an error: the alternative at hand contradicts itself
    """The alternative being followed cannot happen."""


class Diverted(Exception):  # noqa: N818 - control flow of the analysed program, not an error
    """The expression never returns normally: the called function always raises."""


@dataclass(slots=True)
class Choosing:
    """One choice point of a statement: the alternative taken now, and all of them."""

    count: int
    index: int = 0
    payload: Sequence[tuple[State, Value]] = ()
    callees: bool = False
    """Whether the alternatives are functions, each of which is to be followed as far as the others."""
    before: int = 0
    """The ways through the statement that were found before the alternative at hand was chosen."""


@dataclass(slots=True)
class Call:
    """A call in progress."""

    function: Function
    site: Site | None
    model_code: bool = False
    """Code of a mapped class itself: reads in it are reported at the call."""


@dataclass(slots=True)
class Tables:
    """Dispatch tables, by syntax class; a handler takes the class that is its key."""

    expressions: Mapping[type, Callable[[Run, Any, State], Value]]
    statements: Mapping[type, Callable[[Run, Any, State], Flow]]
    call: Callable[[Run, State, Value, Arguments, ast.AST], Value]
    await_value: Callable[[Run, State, Value, ast.AST], Value]
    assign: Callable[[Run, State, ast.expr, Value], None]
    collect: Callable[[Run, State, Pending, ast.AST], Value]
    """Everything that a generator yields."""


Way = TypeVar("Way")
Handler: TypeAlias = "Callable[[Run, State, Arguments, ast.AST], Value]"
"""What a call of one library function does."""


def _promise(state: State) -> tuple[int, int]:
    """How much there is to find from a state: objects of sessions with something to load, then objects of sessions at all."""
    objects = [record for record in state.heap.values() if isinstance(record, OrmObject) and record.session is not None]
    return sum(any(known.sure & DROPPED for known in record.attributes.values()) for record in objects), len(objects)


class Run:
    """The interpreter's context while it follows one root."""

    program_anchor = NOWHERE

    def __init__(
        self, program: Program, backend: Backend, tables: Tables, settings: Settings, tracker: Tracker, root: Function | None = None
    ) -> None:
        self.program = program
        self.backend = backend
        self.tables = tables
        self.settings = settings
        self.tracker = tracker
        self.root = root
        """The entry point."""
        self.calls: list[Call] = []
        self.lambdas: list[ast.AST] = []
        """The lambdas in progress, which are no calls of their own."""
        self.providing: tuple[object, ...] = ()
        """The dependencies whose own dependencies are being looked for."""
        self.module: Module | None = None
        self.raised: list[Raised] | None = None
        """Where exceptions go: the innermost ``try`` being followed, None where nobody would catch one."""
        self.choices: list[Choosing] = []
        self.position = self.silent = self.steps = self.began = 0
        self.joining = 0
        """Above zero, choice points join instead of splitting."""
        self.greenlet = 0
        """Above zero, implicit IO is legal (``run_sync``)."""
        self.thread = 0
        """How many of the calls in progress wait, on their event loop or not, for the thread in which the others run."""
        self.total = self.limit = next(work for spent, work in SCHEDULE if tracker.spent < spent)
        """Where the work of the call in progress began, and where it ends."""
        self.shortened = 0
        """How often ways were dropped for want of work."""
        self.yielders: list[Callable[[Value, State], Sequence[tuple[State, Value]]] | None] = []
        self.recorders: list[list[tuple[Event, tuple[object, ...]]]] = []
        self.schema_lenient = False
        self.validators: dict[Class, dict[object, list[Function]]] = {}
        self.mutating: ast.AST | None = None
        """The attribute whose collection the call or statement being followed is about to change."""
        self.used: set[int] | None = None
        """Sessions that awaited for the database, while somebody wants to know."""
        self.awaiting: ast.expr | None = None
        """The last awaited expression: a call into the dark that is awaited may load what it is given."""
        self.endings = Endings()
        self.handling: list[External | Class | None] = []
        """Exceptions that the ``except`` blocks being followed have caught."""
        self.on_return: tuple[Function, Callable[[State, Value, ast.expr], list[tuple[State, Value]]]] | None = None
        """The endpoint being followed, and what happens to its result."""
        self.schema = ""
        """The path of schema fields while a value is serialized."""
        self.certain: frozenset[str] | None = None
        """What a schema that may not be the one taken reads all the same; None where there is no doubt."""
        self.doubts: list[tuple[Event, tuple[object, ...], tuple[Hashable, ...]]] = []
        """What is to be reported where the endpoint never looks at what could take the doubt away: values, by their tokens."""

    # Places

    @property
    def function(self) -> Function | None:
        """The function being followed."""
        return self.calls[-1].function if self.calls else None

    @property
    def here(self) -> Module:
        """The current module, where something is being followed."""
        assert self.module is not None
        return self.module

    def site(self, node: ast.AST) -> Site:
        """The place of a node of the current module; of one that stands for a library, the project's call of it."""
        assert self.module is not None
        if self.module.standin:
            return next((site for call in reversed(self.calls) if (site := call.site) and not site.module.standin), Site(self.module, node))
        return Site(self.module, node)

    def call_sites(self) -> tuple[Site, ...]:
        """The calls in progress, outermost first, but for those within a library."""
        sites = tuple(call.site for call in self.calls if call.site is not None and not call.site.module.standin)
        return sites[:-1] if self.module is not None and self.module.standin else sites

    def call_nodes(self) -> tuple[int, ...]:
        """The ids of the nodes of the calls in progress, outermost first."""
        return tuple(id(call.site.node) for call in self.calls if call.site is not None)

    @property
    def coroutine(self) -> int | None:
        """The place, among the calls in progress, of the innermost coroutine function; None off the event loop."""
        return next((place for place in range(len(self.calls) - 1, self.thread - 1, -1) if self.calls[place].function.is_async), None)

    @contextmanager
    def in_thread(self) -> Iterator[None]:
        """Within the block, code runs in a thread of its own, and not on the event loop."""
        outer, self.thread = self.thread, len(self.calls)
        try:
            yield
        finally:
            self.thread = outer

    def identity(self, node: ast.AST, extra: object = None) -> int:
        """A heap id for what ``node`` allocates in the current calling context."""
        return self.tracker.identity(node, extra, self.call_nodes())

    def fragment(self, key: object, module: Module, make: Callable[[State], Value]) -> Fragment:
        """What ``make`` gives outside every function, in a state of its own; made once for each ``key``."""
        fragments = self.tracker.fragments
        known = fragments.get(key)
        if known is not None:
            return known
        fragments[key] = Fragment(ANYTHING, {})  # for definitions that need themselves
        context = (self.calls, self.module, self.raised, self.yielders, self.greenlet, self.thread, self.used)
        work = (self.steps, self.began, self.limit)
        self.calls, self.module, self.raised, self.yielders, self.greenlet, self.thread, self.used = [], module, None, [], 0, 0, None
        self.steps, self.began, self.limit = 0, 0, self.total
        state = State()
        value: Value = ANYTHING
        try:
            with self.joined(), suppress(Infeasible, Diverted):
                value = make(state)
        finally:
            self.calls, self.module, self.raised, self.yielders, self.greenlet, self.thread, self.used = context
            self.steps, self.began, self.limit = work
        made = fragments[key] = state.fragment(value)
        for place, record in made.heap.items():
            self.tracker.originals.setdefault(place, record)
        return made

    def defined(self, state: State, module: Module, node: ast.expr) -> Value:
        """The value of an expression of module or class level; evaluated once, outside every function, as Python does."""
        return state.graft(self.fragment(node, module, lambda fresh: self.evaluate(node, fresh)))

    # Evaluation

    def evaluate(self, node: ast.expr, state: State) -> Value:
        """The value of an expression; ``state`` takes its effects."""
        evaluate = self.tables.expressions.get(type(node))
        return evaluate(self, node, state) if evaluate is not None else Anything()

    def execute(self, body: Sequence[ast.stmt], states: list[State]) -> Flow:
        """Follow a block from each of ``states``."""
        flow = Flow(fall=states)
        probe = self.tracker.probe
        for statement in body:
            if not flow.fall:
                break
            handler = self.tables.statements.get(type(statement))
            if handler is None:
                continue
            after: list[State] = []
            for state in flow.fall:
                self.steps += 1 + len(state.heap) // 10
                if self.exhausted:
                    self.shortened += 1
                    self.bound("steps")
                    return Flow(returned=flow.returned, broke=flow.broke, continued=flow.continued)
                if probe is not None and probe.covers(self.module, statement):
                    probe.look(self.function, self.call_sites(), state)
                try:
                    inner = handler(self, statement, state)
                except RecursionError:  # nested deeper than the stack: this way ends here, the others go on
                    self.shortened += 1
                    self.bound("recursion")
                    continue
                after.extend(inner.fall)
                flow.absorb(inner)
            flow.fall = self.narrowed(merge(after, DISJUNCTS), lambda state: state)
        flow.returned = merge_returns(flow.returned, DISJUNCTS)
        return flow

    @property
    def width(self) -> int:
        """States followed side by side: fewer as the work for the call in progress runs out."""
        return next((w for part, w in NARROW if self.steps - self.began > part * max(self.limit - self.began, 1)), DISJUNCTS)

    @property
    def exhausted(self) -> bool:
        """Whether the work for the call in progress is used up."""
        return self.steps > self.limit + GRACE

    @property
    def share(self) -> int:
        """The work that a call made here gets: half of what is left, divided equally among the functions that it may call."""
        if self.steps >= self.limit:
            return 0
        ways, tried = 1, 0
        for choice in self.choices[: self.position]:
            if choice.callees:
                ways, tried = ways * choice.count, tried * choice.count + choice.index
        return min(max((self.limit - self.steps) // (2 * ways - tried), LEAST), self.total - self.steps)

    @contextmanager
    def budget(self) -> Iterator[None]:
        """A share of the caller's work for the call in progress; a call that took more than there was is not held against the caller."""
        began, limit = self.began, self.limit
        self.began, self.limit = self.steps, self.steps + self.share
        try:
            yield
        finally:
            self.began, self.limit = began, max(limit, min(self.steps, self.total))

    @contextmanager
    def reserving(self) -> Iterator[None]:
        """Keep a part of the work for what follows the block: however long it is, the handlers around it are followed."""
        limit, left = self.limit, max(self.limit - self.steps, 0)
        self.limit -= int(left * (1 - RESERVED))
        try:
            yield
        finally:
            self.limit = limit

    def narrowed(self, ways: list[Way], state_of: Callable[[Way], State]) -> list[Way]:
        """The ways worth following with the work that is left: each is a path of its own, so what they show is true."""
        if len(ways) < 2 or len(ways) <= self.width:
            return ways
        width = self.width
        self.shortened += 1
        return sorted(ways, key=lambda way: _promise(state_of(way)), reverse=True)[:width]

    def bound(self, which: str) -> None:
        """Note that a bound on work was reached."""
        function = self.calls[0].function if self.root is None and self.calls else self.root
        if function is not None:
            self.tracker.bounded.setdefault(function, which)

    def each(self, value: Value, state: State, action: Callable[[Value, State], Value]) -> Value:
        """Apply ``action`` to one atom of ``value``; where choice points join, to all of them."""
        if not isinstance(value, Choice):
            return action(value, state)
        if not self.joining:
            return action(self.one_of(value), state)
        joined: State | None = None
        result: Value | None = None
        for atom in value.atoms:
            attempt = state.fork()
            try:
                found = action(atom, attempt)
            except (Infeasible, Diverted):
                continue
            joined = attempt if joined is None else joined.join(attempt)
            result = found if result is None else join_values(result, found)
        if joined is None or result is None:
            raise Infeasible
        state.become(joined)
        return result

    def call(self, state: State, callee: Value, args: Arguments, node: ast.AST) -> Value:
        """Call a value and, where that gives an awaitable, await it."""
        return self.tables.await_value(self, state, self.tables.call(self, state, callee, args, node), node)

    # Choice

    def alternatives(self, state: State, action: Callable[[State], Value]) -> list[tuple[State, Value]]:
        """Every way through ``action``, each from its own copy of ``state``.

        The action is run once for each combination of choices; a choice point met again replays its stored outcome.
        """
        outer, position, joining = self.choices, self.position, self.joining
        self.choices, self.joining = [], 0
        outcomes: list[tuple[State, Value]] = []
        attempts = 0
        try:
            while True:
                self.position = 0
                attempts += 1
                attempt = state.fork()
                with suppress(Infeasible, Diverted):
                    outcomes.append((attempt, action(attempt)))
                if not self.choices or attempts >= ATTEMPTS or not self._choose_next(len(outcomes)):
                    break
        finally:
            self.choices, self.position, self.joining = outer, position, joining
        return outcomes

    def _choose_next(self, made: int) -> bool:
        """Take the next combination of choices; none after enough ways were ``made``, but for functions that have had no share."""
        most = min(ALTERNATIVES, 2 * self.width)
        for place, choice in enumerate(self.choices):
            if choice.callees and made - choice.before >= max(most // choice.count, 1):
                del self.choices[place + 1 :]
        while self.choices and self.choices[-1].index + 1 >= self.choices[-1].count:
            self.choices.pop()
        if not self.choices or (made >= most and not any(choice.callees for choice in self.choices)):
            return False
        self.choices[-1].index += 1
        self.choices[-1].before = made
        return True

    def pick(self, count: int, *, callees: bool = False) -> int:
        """Choose one of ``count`` alternatives."""
        if count < 2 or self.joining:
            return 0
        if self.position < len(self.choices):
            choice = self.choices[self.position]
        else:
            choice = Choosing(count, callees=callees)
            self.choices.append(choice)
        self.position += 1
        return choice.index

    def pick_outcome(self, state: State, compute: Callable[[], Sequence[tuple[State, Value]]]) -> Value:
        """Choose one of the outcomes of a call; ``state`` becomes that outcome's."""
        if self.joining:
            outcomes: Sequence[tuple[State, Value]] = merge_returns(list(compute()), 1)
            index = 0
        else:
            if self.position < len(self.choices):
                choice = self.choices[self.position]
            else:
                with self.joined():  # what binds the arguments is part of this choice, none before it
                    outcomes = compute()
                choice = Choosing(len(outcomes), payload=outcomes)
                self.choices.append(choice)
            self.position += 1
            outcomes, index = choice.payload, choice.index
        if not outcomes:
            raise Diverted
        after, value = outcomes[index]
        state.become(after)
        return value

    def one_of(self, value: Value) -> Value:
        """Choose one atom of a value."""
        if not isinstance(value, Choice):
            return value
        return value.atoms[self.pick(len(value.atoms))]

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Within the block, choice points do not split the state."""
        self.joining += 1
        try:
            yield
        finally:
            self.joining -= 1

    @contextmanager
    def sessions_used(self) -> Iterator[set[int]]:
        """Within the block, note the sessions that await for the database; summaries cannot tell."""
        outer, self.used = self.used, set()
        try:
            yield self.used
        finally:
            if outer is not None:
                outer |= self.used
            self.used = outer

    # Exceptions

    def may_raise(self, error: External | Class | None, state: State) -> None:
        """Record that an exception may leave from here with ``state``."""
        if self.raised is None:
            return
        last = self.raised[-1] if self.raised else None
        if last is not None and last.error is error and last.state.signature() == state.signature():
            last.state.widen(state)
        else:
            self.raised.append(Raised(error, state.fork()))

    # Events

    @contextmanager
    def recording(self) -> Iterator[list[tuple[Event, tuple[object, ...]]]]:
        """The events of the block, with what identifies each beside its place."""
        emitted: list[tuple[Event, tuple[object, ...]]] = []
        self.recorders.append(emitted)
        try:
            yield emitted
        finally:
            self.recorders.pop()

    def emit(self, event: Event, *key: object) -> None:
        """Record an event once for each place and subject; a sure one replaces an unsure one."""
        if self.silent:
            return
        for emitted in self.recorders:
            emitted.append((event, key))
        place = event.site.node
        if isinstance(event, Blocking) and (coroutine := self.coroutine) is not None:
            place = self.calls[coroutine].function.node  # once for each coroutine function
        identity = (type(event), place, *key)
        known = self.tracker.events.get(identity)
        if known is None or (getattr(event, "sure", True) and not getattr(known, "sure", True)):
            self.tracker.events[identity] = event
