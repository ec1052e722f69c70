"""How long texts made to be slow take, beside ordinary prose of the same length: `python -m benchmarks.markdown`.

No text of 100 kB may take over a second (the slowest is printed first), nor give more than twenty times its length.
"""

from __future__ import annotations

import sys
import time

from homeport.core.markdown import Rendered, render
from tests.core.markdown_bombs import BOMBS

SIZE = 100_000
PROSE = "## A heading\n\nSome *words* with [a link](https://a.example/), `code` and **more** words, as written.\n\n"


def measured(source: str) -> tuple[float, Rendered]:
    """Seconds of processor time of the faster of two runs (the machine may be doing other things), and the result."""
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        result = render(source)
        best = min(best, time.process_time() - start)
    return best, result


def main() -> int:
    """Print the table; 1 if a text took over a second or grew by more than twenty."""
    prose, _ = measured(PROSE * (SIZE // len(PROSE)))
    rows = []
    for name, bomb in BOMBS.items():
        source = bomb(SIZE)
        seconds, result = measured(source)
        rows.append((seconds, len(result.html) / len(source), name))
    rows.sort(reverse=True)
    largest = max(growth for _, growth, _ in rows)
    print(f"prose of {SIZE:,} characters: {prose:.3f} s; {len(rows)} texts made to be slow, the slowest first:")
    for seconds, growth, name in rows[:15]:
        print(f"{seconds:7.3f} s  {seconds / prose:6.1f} times prose  output {growth:5.1f} times  {name}")
    print(f"largest growth: {largest:.1f} times")
    return int(rows[0][0] > 1 or largest > 20)


if __name__ == "__main__":
    sys.exit(main())
