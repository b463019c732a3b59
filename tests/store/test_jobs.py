from __future__ import annotations

from datetime import timedelta

from newsletter.store import Store
from newsletter.store.jobs import JobOutcome, JobState
from tests.factories import NOW

MINUTE = timedelta(minutes=1)


def test_what_a_job_did_and_when_it_runs_next(store: Store) -> None:
    store.jobs.set_next({"deliver": NOW, "models": None})
    store.jobs.begin("deliver", NOW)
    assert store.jobs.all()["deliver"].is_interrupted
    store.jobs.finish("deliver", JobOutcome.OK, "3 sent", NOW + MINUTE)
    store.jobs.begin("deliver", NOW + 2 * MINUTE)
    store.jobs.finish("deliver", JobOutcome.FAILED, "no server", NOW + 3 * MINUTE)
    store.jobs.set_next({"deliver": NOW + 8 * MINUTE})
    assert store.jobs.all() == {
        "deliver": JobState(
            "deliver",
            NOW + 2 * MINUTE,
            NOW + 3 * MINUTE,
            JobOutcome.FAILED,
            "no server",
            NOW + MINUTE,
            NOW + 8 * MINUTE,
        ),
        "models": JobState("models"),
    }
    assert not store.jobs.all()["deliver"].is_interrupted


def test_jobs_of_former_sources_are_deleted(store: Store) -> None:
    store.jobs.set_next({"deliver": NOW, "pull feed": NOW})
    store.jobs.keep_only(["deliver"])
    assert list(store.jobs.all()) == ["deliver"]
    store.jobs.keep_only([])
    assert store.jobs.all() == {}
