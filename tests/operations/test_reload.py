from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from newsletter.errors import ConfigError
from newsletter.operations.reload import SettingsWatch, reload_on_hangup


class Watched:
    """A file of settings, what was loaded of it, and what was said."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loaded: list[str] = []
        self.said: list[str] = []
        path.write_text("first", encoding="utf-8")
        self.watch = SettingsWatch(path, self.load, self.said.append)

    def load(self) -> None:
        text = self.path.read_text(encoding="utf-8")
        if text == "wrong":
            raise ConfigError("sender.address: no address")
        self.loaded.append(text)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "newsletter.toml")


def test_settings_that_stay_the_same_are_not_read_again(watched: Watched) -> None:
    watched.watch.look()
    watched.watch.look()
    assert watched.loaded == watched.said == []


def test_a_change_is_read_once_it_is_complete(watched: Watched) -> None:
    watched.path.write_text("half", encoding="utf-8")
    watched.watch.look()
    watched.path.write_text("complete", encoding="utf-8")
    watched.watch.look()
    assert watched.loaded == []
    watched.watch.look()
    watched.watch.look()
    assert watched.loaded == ["complete"]
    assert watched.said == [f"settings reloaded: {watched.path}"]


def test_wrong_settings_are_refused_once_and_corrected_ones_read(watched: Watched) -> None:
    watched.path.write_text("wrong", encoding="utf-8")
    for _ in range(4):
        watched.watch.look()
    assert watched.said == ["settings not reloaded, the former ones stay: sender.address: no address"]
    watched.path.write_text("corrected", encoding="utf-8")
    for _ in range(4):
        watched.watch.look()
    assert watched.loaded == ["corrected"]


def test_a_file_that_is_gone_changes_nothing(watched: Watched) -> None:
    watched.path.unlink()
    for _ in range(3):
        watched.watch.look()
    assert watched.loaded == watched.said == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")
def test_a_hangup_reads_them_whether_they_changed_or_not(watched: Watched) -> None:
    with reload_on_hangup(watched.watch):
        signal.raise_signal(signal.SIGHUP)
        watched.watch.look()
        watched.watch.look()
    assert watched.loaded == ["first"]
