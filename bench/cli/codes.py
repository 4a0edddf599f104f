"""With what number the command line ends."""

__all__ = ["INTERNAL", "INTERRUPTED", "MISTAKE", "OK", "SOME_FAILED"]

OK, INTERNAL, MISTAKE, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 130
