"""One process sends for a site, with the senders that inherit its lock."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from newsletter.errors import AlreadySending
from newsletter.pipeline.site_lock import sending_lock


def test_it_excludes_another_run_and_who_uses_filelock(tmp_path: Path) -> None:
    lock = tmp_path / "newsletter.lock"
    with sending_lock(lock):
        with pytest.raises(AlreadySending), sending_lock(lock):
            pass
        with pytest.raises(Timeout), FileLock(lock, timeout=0):
            pass
    with FileLock(lock), pytest.raises(AlreadySending), sending_lock(lock):
        pass
    with sending_lock(lock):
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="a lock cannot be inherited")
def test_who_inherits_it_holds_it_until_their_end(tmp_path: Path) -> None:
    lock = tmp_path / "newsletter.lock"
    with sending_lock(lock) as descriptor:
        assert descriptor is not None
        command = [sys.executable, "-c", "input()"]
        heir = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[descriptor])
    with pytest.raises(AlreadySending), sending_lock(lock):
        pass
    heir.communicate(os.linesep.encode())
    with sending_lock(lock):
        pass
