"""Find implicit IO in async SQLAlchemy projects without running them."""

__all__ = ["__version__"]

__version__ = "0.1.0"
