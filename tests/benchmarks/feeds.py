"""How our reader of feeds does in the conformance suite of feedparser: a line per field, then every difference.

    python -m tests.benchmarks.feeds

pip fetches the suite, which is in feedparser's source distribution, once.
"""

from __future__ import annotations

import sys

from tests.sources.conformance import Unavailable, difference_of, fetch_suite, scores


def main() -> None:
    """Print the table."""
    try:
        found = scores(fetch_suite())
    except Unavailable as reason:
        sys.exit(str(reason))
    print(f"{'field':10}{'can apply':>10}{'equal':>8}{'share':>9}{'beyond us':>11}")
    for field, score in found.items():
        count = score.equal + len(score.differing)
        print(f"{field.value:10}{count:10}{score.equal:8}{score.share:9.2%}{score.beyond_us:11}")
    for score in found.values():
        for expectation, expected, read in score.differing:
            known = difference_of(expectation)
            print(f"\n{expectation.file}: {known.reason if known else 'unexplained'}\n  {expected!r}\n  {read!r}")


if __name__ == "__main__":
    main()
