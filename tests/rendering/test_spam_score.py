from __future__ import annotations

import stat
from pathlib import Path

import pytest

from newsletter.rendering.spam_score import find_scorer

REPORT = """Spam detection software has looked.

Content analysis details:   (6.3 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-1.0 ALL_TRUSTED            Passed through trusted hosts only via SMTP
 7.3 SUBJ_ALL_CAPS          Subject is all capitals
"""


def test_the_score_and_the_rules_that_add_to_it_are_read_from_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_scorer() is None
    program = tmp_path / "spamassassin"
    program.write_text(f"#!/bin/sh\nwhile read -r _; do :; done\necho '{REPORT}'\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)

    scorer = find_scorer()

    assert scorer is not None
    assert scorer(b"Subject: HELLO\r\n\r\n") == (6.3, "SUBJ_ALL_CAPS 7.3")
