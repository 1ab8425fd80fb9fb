"""What the analysis takes for granted where the project does not say, and what its configuration says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What the analysis takes for granted where the project does not say."""

    returning: bool | None = True
    sqlalchemy: str = "2.0"
    operations: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Dotted globs of functions, and the operations that they do to the sessions they are given."""
    boundaries: tuple[str, ...] = ()
    """Dotted globs of functions that may end a transaction which they are given."""
    aborts: bool = False
    """Whether a statement that fails aborts the transaction, as in PostgreSQL."""
    answers_first: bool = True
    """Whether FastAPI sends the answer before the rest of a dependency with ``yield`` runs.

    It did before 0.106 and does since 0.118 (FastAPI's documentation, "Dependencies with yield", technical details).
    """
