"""Every benchmark, one after the other: `make bench`. Ends with 1 when one of them missed its aim."""

import sys

from benchmarks import edge, logins, markdown, reading, timing, xray

if __name__ == "__main__":
    sys.exit(max([benchmark.main() for benchmark in (reading, edge, markdown, logins, timing, xray)]))
