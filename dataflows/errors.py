"""What is wrong with the asker's data, in one line each."""

__all__ = ["DataError"]


class DataError(ValueError):
    """Data or a protocol that no forecast can be made from.

    The message is one line: what was found, where, what is allowed, what to do.
    """
