"""Parsing replies, and what each means at each step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending import Verdict
from newsletter.sending.smtp.replies import Reply, ReplyParser, classify_reply
from newsletter.sending.status_codes import Step


def test_the_lines_of_a_reply_are_joined() -> None:
    assert ReplyParser().feed(b"550-5.1.1 no such\r\n550 user\r\n250 ok\r\n") == [
        Reply(550, "5.1.1 no such user"),
        Reply(250, "ok"),
    ]


@given(st.lists(st.integers(0, 60)))
def test_replies_do_not_depend_on_how_the_bytes_are_split(cuts: list[int]) -> None:
    data = b"250-mx.example\r\n250 SIZE\r\n250 2.1.0 ok\r\n421 4.3.2 closing\r\n"
    parser, found, start = ReplyParser(), [], 0
    for cut in [*sorted(cuts), len(data)]:
        found += parser.feed(data[start:cut])
        start = max(start, cut)
    assert found == ReplyParser().feed(data)


@pytest.mark.parametrize("data", [b"hello\r\n", b"2500 ok\r\n", b"\r\n", b"x" * 70000])
def test_other_protocols_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="invalid SMTP reply"):
        ReplyParser().feed(data)


@pytest.mark.parametrize(
    ("step", "reply", "verdict"),
    [
        (Step.MAIL, Reply(250, "2.1.0 ok"), None),
        (Step.DATA, Reply(354, "go on"), None),
        (Step.END_OF_DATA, Reply(250, "2.0.0 queued"), Verdict.SENT),
        (Step.RCPT, Reply(421, "4.3.2 closing"), Verdict.UNSENT),
        (Step.RCPT, Reply(450, "4.2.0 greylisted"), Verdict.DEFERRED),
        (Step.RCPT, Reply(550, "5.1.1 no such user"), Verdict.BOUNCED),
        (Step.END_OF_DATA, Reply(550, "5.1.1 no such user"), Verdict.BOUNCED),
        (Step.RCPT, Reply(550, "no such user"), Verdict.BOUNCED),
        (Step.MAIL, Reply(550, "5.1.8 bad sender"), Verdict.POLICY),
        (Step.RCPT, Reply(554, "5.7.1 blocked"), Verdict.REJECTED),
        (Step.END_OF_DATA, Reply(550, "5.7.1 likely unsolicited"), Verdict.REJECTED),
        (Step.MAIL, Reply(550, "5.7.1 client host blocked"), Verdict.POLICY),
        (Step.RCPT, Reply(550, "5.1.0 <a@b.example>: Sender address rejected: User unknown"), Verdict.POLICY),
        (Step.MAIL, Reply(530, "authentication required"), Verdict.POLICY),
        (Step.MAIL, Reply(552, "5.3.4 too big"), Verdict.REFUSED),
        (Step.RCPT, Reply(553, "SMTPUTF8 required"), Verdict.REFUSED),
    ],
)
def test_the_meaning_of_replies(step: Step, reply: Reply, verdict: Verdict | None) -> None:
    assert classify_reply(step, reply) is verdict
