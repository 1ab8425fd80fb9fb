"""The audit trail: rows that the database writes itself, in the transaction of the change, and that nobody can alter unseen."""

from greenroom.kit.trail import ddl
from greenroom.kit.trail.checking import check
from greenroom.kit.trail.context import Context, act, note, tell, tell_contexts
from greenroom.kit.trail.declaration import Trail, Trailed
from greenroom.kit.trail.dependencies import Recorded, recorded
from greenroom.kit.trail.entries import EntryPage, Find, TrailEntry, entries, selection
from greenroom.kit.trail.exporting import ExportError, export, verify_export
from greenroom.kit.trail.following import Break, Fault, Verdict
from greenroom.kit.trail.restoring import Moment, State, fold, moments, state_after, state_at, states
from greenroom.kit.trail.tables import TrailCheckpoint, TrailHead, TrailRow
from greenroom.kit.trail.verification import checkpoint, verify

__all__ = [
    "Break",
    "Context",
    "EntryPage",
    "ExportError",
    "Fault",
    "Find",
    "Moment",
    "Recorded",
    "State",
    "Trail",
    "TrailCheckpoint",
    "TrailEntry",
    "TrailHead",
    "TrailRow",
    "Trailed",
    "Verdict",
    "act",
    "check",
    "checkpoint",
    "ddl",
    "entries",
    "export",
    "fold",
    "moments",
    "note",
    "recorded",
    "selection",
    "state_after",
    "state_at",
    "states",
    "tell",
    "tell_contexts",
    "verify",
    "verify_export",
]
