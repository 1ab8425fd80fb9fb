"""``python examples/taskflow``: TaskFlow on this machine, with a PostgreSQL of its own and tokens to try it with."""

from taskflow.serving import main

main()
