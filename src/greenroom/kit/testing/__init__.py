"""What tests need: tokens without a server, and the same sessions and the same kind of database as production."""

from greenroom.kit.testing.issuer import LocalIssuer

__all__ = ["LocalIssuer"]
