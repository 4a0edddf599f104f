"""``python -m bench``."""

import faulthandler
import sys

from bench.cli import main

if __name__ == "__main__":
    # A module of the asker's that crashes as it is imported is named, with the line.
    faulthandler.enable()
    sys.exit(main())
