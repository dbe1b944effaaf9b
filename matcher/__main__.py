"""`python -m matcher`: solve, check, explain, repair on JSON files."""

import sys

INTERRUPTED = 130

if __name__ == "__main__":
    try:
        # Loading takes a second: a Ctrl-C in it, or while nothing is being solved, needs no account of the code.
        from matcher.cli import main

        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
