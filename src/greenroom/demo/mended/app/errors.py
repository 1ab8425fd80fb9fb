"""What the services raise; the application turns it into answers."""


class NotFoundError(Exception):
    """There is no such thing, or not for this user."""

    def __init__(self, what: str, key: object) -> None:
        super().__init__(f"{what} {key} does not exist")


class ConflictError(Exception):
    """It contradicts something that is already there."""
