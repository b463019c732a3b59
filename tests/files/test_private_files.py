"""Files and folders are for their owner only, whatever the umask is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.files.private_files import (
    make_private,
    make_private_folder,
    open_to_others,
    private_mode,
    replace_private,
    touch_private,
    write_private,
)


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """No umask: whoever creates a file decides its mode."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_created_for_their_owner_only(tmp_path: Path) -> None:
    touch_private(tmp_path / "touched")
    write_private(tmp_path / "written", b"x")
    with open(tmp_path / "opened", "w", encoding="utf-8", opener=make_private) as file:
        file.write("x")
    assert {path.name: mode(path) for path in tmp_path.iterdir()} == dict.fromkeys(
        ["touched", "written", "opened"], 0o600
    )


def test_a_file_that_exists_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before", encoding="utf-8")
    path.chmod(0o640)
    touch_private(path)
    assert (path.read_text(encoding="utf-8"), mode(path)) == ("before", 0o640)
    with pytest.raises(FileExistsError):
        write_private(path, b"after", is_new=True)
    assert path.read_text(encoding="utf-8") == "before"


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_private(path, b"first")
    assert (path.read_bytes(), mode(path)) == (b"first", 0o600)
    replace_private(path, b"second", 0o640)
    assert (path.read_bytes(), mode(path)) == (b"second", 0o640)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_private(folder, b"third")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]


def test_folders_are_created_with_their_parents(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / "b")
    make_private_folder(tmp_path / "a" / "b")
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [0o700, 0o700]


def test_what_others_may_read_is_found(tmp_path: Path) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    write_private(file, b"")
    make_private_folder(folder)
    assert list(open_to_others([file, folder, tmp_path / "nothing"])) == []
    file.chmod(0o604)
    folder.chmod(0o710)
    assert list(open_to_others([file, folder])) == [(file, 0o604), (folder, 0o710)]
    assert [private_mode(file), private_mode(folder)] == [0o600, 0o700]


LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="its locks are other ones")
def test_to_touch_a_file_does_not_end_the_locks_of_other_connections_in_this_process(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "newsletter.db"
    touch_private(path)
    with path.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        touch_private(path)
        other = subprocess.run([sys.executable, "-c", LOCK, str(path)], capture_output=True, text=True, check=False)
    assert "BlockingIOError" in other.stderr
