"""Workers that lease permits in blocks keep to the limits together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.files.site import Site
from newsletter.pipeline.fleet_permits import FleetPermits
from newsletter.sending.smtp.settings import SmtpSettings
from newsletter.store import Store

AT = 1_778_000_000.0


@dataclass
class Clock:
    """A clock that only a test moves."""

    now_s: float = AT

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings without a mail server."""
    (tmp_path / "newsletter.toml").write_text("", encoding="utf-8")
    return load_config(Site(tmp_path), environ={})


def taken_by(
    store: Store, config: Config, seconds: float, domain: Callable[[int], str], workers: int = 3, **limits: int
) -> list[tuple[float, str]]:
    """Let workers take all that they get, and return when each took what; each waits as long as it is told to."""
    clock, server = Clock(), SmtpSettings("mail.example", **limits)  # type: ignore[arg-type]
    permits = [FleetPermits(replace(config, smtp=server), lambda: store.permits, clock) for _ in range(workers)]
    not_before, taken = [AT] * workers, list[tuple[float, str]]()
    while clock.now_s < AT + seconds:
        for number, one in enumerate(permits):
            while not_before[number] <= clock.now_s:
                to = domain(len(taken))
                wait = one.take(str(server), to, 0.0)
                if any(wait):
                    not_before[number] = clock.now_s + max(wait)
                else:
                    taken.append((clock.now_s - AT, to))
        clock.now_s += 0.01
    return taken


def most_within(taken: list[float], seconds: float) -> int:
    return max(sum(start <= one < start + seconds for one in taken) for start in taken)


def test_all_workers_together_keep_to_the_limit_by_the_second(store: Store, config: Config) -> None:
    taken = [at for at, _ in taken_by(store, config, 5, lambda _: "a.example", max_per_second=20)]
    assert most_within(taken, 1.0) <= 20 + 5  # a block, a quarter of a second's, may come late
    assert 70 <= len(taken) <= 100 + 5


def test_all_workers_together_keep_to_the_limit_of_a_domain(store: Store, config: Config) -> None:
    taken = taken_by(store, config, 5, lambda at: "ab"[at % 2], max_per_second_per_domain=2)
    for domain in "ab":
        assert most_within([at for at, to in taken if to == domain], 1.0) <= 3
    assert 10 <= len(taken) <= 22


def test_all_workers_together_keep_to_the_limit_by_the_hour(store: Store, config: Config) -> None:
    taken = [at for at, _ in taken_by(store, config, 40, lambda _: "a.example", max_per_hour=360)]
    assert len(taken) <= 5
    assert len(taken) >= 2


def test_without_limits_nobody_waits(store: Store, config: Config) -> None:
    server = SmtpSettings("mail.example")
    permits = FleetPermits(replace(config, smtp=server), lambda: store.permits, Clock())
    assert not any(permits.take(str(server), "a.example", 0.0))
