"""Rate limits, by a clock that the test sets."""

from __future__ import annotations

from newsletter.sending.smtp.rate_limit import RateLimiter, RateLimits
from newsletter.sending.smtp.settings import SmtpSettings
from tests.sending.messages import message


def test_while_one_domain_is_rate_limited_others_are_sent_to() -> None:
    messages = [message("a@one.example"), message("b@one.example"), message("c@two.example")]
    settings = SmtpSettings("mail.example", max_per_second_per_domain=1)
    limiter = RateLimiter(iter(messages), settings, RateLimits([settings]))

    order = [limiter.next(at) for at in (0.0, 0.0, 0.0, 1.0, 1.0)]

    assert order == [messages[0], messages[2], None, messages[1], None]
    assert limiter.is_empty
