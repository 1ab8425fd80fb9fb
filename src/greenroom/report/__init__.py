"""Reporters: they turn a :class:`~greenroom.report.report.Report` into text, concise lines or JSON and decide nothing."""
