"""`python -m matcher`: solve, check, explain, repair on JSON files."""

import sys

INTERRUPTED, NOBODY_READS = 130, 141

if __name__ == "__main__":
    try:
        # Loading takes a second: a Ctrl-C in it, or while nothing is being solved, needs no account of the code.
        from matcher.cli import main, to_nowhere

        try:
            code = main()
            sys.stdout.flush()
        except BrokenPipeError:
            to_nowhere(sys.stdout)
            code = NOBODY_READS
        sys.exit(code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
