"""`python -m plugin` is `antiphon`."""

import sys

from plugin.cli import main

if __name__ == "__main__":
    sys.exit(main())
