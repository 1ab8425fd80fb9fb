"""Watches SQLAlchemy at run time: names model, attribute, cause and line of every implicit IO; see docs/monitor.md. Needs only SQLAlchemy."""
