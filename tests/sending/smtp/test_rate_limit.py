"""Rate limits, by a clock that the test sets."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.models import Message
from newsletter.sending.smtp.rate_limit import RateLimiter, RateLimits
from newsletter.sending.smtp.settings import SmtpSettings
from tests.sending.messages import message


def test_while_one_domain_is_rate_limited_others_are_sent_to() -> None:
    messages = [message("a@one.example"), message("b@one.example"), message("c@two.example")]
    settings = SmtpSettings("mail.example", max_per_second_per_domain=1)
    limiter = RateLimiter(iter(messages), settings, RateLimits([settings]))

    order = [limiter.take(1, at) for at in (0.0, 0.0, 0.0, 1.0, 1.0)]

    assert order == [[messages[0]], [messages[2]], [], [messages[1]], []]
    assert limiter.is_empty


def test_messages_are_made_before_they_are_taken() -> None:
    messages, settings = _Messages(4), SmtpSettings("mail.example")
    limiter = RateLimiter(messages.each(), settings, RateLimits([settings]))

    limiter.prepare(2)
    assert messages.made == 2
    assert limiter.take(1, 0.0) == messages.all[:1]
    assert limiter.take(2, 0.0) == messages.all[1:3]
    assert messages.made == 3  # no more than are wanted
    limiter.prepare(2)

    assert not limiter.is_empty
    assert limiter.take(2, 0.0) == messages.all[3:]
    assert limiter.is_empty


def test_what_was_made_ahead_is_not_taken_after_a_stop() -> None:
    messages, settings = _Messages(4), SmtpSettings("mail.example")
    limiter = RateLimiter(messages.each(), settings, RateLimits([settings]))
    limiter.prepare(2)

    limiter.stop()

    assert limiter.is_empty
    assert limiter.take(2, 0.0) == []


def test_where_permits_decide_which_messages_leave_none_is_made_ahead() -> None:
    messages, settings = _Messages(4), SmtpSettings("mail.example", max_per_second=1)
    limiter = RateLimiter(messages.each(), settings, RateLimits([settings]))

    limiter.prepare(2)

    assert messages.made == 0


class _Messages:
    """Messages, and how many of them were made."""

    def __init__(self, number: int) -> None:
        self.all = [message(f"subscriber{at}@example.org") for at in range(number)]
        self.made = 0

    def each(self) -> Iterator[Message]:
        for one in self.all:
            self.made += 1
            yield one
