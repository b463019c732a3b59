"""Fixtures of many tests: a store in a real file, and the recorded data where it is available."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from newsletter.sources import HttpClient
from newsletter.store import Store
from tests.stores import open_new_store

# Many images set this variable; each worker and each process that a test starts would then compile all it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# No test asserts a duration: on a busy machine even making the examples is slow. A fixture that all examples of a test
# share is either read only, or the test cleans up. In CI the examples are the same in every run, so that a failure is
# due to the change; once a week CI looks for new ones with the thorough profile.
_HEALTH = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
settings.register_profile(
    "quick", max_examples=20, deadline=None, suppress_health_check=_HEALTH, derandomize=bool(os.environ.get("CI"))
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=200, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# Ten thousand tests, and all that they import, live until the end. To search them for garbage, over and over, took a
# sixth of the CPU time; now only what tests make is searched.
gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Begin to look for garbage."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


_SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings in the developer's environment out of the tests."""
    for variable in [name for name in os.environ if name.startswith("NEWSLETTER_") or name == "HF_ENDPOINT"]:
        monkeypatch.delenv(variable)


@pytest.fixture(scope="session", autouse=True)
def _one_ssl_context() -> Iterator[None]:
    """Let HTTP clients share their SSL context: reading the certificates takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx._transports.default, "create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail in CI if a test was skipped, unless it needs the data beside the repository."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = terminal.stats.get("skipped", []) if terminal else []
    wrongly = [report for report in skipped if "../shared" not in str(report.longrepr)]
    if os.environ.get("CI") and wrongly and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store in a real SQLite file."""
    with open_new_store(tmp_path / "newsletter.db") as opened:
        yield opened


@pytest.fixture
def usual_sigint() -> Iterator[None]:
    """SIGINT as in a terminal: where the tests run in the background of a shell, it is ignored."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.fixture
def client() -> Iterator[HttpClient]:
    """An HTTP client that does not wait between attempts."""
    with HttpClient(sleep=lambda _seconds: None) as opened:
        yield opened


@pytest.fixture
def shared() -> Path:
    """The folder of recorded data beside the repository."""
    if not _SHARED.is_dir():
        pytest.skip("../shared is not here")
    return _SHARED
