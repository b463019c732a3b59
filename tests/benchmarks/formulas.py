"""Whether formulas say on one line what they say in TeX: random ones, evaluated as they are made and as they are read.

    python -m tests.benchmarks.formulas [--count 20000] [--seed 1]

The formulas have fractions, powers, subscripts, roots, sums, products, accents, functions, binomials and brackets
within each other. What is printed is how many have the same value, and every one that does not, stays as typed, can be
read in two ways, or changes when it is read again.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from random import Random

from tests.text.tex.samples import Verdict, judged, random_formula


def main() -> None:
    """Print the counts and what is not equal; exit with 1 if a value changes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = Random(options.seed)  # noqa: S311 - the same in every run
    counts: Counter[Verdict] = Counter()
    for _ in range(options.count):
        tex, value = random_formula(chance)
        verdict, shown = judged(tex, value)
        counts[verdict] += 1
        if verdict is not Verdict.EQUAL:
            print(f"{verdict.value}: {tex}  ->  {shown}")
    for verdict in Verdict:
        print(f"{counts[verdict]:8} {verdict.value}")
    sys.exit(counts[Verdict.CHANGED] > 0)


if __name__ == "__main__":
    main()
