"""Settings that are read again when newsletter.toml changes, or on SIGHUP: all of them, or none if one is wrong."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from newsletter.errors import NewsletterError


@dataclass
class SettingsWatch:
    """Looks for changes of the settings, whenever `look` is called."""

    path: Path
    #: Reads the settings and puts them into effect; raises NewsletterError and changes nothing if one is wrong.
    load: Callable[[], None]
    #: Is called with a line for the operator.
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self._requested = Event()
        self._loaded = self._seen = self._stamp()

    def request(self) -> None:
        """Have the settings read by the next `look`, whether they changed or not."""
        self._requested.set()

    def look(self) -> None:
        """Read the settings if that was requested, or if the file changed and is not being written any more."""
        stamp, before = self._stamp(), self._seen
        self._seen = stamp
        if not self._requested.is_set() and (stamp == self._loaded or stamp != before or stamp is None):
            return
        self._requested.clear()
        self._loaded = stamp
        try:
            self.load()
        except NewsletterError as error:
            self.say(f"settings not reloaded, the former ones stay: {error}")
        else:
            self.say(f"settings reloaded: {self.path}")

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino


@contextmanager
def reload_on_hangup(watch: SettingsWatch) -> Iterator[None]:
    """Have the settings read again on SIGHUP inside this context; for the main thread only. Windows has no SIGHUP."""
    number = getattr(signal, "SIGHUP", None)
    if number is None:
        yield
        return
    before = signal.signal(number, lambda _number, _frame: watch.request())
    try:
        yield
    finally:
        signal.signal(number, before)
