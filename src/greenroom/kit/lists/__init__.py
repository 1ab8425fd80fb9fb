"""Lists: filters, sorts, search and pages, declared as data and answered by one statement."""
