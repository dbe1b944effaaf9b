"""`python -m matcher`: solve, check, explain on JSON files."""

import sys

from matcher.cli import main

if __name__ == "__main__":
    sys.exit(main())
