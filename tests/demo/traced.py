"""Run the scenarios of one twin under the monitor: ``python traced.py BACKEND TRACE`` writes what was met, and which routes answered.

``DATABASE_URL`` and its kin name databases that may be emptied, as for ``scenarios.py``.
"""

from __future__ import annotations

import json
import runpy
import sys
from importlib.metadata import version
from pathlib import Path

from greenroom import __version__
from greenroom.monitor import install
from greenroom.monitor.exercised import exercised
from greenroom.monitor.instrumentation import instrument
from greenroom.trace import Incident, Trace, digests, to_json

backend, target = (Path(word) for word in sys.argv[1:])
met: list[Incident] = []
instrument()
with install(sinks=[lambda incident, _: met.append(incident)]):
    runpy.run_path(str(Path(__file__).with_name("scenarios.py")), run_name="__main__")
versions = {"greenroom": __version__, "python": sys.version.split()[0], "sqlalchemy": version("sqlalchemy")}
trace = Trace(tuple(met), exercised(), backend.name, versions, 0, digests(met, backend))
target.write_text(json.dumps(to_json(trace), indent=1), encoding="utf-8")
