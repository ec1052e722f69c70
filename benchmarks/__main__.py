"""Every benchmark, one after the other: `make bench`. Ends with 1 when one of them missed its aim."""

import sys

from benchmarks import logins, markdown, reading, timing

if __name__ == "__main__":
    sys.exit(max([benchmark.main() for benchmark in (reading, markdown, logins, timing)]))
