"""The shapes that methods of a result give back, as rows.

``scalars`` turns rows into their first column; a *fetch* gives one element, several or None.
"""

from __future__ import annotations

MANY = frozenset({"all", "fetchall", "fetchmany"})
"""A list of elements."""
SAME = frozenset({"unique", "yield_per", "columns", "tuples", "freeze", "merge", "mappings"})
"""The result itself, with another presentation of the same rows."""
OPTIONAL = frozenset({"first", "one_or_none", "fetchone"})
"""One element or None."""
AWAITED = MANY | OPTIONAL | {"one", "scalar", "scalar_one", "scalar_one_or_none", "close"}
"""Methods that are coroutines on the result of ``stream``."""
EXACTLY_ONE = frozenset({"one"})
OPTIONAL_SCALAR = frozenset({"scalar", "scalar_one_or_none"})
ONE_SCALAR = frozenset({"scalar_one"})
