"""What is said to a mail server, and what its answers mean: without a socket."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Message
from newsletter.sending import Verdict
from newsletter.sending.smtp.conversation import Conversation
from newsletter.sending.smtp.rate_limit import RateLimiter, TokenBucket

ALL = {"pipelining": ""}


def message(recipient: str = "ada@example.org", content: bytes = b"Subject: x\r\n\r\nHello\r\n") -> Message:
    return Message(
        message_id=f"<{recipient}>", sender="news@example.org", recipient=recipient, subject="x", content=content
    )


def talk(extensions: Mapping[str, str] = ALL) -> Conversation:
    return Conversation(extensions, "mail.example")


def said(conversation: Conversation) -> bytes:
    words = b"".join(conversation.out)
    conversation.out.clear()
    return words


def test_the_next_envelope_rides_behind_the_last_dot() -> None:
    conversation = talk()
    conversation.offer(message())
    assert said(conversation) == b"MAIL FROM:<news@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n"
    assert conversation.receive(b"250 a\r\n250 b\r\n354 c\r\n") == []
    conversation.depart()
    conversation.offer(message("bob@example.org"))
    assert said(conversation).endswith(
        b"Hello\r\n.\r\nMAIL FROM:<news@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"
    )

    (result,) = conversation.receive(b"250 2.0.0 taken\r\n250 a\r\n250 b\r\n354 c\r\n")

    assert (result.verdict, result.words) == (Verdict.SENT, "250 2.0.0 taken")
    assert conversation.ready == message("bob@example.org")


def test_a_server_without_pipelining_is_asked_one_thing_at_a_time() -> None:
    conversation = talk({})
    conversation.offer(message())
    assert said(conversation) == b"MAIL FROM:<news@example.org>\r\n"
    conversation.receive(b"250 a\r\n")
    assert said(conversation) == b"RCPT TO:<ada@example.org>\r\n"
    (result,) = conversation.receive(b"550 5.1.1 who?\r\n")
    assert result.verdict is Verdict.BOUNCED
    assert said(conversation) == b""
    conversation.offer(message("bob@example.org"))
    assert said(conversation) == b"RSET\r\n"


def test_with_chunking_a_message_goes_with_its_envelope() -> None:
    conversation = talk(ALL | {"chunking": ""})
    conversation.offer(message())
    assert said(conversation) == b""
    conversation.depart()
    assert said(conversation).endswith(b"BDAT 21 LAST\r\nSubject: x\r\n\r\nHello\r\n")

    (result,) = conversation.receive(b"250 a\r\n550 5.1.1 who?\r\n503 5.5.1 to whom?\r\n")

    assert result.verdict is Verdict.BOUNCED
    assert conversation.is_idle


def test_a_server_that_takes_messages_to_nobody_gets_an_empty_one() -> None:
    conversation = talk()
    conversation.offer(message())
    said(conversation)
    (result,) = conversation.receive(b"250 a\r\n550 5.1.1 who?\r\n354 go on\r\n")
    assert (result.verdict, said(conversation)) == (Verdict.BOUNCED, b".\r\n")
    assert conversation.receive(b"554 no valid recipients\r\n") == []
    assert conversation.is_idle


@pytest.mark.parametrize(("unsent", "verdict"), [(0, Verdict.IN_DOUBT), (1, Verdict.UNSENT)])
def test_only_what_was_handed_over_whole_is_in_doubt(unsent: int, verdict: Verdict) -> None:
    conversation = talk()
    conversation.offer(message())
    conversation.receive(b"250 a\r\n250 b\r\n354 c\r\n")
    conversation.depart()
    conversation.offer(message("bob@example.org"))

    results = conversation.lose("reset", unsent=unsent)

    assert [result.verdict for result in results] == [verdict, Verdict.UNSENT]


def test_what_begins_with_a_dot_gets_another() -> None:
    conversation = talk()
    conversation.offer(message(content=b".\r\n.two\r\n"))
    conversation.receive(b"250 a\r\n250 b\r\n354 c\r\n")
    said(conversation)
    conversation.depart()
    assert said(conversation) == b"..\r\n..two\r\n.\r\n"


@given(st.text(max_size=40))
def test_no_address_ends_the_line_it_stands_in(address: str) -> None:
    conversation = talk(ALL | {"smtputf8": ""})
    refusal = conversation.offer(message(address + "@example.org"))
    words = said(conversation)
    assert (refusal is not None and words == b"") or (words.count(b"\n") == words.count(b"\r\n") == 3)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_whatever_a_server_says_is_understood_or_refused(parts: list[bytes]) -> None:
    conversation = talk()
    conversation.offer(message())
    results = []
    try:
        for part in parts:
            results += conversation.receive(part)
            if conversation.ready is not None:
                conversation.depart()
    except ValueError:
        pass
    results += conversation.lose("gone", unsent=0)
    assert len(results) == 1


def test_a_bucket_lets_through_so_many_a_second() -> None:
    bucket = TokenBucket(2.0)
    assert bucket.wait_s(0.0) == 0
    bucket.take()
    assert bucket.wait_s(0.0) == 0.5
    assert bucket.wait_s(0.5) == 0


def test_while_one_domain_has_had_enough_others_get_theirs() -> None:
    messages = [message("a@one.example"), message("b@one.example"), message("c@two.example")]
    pace = RateLimiter(iter(messages), max_per_second=0, max_per_hour=0, max_per_second_per_domain=1)

    order = [pace.next(at) for at in (0.0, 0.0, 0.0, 1.0, 1.0)]

    assert order == [messages[0], messages[2], None, messages[1], None]
    assert pace.is_empty
