"""SpamAssassin on every letter as it arrives: no rule is broken by its content or its headers."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.models import Message
from tests.judges.conftest import unavailable

#: What the receiving server writes on top; its queue id is the letter's name. 198.18.0.0/15 is for tests, and unlike
#: other such addresses (RFC 5737) not a mark of spam.
RECEIVED = (
    "Received: from mail.papers.example.org (mail.papers.example.org [198.18.0.21])\n"
    "\tby mx.example.org (Postfix) with ESMTPS id {}\n"
    "\tfor <ada@example.org>; Fri,  8 May 2026 09:30:02 +0000 (UTC)\n"
)

#: Nothing learned before, and nothing asked of the network.
SETTINGS = (
    "use_bayes 0",
    "use_txrep 0",
    "use_auto_welcomelist 0",
    "report_safe 0",
    "fold_headers 0",
    "add_header all Judge _SCORE_ _TESTSSCORES(,)_",
)

#: Not a fault: it says no more than that there is an HTML part, and costs 0.001 points.
ALLOWED = {"HTML_MESSAGE"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What SpamAssassin makes of one letter."""

    score: float
    #: Every rule that hit, with its points.
    rules: dict[str, float]

    @property
    def broken(self) -> set[str]:
        """Rules that cost points."""
        return {rule for rule, points in self.rules.items() if points > 0} - ALLOWED


def ask(mails: dict[str, bytes], home: Path) -> dict[str, Verdict]:
    """Have these judged, all by one process, which takes them in an order of its own."""
    judge = shutil.which("spamassassin")
    if judge is None:
        unavailable("SpamAssassin", "Debian's spamassassin")
    settings = [f"--cf={setting}" for setting in SETTINGS]
    answer = subprocess.run(
        [judge, "--local", "--test-mode", "--mbox", "--nocreate-prefs", "--prefspath=/dev/null", *settings],
        input=b"".join(_boxed(name, mail) for name, mail in mails.items()),
        capture_output=True,
        check=True,
        timeout=180,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    told = re.findall(
        r"^X-Spam-Judge: (\S+) (\S+)\n(?:.*\n){,9}?.* with ESMTPS id (\S+)\n",
        answer.stdout.decode(errors="replace"),
        re.MULTILINE,
    )
    verdicts = {name: Verdict(float(score), dict(_points(rules))) for score, rules, name in told}
    assert verdicts.keys() == mails.keys()
    return verdicts


def _boxed(name: str, mail: bytes) -> bytes:
    """Return a mail as it is kept in a mailbox file."""
    received = RECEIVED.format(name).encode() + mail.replace(b"\r\n", b"\n")
    return b"From MAILER-DAEMON Fri May  8 09:30:02 2026\n" + re.sub(rb"(?m)^(>*From )", rb">\1", received) + b"\n"


def _points(rules: str) -> list[tuple[str, float]]:
    pairs = (rule.partition("=") for rule in rules.split(",") if "=" in rule)
    return [(name, float(points)) for name, _, points in pairs]


@pytest.fixture(scope="module")
def verdicts(messages: dict[str, Message], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """What is made of each letter, and of something that is spam."""
    spam = (
        b"From: Money <rich@papers.example.org>\r\nTo: ada@example.org\r\nSubject: FREE MONEY!!!\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<a href="http://papers.example.org/">Click</a>\r\n'
    )
    mails = {name: message.content for name, message in messages.items()} | {"spam": spam}
    return ask(mails, tmp_path_factory.mktemp("spamassassin"))


def test_spamassassin_finds_spam(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["spam"].broken >= {"MISSING_DATE", "MISSING_MID", "MIME_HTML_ONLY"}


def test_no_rule_is_broken(verdicts: dict[str, Verdict]) -> None:
    assert {name: told.broken for name, told in verdicts.items() if told.broken and name != "spam"} == {}


def test_no_letter_comes_near_to_spam(verdicts: dict[str, Verdict]) -> None:
    assert {name: told.score for name, told in verdicts.items() if told.score >= 1 and name != "spam"} == {}


def test_every_letter_is_seen_to_be_of_a_list(verdicts: dict[str, Verdict]) -> None:
    assert [name for name, told in verdicts.items() if "MAILING_LIST_MULTI" not in told.rules] == ["spam"]
