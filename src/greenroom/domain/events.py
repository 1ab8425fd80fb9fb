"""What the interpreter saw: the only thing that rules ever ask about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from greenroom.domain.journal import Act, Journal, Kind
from greenroom.domain.loading import Origin, Site
from greenroom.program.symbols import Function


@dataclass(frozen=True, slots=True)
class Observation:
    """Anything that a rule can ask about."""


@dataclass(frozen=True, slots=True)
class Event(Observation):
    """Something noteworthy at ``site``; ``calls`` are the calls that led there, outermost first."""

    site: Site
    calls: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class Read(Event):
    """An attribute read, write or walk that cannot be answered from memory.

    ``bit`` is the condition that makes it fail (see :mod:`greenroom.domain.loading`). ``detached`` means the object has
    no session any more, ``failed`` that its session waits for a rollback.
    """

    model: str
    attribute: str
    bit: int
    sure: bool
    origin: Origin | None
    loaded_at: Site | None
    action: str = "read"
    """``read``, ``mutate`` (append, assign ...), ``walk``, or ``use`` of a session (``attribute`` is the method)."""
    via: tuple[Site, ...] = ()
    """For reads inside a model's own code: from the member that the caller touched down to the read itself."""
    via_name: str = ""
    schema: str = ""
    """For serialization: the path of schema fields, ``DonorRead.address.city``."""
    detached: bool = False
    failed: Origin | None = None
    relationship: bool = False
    held: int = field(default=0, compare=False)
    """The object, by its place in the heap."""


@dataclass(frozen=True, slots=True)
class Dumped(Event):
    """An object with expired attributes was turned into data through its ``__dict__``."""

    model: str
    attribute: str
    origin: Origin | None
    how: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class ChangesDiscarded(Event):
    """A refresh threw away assignments that had not been flushed."""

    model: str
    attribute: str
    assigned_at: Origin | None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class MadeTransient(Event):
    """``make_transient`` on an object with expired attributes: they read None from then on."""

    model: str
    attribute: str
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class EnumString(Event):
    """``.value`` or ``.name`` of a string that was assigned to an Enum column."""

    model: str
    attribute: str
    assigned_at: Origin | None


@dataclass(frozen=True, slots=True)
class NeverAwaited(Event):
    """A coroutine whose result was used or dropped without ``await``."""

    what: str


@dataclass(frozen=True, slots=True)
class SharedSession(Event):
    """Tasks that run at the same time use one session."""

    what: str


@dataclass(frozen=True, slots=True)
class Ended(Event):
    """An entry point returned: ``site`` is the function, ``acts`` what one way through it did to its transactions."""

    function: Function
    acts: Journal
    request: bool
    """Whether a web framework calls it."""
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommittedLate(Event):
    """A dependency commits what a request has written when its answer is out."""

    written: Act
    provider: Function


@dataclass(frozen=True, slots=True)
class CommittedAfterError(Event):
    """What had been written when an exception passed is committed all the same."""

    written: Act
    manager: Function


@dataclass(frozen=True, slots=True)
class UnflushedKey(Event):
    """The key of a new object is read before a flush has given it one: it is None."""

    model: str
    attribute: str
    made_at: Site | None
    added: bool
    """Whether the object is in a session."""


@dataclass(frozen=True, slots=True)
class UsedAborted(Event):
    """A session is used after a statement of its transaction has failed, without a rollback in between."""

    operation: str
    failed: Origin
    caught: Act | None = None
    """Where its error was caught."""
    undone: Act | None = None
    """What had been written before, and is lost when ``operation`` is the commit."""


@dataclass(frozen=True, slots=True)
class Unrecorded(Event):
    """A request commits a change without a row in the trail that other requests write."""

    function: Function
    written: Act
    recording: int
    """Mutating endpoints that write to the trail whenever they commit."""
    silent: int
    """Those that do not."""


@dataclass(frozen=True, slots=True)
class ExpiredToTrail(Event):
    """A function that writes to a trail is given an object that a commit has expired."""

    model: str
    trail: str
    function: Function
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class EndedByCallee(Event):
    """A function commits or rolls back a session that its caller has given to it."""

    kind: Kind
    function: Function
    keepers: int = 0
    """Functions of the project that write to a session that they are given, and leave its end to their caller."""
    others: int = 0
    """Those that commit it."""


@dataclass(frozen=True, slots=True)
class Lost(Event):
    """Something was written to a session that is closed without a commit, on every path that is known."""

    models: tuple[str, ...]
    kind: Kind
    closed: Origin


@dataclass(frozen=True, slots=True)
class Blocking(Event):
    """A coroutine function uses something that waits for the database without giving way to the event loop."""

    what: str
    """The call that waits."""
    subject: str
    """``session`` or ``engine``."""
    within: Site
    """Where it is called: at ``site`` itself, or in a plain function that is called there."""


@dataclass(frozen=True, slots=True)
class OutlivesScope(Event):
    """A session is used after the scope that closes it: ``how`` is ``use``, ``task`` or ``background``."""

    how: str
    what: str
    over: Origin | None


@dataclass(frozen=True, slots=True)
class EngineAcrossLoops(Event):
    """Sessions of one pooled engine are used on one event loop after the other."""

    how: str
    """Why there is more than one: ``loop``, ``task``, ``route`` or ``again``."""
    engine: Site


@dataclass(frozen=True, slots=True)
class NotAsynchronous(Event):
    """A method is taken of an asynchronous session that only plain sessions have."""

    method: str


@dataclass(frozen=True, slots=True)
class BlockingDriver(Event):
    """An asynchronous engine is made for a driver that waits."""

    maker: str
    driver: str
    sure: bool
    """Whether the source says so; a default of the settings may be replaced by the environment."""


@dataclass(frozen=True, slots=True)
class PooledStatements(Event):
    """An engine keeps prepared statements on connections that a transaction-mode pooler shares out."""

    pooler: str
    """What tells that there is one."""
    half: bool
    """Only SQLAlchemy's own cache is off, so that names that several processes give to statements collide."""
    sure: bool


@dataclass(frozen=True, slots=True)
class LoadedPerRow(Event):
    """A loop over rows of a query makes another query for each of them."""

    model: str
    attribute: str
    """The relationship that is loaded; ``refresh``, or empty for ``get``."""
    within: Site
    """Where the query is made: at ``site`` itself, or in a function that is called there."""
    loop: Site
    loaded_at: Site | None
    row: int = 0
    """The element of the loop, by its place in the heap."""


@dataclass(frozen=True, slots=True)
class SuiteDiffers(Event):
    """Tests run production's code on sessions or a database that are not like production's."""

    what: str
    """``expire_on_commit``, ``autoflush`` or ``dialect``."""
    values: tuple[str, str]
    """How production has it, and how the tests have it."""
    production: Site


@dataclass(frozen=True, slots=True)
class Unreadable(Observation):
    """A file that could not be read or parsed; it has no site, since it has no tree."""

    path: Path
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class UnusedSuppression(Observation):
    """A comment that answers for findings which there are none of; ``length`` is that of the comment, in characters."""

    path: Path
    line: int
    column: int
    length: int
    rules: tuple[str, ...]
    """The rules that it names in vain."""
    everything: bool
    """Whether it names no others."""
