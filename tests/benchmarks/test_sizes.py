"""Time is linear in the size, at every entrance; `python -m tests.benchmarks.sizes` prints the table."""

from __future__ import annotations

import pytest

from tests.benchmarks.sizes import ENTRANCES, GENERATORS, measure, ratio, seconds

#: The smaller and the larger size, in characters. At the larger one, quadratic time shows in any of them.
_SIZES = (2000, 16_000)
#: What takes this long at a quarter of the smaller size (seconds) is far above the clock's noise there already.
_LONG_S = 0.01
#: Linear time gives 8, and once 14 on a busy machine; n^1.5 gives 23, quadratic time 64.
_MOST = 16


def slowness(entrance: str, generator: str) -> float:
    """Return the ratio of the times at both sizes, or at a quarter of both for what takes long."""
    sizes = [size // 4 for size in _SIZES]
    if seconds(entrance, generator, sizes[:1], 1)[0] < _LONG_S:
        sizes = list(_SIZES)
    return ratio(measure(entrance, generator, sizes, 1, _MOST))


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_eight_times_the_size_takes_about_eight_times_as_long(entrance: str) -> None:
    ratios = {generator: slowness(entrance, generator) for generator in GENERATORS}
    assert {generator: one for generator, one in ratios.items() if one > _MOST} == {}


def test_what_is_quadratic_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    # Enough that the larger size takes far more than 16 times the clock's resolution, on a fast machine, too.
    monkeypatch.setitem(ENTRANCES, "quadratic", lambda text: [text.lower() for _ in text[::4]])
    assert slowness("quadratic", "one word") > _MOST
