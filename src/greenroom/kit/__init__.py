"""The kit: small parts to write a FastAPI backend on async PostgreSQL with, such that nothing in it can load implicitly.

Each part can be used alone; import from the part that you need.

=====================  ================================================================================
``kit.problems``       errors as RFC 9457 problem details
``kit.actors``         who acts: a human, an agent or the system, with one rights model
``kit.clock``          aware UTC time
``kit.settings``       settings from the environment, whose errors name them
``kit.database``       engines, sessions, the unit of work at the request's edge, a real PostgreSQL to run on
``kit.models``         base classes for tables and schemas, and types for input that the columns can hold
``kit.auth``           tokens of Better Auth and any OIDC issuer, verified
``kit.trail``          the audit trail: written by the database itself, append-only, hash-chained
``kit.workflow``       state machines as tables
``kit.lists``          filters, sorts, search and pages, declared
``kit.web``            what stands between the routes and the network
``kit.testing``        fixtures on the same sessions and the same kind of database as production
=====================  ================================================================================

It needs the extra ``greenroom[kit]``; the analyser does not import it.
"""
