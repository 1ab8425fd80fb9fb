"""The closed sets of words that the tables and the API share."""

from __future__ import annotations

from enum import StrEnum


class WorkerType(StrEnum):
    """What kind of being a worker is; it gives no rights and takes none."""

    HUMAN = "human"
    AGENT = "agent"


class AgentType(StrEnum):
    """Which model family an agent runs on."""

    CLAUDE = "claude"
    QWEN = "qwen"
    GEMINI = "gemini"
    CUSTOM = "custom"


class Role(StrEnum):
    """What a worker is in a project."""

    OWNER = "owner"
    REVIEWER = "reviewer"
    MEMBER = "member"


class Gate(StrEnum):
    """Which tasks of a project are completed only when somebody else has approved them."""

    NONE = "none"
    CRITICAL = "critical"
    """Tasks of critical priority."""
    ALL = "all"
    CUSTOM = "custom"
    """Tasks that say so themselves (``needs_approval``)."""


class Status(StrEnum):
    """Where a task stands."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    REVIEW = "review"
    COMPLETED = "completed"
    BLOCKED = "blocked"


class Priority(StrEnum):
    """How much a task matters, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Recurrence(StrEnum):
    """How long after one occurrence of a task the next is due."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


class Trigger(StrEnum):
    """What brings the next occurrence of a recurring task forth."""

    ON_COMPLETE = "on_complete"
    ON_DUE_DATE = "on_due_date"
    BOTH = "both"
