"""Watches SQLAlchemy at run time and names model, attribute, cause and line of every implicit IO. Needs only SQLAlchemy."""
