"""What tests need: tokens without a server, and the same sessions and the same kind of database as production."""

from greenroom.kit.testing.constitution import Exchange, Witness, without_actors
from greenroom.kit.testing.issuer import LocalIssuer

__all__ = ["Exchange", "LocalIssuer", "Witness", "without_actors"]
