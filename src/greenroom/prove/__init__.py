"""Proof of a finding: a test that is derived from what is declared, written, run with the project's interpreter, and judged.

This is the one part of the analyser's side that has code of the analysed project executed, in a process of its own.
"""
