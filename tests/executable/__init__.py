"""Runs the examples of Markdown pages: the page, a real database and the analyser have to agree line by line.

A fenced ``python`` block is one module, ``example.py``, of a small project: the page's prelude is its ``models.py``, a file of
``preludes/sessions`` its ``database.py``. Imports are added above the block, so a line has the same number in both. Every
coroutine function that nothing else in the block calls, every public coroutine method and every endpoint is one example; each
runs on a fresh, seeded database. ``markers`` describes the comments that say what a line does.

    python -m tests.executable [PAGE ...]                    all pages under the installed SQLAlchemy, on SQLite
    python -m tests.executable --python /path/to/python      the same in another environment, for the other minor version
    python -m tests.executable --postgres [--everything]     on a private PostgreSQL; all blocks, not only those that name it
"""
