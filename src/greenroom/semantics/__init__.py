"""What SQLAlchemy does, as rows: the effects of methods, options and strategies on load states."""
