"""`make bench`: the reach of both solvers on this machine, one after the other."""

import sys

from tests.benchmarks import groups, visits

if __name__ == "__main__":
    sys.exit(max(visits.main([]), groups.main([])))
