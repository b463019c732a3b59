"""The SMTP conversation without a socket: commands sent, and results of the replies."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Message
from newsletter.sending import Verdict
from newsletter.sending.smtp.conversation import Conversation

ALL = {"pipelining": ""}


def message(recipient: str = "ada@example.org", content: bytes = b"Subject: x\r\n\r\nHello\r\n") -> Message:
    return Message(
        message_id=f"<{recipient}>", sender="news@example.org", recipient=recipient, subject="x", content=content
    )


def start(extensions: Mapping[str, str] = ALL) -> Conversation:
    return Conversation(extensions, "mail.example")


def sent(conversation: Conversation) -> bytes:
    commands = b"".join(conversation.out)
    conversation.out.clear()
    return commands


def test_the_next_envelope_follows_the_final_dot() -> None:
    conversation = start()
    conversation.offer(message())
    assert sent(conversation) == b"MAIL FROM:<news@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n"
    assert conversation.receive(b"250 a\r\n250 b\r\n354 c\r\n") == []
    conversation.depart()
    conversation.offer(message("bob@example.org"))
    assert sent(conversation).endswith(
        b"Hello\r\n.\r\nMAIL FROM:<news@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"
    )

    (result,) = conversation.receive(b"250 2.0.0 accepted\r\n250 a\r\n250 b\r\n354 c\r\n")

    assert (result.verdict, result.response) == (Verdict.SENT, "250 2.0.0 accepted")
    assert conversation.ready == message("bob@example.org")


def test_without_pipelining_each_command_waits_for_a_reply() -> None:
    conversation = start({})
    conversation.offer(message())
    assert sent(conversation) == b"MAIL FROM:<news@example.org>\r\n"
    conversation.receive(b"250 a\r\n")
    assert sent(conversation) == b"RCPT TO:<ada@example.org>\r\n"
    (result,) = conversation.receive(b"550 5.1.1 no such user\r\n")
    assert result.verdict is Verdict.BOUNCED
    assert sent(conversation) == b""
    conversation.offer(message("bob@example.org"))
    assert sent(conversation) == b"RSET\r\n"


def test_with_chunking_the_content_is_sent_with_the_envelope() -> None:
    conversation = start(ALL | {"chunking": ""})
    conversation.offer(message())
    assert sent(conversation) == b""
    conversation.depart()
    assert sent(conversation).endswith(b"BDAT 21 LAST\r\nSubject: x\r\n\r\nHello\r\n")

    (result,) = conversation.receive(b"250 a\r\n550 5.1.1 no such user\r\n503 5.5.1 no recipient\r\n")

    assert result.verdict is Verdict.BOUNCED
    assert conversation.is_idle


def test_a_server_that_accepts_data_without_recipients_gets_an_empty_message() -> None:
    conversation = start()
    conversation.offer(message())
    sent(conversation)
    (result,) = conversation.receive(b"250 a\r\n550 5.1.1 no such user\r\n354 go on\r\n")
    assert (result.verdict, sent(conversation)) == (Verdict.BOUNCED, b".\r\n")
    assert conversation.receive(b"554 no valid recipients\r\n") == []
    assert conversation.is_idle


@pytest.mark.parametrize(("unsent", "verdict"), [(0, Verdict.IN_DOUBT), (1, Verdict.UNSENT)])
def test_only_a_message_that_was_sent_whole_is_in_doubt(unsent: int, verdict: Verdict) -> None:
    conversation = start()
    conversation.offer(message())
    conversation.receive(b"250 a\r\n250 b\r\n354 c\r\n")
    conversation.depart()
    conversation.offer(message("bob@example.org"))

    results = conversation.lose("reset", unsent=unsent)

    assert [result.verdict for result in results] == [verdict, Verdict.UNSENT]


def test_dots_at_the_start_of_a_line_are_doubled() -> None:
    conversation = start()
    conversation.offer(message(content=b".\r\n.two\r\n"))
    conversation.receive(b"250 a\r\n250 b\r\n354 c\r\n")
    sent(conversation)
    conversation.depart()
    assert sent(conversation) == b"..\r\n..two\r\n.\r\n"


@given(st.text(max_size=40))
def test_no_address_can_end_its_command_line(address: str) -> None:
    conversation = start(ALL | {"smtputf8": ""})
    refusal = conversation.offer(message(address + "@example.org"))
    commands = sent(conversation)
    assert (refusal is not None and commands == b"") or (commands.count(b"\n") == commands.count(b"\r\n") == 3)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_from_a_server_are_understood_or_refused(parts: list[bytes]) -> None:
    conversation = start()
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


def test_failures_name_the_server_and_the_step() -> None:
    conversation = start()
    conversation.offer(message())
    (refused,) = conversation.receive(b"250 a\r\n550 5.1.1 no such user\r\n")
    assert refused.response == "mail.example: the server refused the recipient address: 550 5.1.1 no such user"

    conversation = start()
    conversation.offer(message())
    (deferred,) = conversation.receive(b"451 4.3.0 try later\r\n")
    assert deferred.response == "mail.example: the server deferred the sender address: 451 4.3.0 try later"
