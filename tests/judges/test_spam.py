"""SpamAssassin on every message as delivered: no rule about content or headers adds to its score."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.models import Message
from tests.judges.conftest import unavailable

#: The receiving server's header, with the message's name as queue id. SpamAssassin does not penalize 198.18.0.0/15
#: (RFC 2544), unlike the addresses for documentation (RFC 5737).
RECEIVED = (
    "Received: from mail.papers.example.org (mail.papers.example.org [198.18.0.21])\n"
    "\tby mx.example.org (Postfix) with ESMTPS id {}\n"
    "\tfor <ada@example.org>; Fri,  8 May 2026 09:30:02 +0000 (UTC)\n"
)

#: No learned data and no network tests.
SETTINGS = (
    "use_bayes 0",
    "use_txrep 0",
    "use_auto_welcomelist 0",
    "report_safe 0",
    "fold_headers 0",
    "add_header all Judge _SCORE_ _TESTSSCORES(,)_",
)

#: Informational: there is an HTML part, which adds 0.001 points.
ALLOWED = {"HTML_MESSAGE"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """SpamAssassin's verdict on a message."""

    score: float
    #: The points of each rule that matched.
    rules: dict[str, float]

    @property
    def penalties(self) -> set[str]:
        """The rules that add to the score."""
        return {rule for rule, points in self.rules.items() if points > 0} - ALLOWED


def judge_all(mails: dict[str, bytes], home: Path) -> dict[str, Verdict]:
    """Judge messages in one process, which reports them in arbitrary order."""
    program = shutil.which("spamassassin")
    if program is None:
        unavailable("SpamAssassin", "Debian's spamassassin")
    settings = [f"--cf={setting}" for setting in SETTINGS]
    completed = subprocess.run(
        [program, "--local", "--test-mode", "--mbox", "--nocreate-prefs", "--prefspath=/dev/null", *settings],
        input=b"".join(_mbox_entry(name, mail) for name, mail in mails.items()),
        capture_output=True,
        check=True,
        timeout=900,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    reports = re.findall(
        r"^X-Spam-Judge: (\S+) (\S+)\n(?:.*\n){,9}?.* with ESMTPS id (\S+)\n",
        completed.stdout.decode(errors="replace"),
        re.MULTILINE,
    )
    verdicts = {name: Verdict(float(score), dict(_points(rules))) for score, rules, name in reports}
    assert verdicts.keys() == mails.keys()
    return verdicts


def _mbox_entry(name: str, mail: bytes) -> bytes:
    """Return a message as an entry of an mbox file."""
    received = RECEIVED.format(name).encode() + mail.replace(b"\r\n", b"\n")
    return b"From MAILER-DAEMON Fri May  8 09:30:02 2026\n" + re.sub(rb"(?m)^(>*From )", rb">\1", received) + b"\n"


def _points(rules: str) -> list[tuple[str, float]]:
    pairs = (rule.partition("=") for rule in rules.split(",") if "=" in rule)
    return [(name, float(points)) for name, _, points in pairs]


@pytest.fixture(scope="module")
def verdicts(messages: dict[str, Message], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Return the verdicts on all messages, and on one that is spam."""
    spam = (
        b"From: Money <rich@papers.example.org>\r\nTo: ada@example.org\r\nSubject: FREE MONEY!!!\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<a href="http://papers.example.org/">Click</a>\r\n'
    )
    mails = {name: message.content for name, message in messages.items()} | {"spam": spam}
    return judge_all(mails, tmp_path_factory.mktemp("spamassassin"))


def test_spamassassin_finds_spam(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["spam"].penalties >= {"MISSING_DATE", "MISSING_MID", "MIME_HTML_ONLY"}


def test_no_rule_adds_to_the_score(verdicts: dict[str, Verdict]) -> None:
    assert {name: verdict.penalties for name, verdict in verdicts.items() if verdict.penalties and name != "spam"} == {}


def test_every_score_is_below_1(verdicts: dict[str, Verdict]) -> None:
    assert {name: verdict.score for name, verdict in verdicts.items() if verdict.score >= 1 and name != "spam"} == {}


def test_every_message_is_recognized_as_list_mail(verdicts: dict[str, Verdict]) -> None:
    assert [name for name, verdict in verdicts.items() if "MAILING_LIST_MULTI" not in verdict.rules] == ["spam"]
