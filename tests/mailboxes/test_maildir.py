"""Reading reports from a Maildir: each message is marked as seen only once it was processed."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.mailboxes import MailboxError
from newsletter.mailboxes.maildir import each_in_maildir


def test_messages_that_were_not_processed_stay_unseen(tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "new" / "1").write_bytes(b"one")
    (tmp_path / "cur" / "2:2,S").write_bytes(b"seen")
    (tmp_path / "cur" / "3:2,R").write_bytes(b"three")
    (tmp_path / "new" / "link").symlink_to("/etc/passwd")

    def full(_raw: bytes) -> None:
        raise StoreError("disk full")

    with pytest.raises(StoreError, match="disk full"):
        each_in_maildir(tmp_path, full)
    processed: list[bytes] = []
    assert each_in_maildir(tmp_path, processed.append).read == 2
    assert sorted(processed) == [b"one", b"three"]
    assert sorted(path.name for path in (tmp_path / "cur").iterdir()) == ["1:2,S", "2:2,S", "3:2,RS"]


def test_another_folder_is_not_a_maildir(tmp_path: Path) -> None:
    with pytest.raises(MailboxError, match="not a Maildir"):
        each_in_maildir(tmp_path, lambda _raw: None)
