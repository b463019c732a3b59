"""Every outcome of a run, however many there are: kept in a temporary file, and read from it as often as needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from newsletter.pipeline.outcomes import Outcome

#: Up to this size it is in memory.
_MAX_IN_MEMORY = 1_000_000


class OutcomeFile:
    """A file of outcomes, a line of JSON each; only its owner can read it, and closing deletes it."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_MAX_IN_MEMORY, mode="w+", encoding="utf-8")  # noqa: SIM115

    def __enter__(self) -> OutcomeFile:
        """Return itself."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Delete the file."""
        self._file.close()

    def add(self, outcome: Outcome) -> None:
        """Append one outcome."""
        self._file.write(json.dumps(outcome._asdict(), ensure_ascii=True) + "\n")

    def lines(self) -> Iterator[str]:
        """Yield each outcome as a line of JSON, in order; nothing may be added meanwhile."""
        self._file.seek(0)
        for line in self._file:
            yield line.rstrip("\n")

    def outcomes(self) -> Iterator[Outcome]:
        """Yield each outcome, in order; nothing may be added meanwhile."""
        from newsletter.pipeline.outcomes import Outcome, OutcomeStatus

        for line in self.lines():
            fields = json.loads(line)
            yield Outcome(**fields | {"status": OutcomeStatus(fields["status"])})
