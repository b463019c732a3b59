"""Heuristic bounce parsing: what is a bounce, what is an automatic reply, and what is quoted."""

from __future__ import annotations

import pytest

from newsletter.mailboxes.mime import Part, parse
from newsletter.sending.bounces.heuristics import explanation, failed_recipients, is_auto_reply, quoted_message_id
from tests.sending.bounces.samples import ADA, CASES, OURS

BOUNCE = f"""From: MAILER-DAEMON@mx.example
Subject: failure notice

Your message could not be delivered to {ADA}: 550 5.1.1 no such user.

--- Below this line is a copy of the message.

Message-ID: {OURS}
To: bob@users.example
"""


def parsed(raw: bytes) -> Part:
    message = parse(raw)
    assert message is not None
    return message


def sample(name: str) -> Part:
    return parsed(next(case.raw for case in CASES if case.name == name))


def test_the_quoted_original_is_not_part_of_the_explanation() -> None:
    message = parsed(BOUNCE.encode())
    assert "bob@" not in explanation(message)
    assert quoted_message_id(message) == OURS
    ((email, response),) = failed_recipients(message)
    assert email == ADA
    assert "550 5.1.1" in response


@pytest.mark.parametrize("name", ["out of office", "abwesend", "vacation without headers", "challenge-response"])
def test_automatic_replies_and_mailing_lists_are_not_bounces(name: str) -> None:
    assert is_auto_reply(sample(name))
    assert list(failed_recipients(sample(name))) == []


def test_a_header_with_the_failed_recipients_makes_it_a_bounce() -> None:
    message = sample("exim in plain text")  # "Auto-Submitted: auto-replied", as automatic replies have
    assert not is_auto_reply(message)
    assert [email for email, _ in failed_recipients(message)] == [ADA]


def test_people_who_quote_a_bounce_do_not_send_one() -> None:
    quoted = BOUNCE.replace("MAILER-DAEMON@mx.example", "Bob <bob@users.example>")
    assert list(failed_recipients(parsed(quoted.encode()))) == []
