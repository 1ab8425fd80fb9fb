"""Runs the examples of Markdown pages: the page, a real database and the analyser have to agree line by line."""
