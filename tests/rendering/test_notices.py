from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from newsletter.models.findings import Level
from newsletter.models.languages import LANGUAGE_TAGS, LANGUAGES
from newsletter.rendering.checks import check
from newsletter.rendering.context import NoticeContext
from newsletter.rendering.environment import make_environment
from newsletter.rendering.language import language
from newsletter.rendering.message import Envelope, Sender
from newsletter.rendering.notices import Notices
from tests.factories import NOW
from tests.rendering.conftest import SITE
from tests.rendering.test_digest import page_of

URL = "https://papers.example.org/confirm/abc"
UNTIL = date(2026, 5, 15)
ENVELOPE = Envelope(
    message_id="<1@news.example>", sender=Sender("Papers", "digest@news.example", "digest@news.example"),
    recipient="ada@example.org", recipient_name="", list_name="Papers", unsubscribe_urls=(), date=NOW,
)  # fmt: skip


def all_notices(code: str) -> list[NoticeContext]:
    notices = Notices(make_environment(), SITE, language(code))
    return [
        notices.confirm_subscription("ada@example.org", URL, UNTIL),
        notices.already_subscribed("ada@example.org", URL),
        notices.confirm_address("ada@example.org", URL, UNTIL),
        notices.preferences_link(URL),
    ]


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_notice_has_one_link_and_says_when_it_expires(code: str) -> None:
    notices = Notices(make_environment(), SITE, language(code))
    for notice in all_notices(code):
        message = notices.message(ENVELOPE, notice)

        page = page_of(message)
        assert page.values("href") == [URL]
        assert set(page.values("lang")) == {LANGUAGE_TAGS[code]}
        assert URL in message.text
        once = language(code).gettext("This link works once, within an hour of this email.")
        # A line may break between any two characters of a language that is written without spaces.
        text = "".join(message.text.split())
        assert any("".join(words.split()) in text for words in (language(code).day(UNTIL), once))
        assert message.subject == notice.subject


def test_both_parts_of_a_notice_say_who_sends_it() -> None:
    site = replace(SITE, postal_address="1 Example Street, Example Town")
    message = Notices(make_environment(), site, language("en")).message(ENVELOPE, all_notices("en")[0])
    assert "1 Example Street, Example Town." in message.text
    assert "1 Example Street, Example Town." in (message.html or "")


def test_a_notice_is_no_list_mail() -> None:
    notices = Notices(make_environment(), SITE, language("en"))
    head = notices.message(ENVELOPE, all_notices("en")[0]).content.partition(b"\r\n\r\n")[0]

    assert b"List-" not in head
    assert b"Precedence" not in head
    assert b"Auto-Submitted: auto-generated" in head


def test_every_notice_has_a_subject_of_its_own() -> None:
    assert len({notice.subject for notice in all_notices("en")}) == 4


def test_the_button_of_a_notice_is_one_in_every_client() -> None:
    notices = Notices(make_environment(), SITE, language("en"))
    message = notices.message(ENVELOPE, all_notices("en")[0])
    assert message.html is not None

    found = {one.about: one for one in check(message)}
    assert [found[name].level for name in ("clients", "Outlook", "contrast")] == [Level.OK] * 3
    for_word = message.html[message.html.index("<!--[if mso]><style>") :].partition("<![endif]-->")[0]
    assert ".button { mso-padding-alt: 12px 24px; }" in for_word
    assert re.search(r'<td class="button"[^>]* bgcolor="#[0-9a-f]{6}"[^>]*><a [^>]*padding:12px 24px', message.html)
