"""A differential fuzzer: random small programs run on the real ORM and through the analyser, and are compared line by line.

``program`` is the grammar, ``generate`` draws a program from a seed, ``render`` writes its modules, ``execute`` runs them under a
``watch``, ``judge`` compares, ``shrink`` makes a disagreeing program small, ``page`` prints it in the format of ``tests/semantics``.

    python -m tests.fuzz --programs 20000 --seed 1 [--jobs 1] [--no-shrink]

A line that raises on some path must be reported, as definite or possible. A definite finding on a line that ran must raise on some
path. A program runs for every combination of its flags, on several sets of rows (in some of them one of the classes has none), and with
failing statements inside ``try`` bodies, in as many combinations of these as it takes to decide this. A way that would repeat an
earlier run is left out. A *possible* finding is no disagreement; the summary counts them.

What is not asked of the analyser:

- One row under two names. A class is loaded either as lists or by key; lists are not walked inside a walk over themselves; queries ask
  for a class or for one that inherits from it, not for both.
- What the database refuses. New rows have the keys that they need; statements fail where the harness makes them.
- What an autoflush would do on the way into a line that raises: after implicit IO the run goes on as if the object had been loaded
  in time.
"""
