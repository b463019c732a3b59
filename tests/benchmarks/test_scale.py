"""The simulation of large sites: nobody is lost, more machines are never later, nothing is faster than arithmetic."""

from __future__ import annotations

from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.pipeline.fleet_shards import SHARD_SIZE
from tests.benchmarks import scale
from tests.benchmarks.scale import (
    MEASURED,
    SIZES,
    Basis,
    Constant,
    Constants,
    Edition,
    Form,
    Partition,
    breaks_first,
    limits,
    lock_us,
    plan_us,
    shards,
    simulate,
    site_of,
)

NAMES = [field.name for field in fields(Constants)]
#: What makes an edition slower, or a database full, the larger it is.
COSTS = ["decide", "make", "plan_server", "lock", "row", "index", "subscriber", "digest", "commit"]
factors = st.floats(0.05, 20)


def changed(**values: float) -> Constants:
    """Return the constants with other values."""
    return replace(MEASURED, **{name: replace(getattr(MEASURED, name), value=value) for name, value in values.items()})


#: Machines of other speeds.
constants = st.builds(
    lambda decide, make, lock, relay, commit: changed(
        decide=MEASURED.decide.value * decide,
        make=MEASURED.make.value * make,
        lock=MEASURED.lock.value * lock,
        relay=MEASURED.relay.value * relay,
        commit=MEASURED.commit.value * commit,
    ),
    *[factors] * 5,
)
partitions = st.builds(Partition, st.integers(0, 60_000), st.integers(1, 60), st.integers(1, 20))


@given(partitions, constants)
def test_every_subscriber_has_one_delivery_which_is_in_one_shard(partition: Partition, driven_by: Constants) -> None:
    edition = simulate(partition, driven_by)

    assert edition.deliveries == partition.subscribers == sum(shards(partition.subscribers))
    assert edition.shards == -(-partition.subscribers // SHARD_SIZE)
    assert all(0 < size <= SHARD_SIZE for size in shards(partition.subscribers))


@given(partitions, constants, st.integers(1, 40), st.integers(1, 10))
def test_more_machines_are_never_later(partition: Partition, driven_by: Constants, workers: int, relays: int) -> None:
    done_s = simulate(partition, driven_by).done_s
    more_workers = replace(partition, workers=partition.workers + workers)
    more_relays = replace(partition, relays=partition.relays + relays)

    assert simulate(more_workers, driven_by).done_s <= done_s * (1 + 1e-9)
    assert simulate(more_relays, driven_by).done_s <= done_s * (1 + 1e-9)


@given(partitions, constants)
def test_nothing_works_for_longer_than_an_edition_takes(partition: Partition, driven_by: Constants) -> None:
    edition = simulate(partition, driven_by)

    assert edition.planned_s == pytest.approx(partition.subscribers * plan_us(driven_by) / 1e6)
    assert all(0 <= busy <= 1 + 1e-9 for busy in edition.busy.values())


@given(st.integers(1, 20_000), constants)
def test_one_worker_takes_as_long_as_all_steps_together(number: int, driven_by: Constants) -> None:
    edition = simulate(Partition(number, 1, 1), driven_by)

    each_us = plan_us(driven_by) + driven_by.make.value + lock_us(driven_by) + 1e6 / driven_by.relay.value
    replies_s = edition.shards * driven_by.reply.value / 1e3
    assert edition.done_s == pytest.approx(number * each_us / 1e6 + replies_s)


@given(st.integers(1, 3_000_000))
def test_a_site_of_any_size_is_out_within_the_window_and_has_room_for_everybody(number: int) -> None:
    site = site_of(number)

    assert site.edition.done_s <= MEASURED.window.value
    assert site.partitions * site.partition.subscribers >= number
    assert (site.partitions - 1) * site.partition.subscribers < number
    assert site.partition.subscribers <= limits()[0].subscribers
    assert (site.form is Form.PARTITIONS) is (site.partitions > 1)


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize("factor", [1.1, 7.0])
def test_what_costs_more_lets_no_database_grow_larger(name: str, factor: float) -> None:
    dearer = {
        limit.name: limit.subscribers for limit in limits(changed(**{name: getattr(MEASURED, name).value * factor}))
    }

    before = {limit.name: limit.subscribers for limit in limits()}
    assert all(dearer[limit] <= before[limit] for limit in before)
    assert dearer != before


def test_a_size_is_beyond_each_limit_that_is_smaller() -> None:
    first = limits()[0]

    assert breaks_first(first.subscribers) == "nothing"
    assert breaks_first(first.subscribers + 1) == first.name
    assert breaks_first(10**12) == ", ".join(limit.name for limit in limits())


def test_the_script_prints_the_tables_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    scale.main()

    printed = capsys.readouterr().out.strip()
    page = (Path(scale.__file__).parents[2] / "docs/scale.md").read_text(encoding="utf-8")
    assert printed in page
    assert all(f"| {size:,} |" in printed for size in SIZES)


def source_of(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_names_the_benchmark_that_measures_it_or_is_not_measured(name: str) -> None:
    constant: Constant = getattr(MEASURED, name)

    is_printed = constant.source.startswith("python -m tests.benchmarks.")
    assert is_printed is (constant.basis in (Basis.MEASURED, Basis.EXTRAPOLATED))
    if is_printed:
        _, _, module, *words = constant.source.split()
        source = source_of(module)
        assert all(f'"{word}"' in source for word in words if word.startswith("--"))


def test_an_empty_edition_is_over_when_it_is_planned() -> None:
    assert simulate(Partition(0, 3, 1)) == Edition(
        0, 0, 0.0, 0.0, dict.fromkeys(simulate(Partition(1, 1, 1)).busy, 0.0)
    )
