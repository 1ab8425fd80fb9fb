"""TaskFlow: people and agents work on the same tasks, with the same rights and the same records.

A complete backend on :mod:`greenroom.kit`. Each folder is one part of the domain; in each, ``tables`` says what is stored,
``schemas`` what enters and leaves, ``lists`` what is read, ``service`` what is changed, ``routes`` where it is reached.
"""
