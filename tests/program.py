"""Processes that begin as copies of one that has imported the program: that takes most of the time of a short command.

`Program` is `newsletter` in such a process, with its pipes, its signals and its exit code.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Timer
from typing import TextIO

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["pytest", "tests.warm"])
ROOT = Path(__file__).parents[1]
#: What takes longer has hung.
_LIMIT_S = 120.0


def start(process: BaseProcess) -> None:
    """Start a process of `PROCESSES`; what it is a copy of finds the tests only from here."""
    with chdir(ROOT):
        process.start()


def children(process: int) -> list[int]:
    """Return the processes that a process has started, and that have not ended; on Linux."""
    found: list[int] = []
    for thread in Path(f"/proc/{process}/task").glob("*/children"):
        found += map(int, thread.read_text(encoding="utf-8").split())
    return found


class Program:
    """A command that runs, as `subprocess.Popen` has it; it is killed if it is still there at the end of the block."""

    def __init__(
        self,
        *arguments: str,
        module: str = "newsletter",
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        before: Callable[[], None] | None = None,
        are_errors_among_output: bool = False,
    ) -> None:
        output, their_output = PROCESSES.Pipe(duplex=False)
        errors, their_errors = PROCESSES.Pipe(duplex=False)
        given = (
            module, arguments, their_output, their_output if are_errors_among_output else their_errors,
            folder or Path.cwd(), dict(os.environ if environment is None else environment), before,
        )  # fmt: skip
        self._process = PROCESSES.Process(target=_run, args=given)
        start(self._process)
        self.stdout, self.stderr = _text(output), _text(errors)
        for end in (their_output, their_errors):
            end.close()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, error: type[BaseException] | None, *_error: object) -> None:
        if error is not None:
            self.kill()
        self.wait()
        self._close()

    @property
    def returncode(self) -> int | None:
        """The exit code of the process, or minus the signal that ended it; None while it runs."""
        return self._process.exitcode

    @property
    def pid(self) -> int | None:
        """The number of the process."""
        return self._process.pid

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self._process.is_alive() and self._process.pid:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def wait(self) -> int:
        """Wait until the process has ended; return its exit code."""
        self._process.join(_LIMIT_S)
        self.kill()
        self._process.join()
        return self._process.exitcode or 0

    def communicate(self) -> tuple[str, str]:
        """Read what is printed to the end, wait, and close; return stdout and stderr."""
        limit = Timer(_LIMIT_S, self.kill)
        limit.start()
        try:
            with ThreadPoolExecutor(1) as thread:
                errors = thread.submit(self.stderr.read)
                printed = self.stdout.read(), errors.result()
        finally:
            limit.cancel()
        self.wait()
        self._close()
        return printed

    def _close(self) -> None:
        self.stdout.close()
        self.stderr.close()


def _text(end: Connection) -> TextIO:
    with end:
        return os.fdopen(os.dup(end.fileno()), encoding="utf-8")


def _run(
    module: str,
    arguments: tuple[str, ...],
    output: Connection,
    errors: Connection,
    folder: Path,
    environment: Mapping[str, str],
    before: Callable[[], None] | None,
) -> None:
    os.dup2(output.fileno(), 1)
    os.dup2(errors.fileno(), 2)
    for end in {output, errors}:
        end.close()
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115 - open to the end
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [module, *arguments]
    if before is not None:
        before()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
