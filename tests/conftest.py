"""What many tests need: a store in a real file, and the recorded data where it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from newsletter.sources import HttpClient
from newsletter.store import Store, open_store

# No test asserts a time. In CI the examples are the same in every run: a failure there is the change's own.
settings.register_profile("newsletter", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("newsletter")

_SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own environment out of the tests."""
    for variable in [name for name in os.environ if name.startswith("NEWSLETTER_") or name == "HF_ENDPOINT"]:
        monkeypatch.delenv(variable)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failed one, but for those on data that lies outside of the repository."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = terminal.stats.get("skipped", []) if terminal else []
    wrongly = [report for report in skipped if "../shared" not in str(report.longrepr)]
    if os.environ.get("CI") and wrongly and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store in a real SQLite file."""
    with open_store(tmp_path / "newsletter.db") as opened:
        yield opened


@pytest.fixture
def client() -> Iterator[HttpClient]:
    """The network, without waiting between attempts."""
    with HttpClient(sleep=lambda _seconds: None) as opened:
        yield opened


@pytest.fixture
def shared() -> Path:
    """The folder of recorded data, which lies beside the repository and is not part of it."""
    if not _SHARED.is_dir():
        pytest.skip("../shared is not here")
    return _SHARED
