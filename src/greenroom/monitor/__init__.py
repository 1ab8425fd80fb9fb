"""Watches SQLAlchemy at run time and names model, attribute, cause and line of every implicit IO. Needs only SQLAlchemy."""

from greenroom.monitor.monitor import Mode, Monitor, Sink, install
from greenroom.monitor.scopes import About, Scope, entered

__all__ = ["About", "Mode", "Monitor", "Scope", "Sink", "entered", "install"]
