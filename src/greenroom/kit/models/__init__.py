"""Base classes for tables and schemas, and types whose values the columns can hold."""
