"""Watches SQLAlchemy at run time and names model, attribute, cause and line of every implicit IO. Needs only SQLAlchemy."""

from greenroom.monitor.monitor import LatentHazardError, Mode, Monitor, install
from greenroom.monitor.scopes import About, Scope, entered
from greenroom.monitor.sinks import Sink

__all__ = ["About", "LatentHazardError", "Mode", "Monitor", "Scope", "Sink", "entered", "install"]
