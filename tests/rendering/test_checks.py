from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Message, Style
from newsletter.models.findings import Level
from newsletter.rendering.assembly import Bodies
from newsletter.rendering.checks import check
from newsletter.rendering.fragments import encode
from newsletter.rendering.message import Envelope, Sender, join_message
from newsletter.rendering.spam_score import Scorer
from tests.factories import NOW, make_profile, make_subscriber
from tests.rendering.conftest import Write

GOOD = '<html lang="en"><body><h1>Papers</h1><p>Hello</p></body></html>'


def message(html: str | None = GOOD, text: str = "Hello\n", subject: str = "8 May: Pears") -> Message:
    sender = Sender("Papers", "digest@news.example", "digest@news.example")
    envelope = Envelope(
        message_id="<1@news.example>", sender=sender, recipient="ada@example.org", recipient_name="", date=NOW,
        list_name="Papers", unsubscribe_urls=("mailto:digest@news.example?subject=unsubscribe",),
    )  # fmt: skip
    return join_message(envelope, Bodies(subject, [encode(text)], None if html is None else [encode(html)]))


def found(name: str, html: str | None = GOOD, **changes: str) -> tuple[str, str]:
    (one,) = [one for one in check(message(html, **changes)) if one.about == name]
    return one.level.value, one.detail


def body(inside: str) -> str:
    return f'<html lang="en"><body><h1>Papers</h1>{inside}</body></html>'


@pytest.mark.parametrize("style", list(Style))
def test_the_default_templates_pass_all_checks(write: Write, style: Style) -> None:
    message = write(subscriber=make_subscriber(profile=make_profile(style=style)))
    assert [one for one in check(message) if one.level is not Level.OK] == []


@pytest.mark.parametrize(
    ("name", "html", "level", "words"),
    [
        ("size", GOOD, "ok", "0 KB of HTML"),
        ("size", body("<p>word</p>" * 8_000), "warning", "budget of 80 KB"),
        ("size", body("<p>word</p>" * 12_000), "wrong", "Gmail clips"),
        ("links", body('<a href="https://x.example/">Pears</a>'), "ok", "1 link (servers: 1)"),
        ("links", body('<a href="javascript:alert(1)">Pears</a>'), "wrong", "broken: javascript"),
        ("links", body('<a href="#gone">Pears</a>'), "wrong", "#gone"),
        ("links", body("<a>Pears</a>"), "wrong", "Pears"),
        ("links", body('<a href="https://x.example/">click here</a>'), "warning", "click here"),
        ("links", body('<a href="https://x.example/">https://bank.example/</a>'), "warning", "bank.example"),
        ("images", body('<img src="https://x.example/p.png" alt="">'), "ok", "1 image"),
        ("images", body('<img src="https://x.example/p.png">'), "wrong", "1 image without"),
        ("contrast", body('<p style="color:#777">Pears</p>'), "wrong", "4.5:1: Pears"),
        ("contrast", body('<p style="color:#777;font-size:24px">Pears</p>'), "ok", "at least"),
        ("contrast", body('<div style="background-color:#222"><p>Pears</p></div>'), "wrong", "Pears"),
        ("contrast", body('<p style="display:none;color:#fff">Pears</p>'), "ok", "at least"),
        (
            "contrast",
            body('<p style="color:#0000ff">Pears</p>'),
            "warning",
            "where a client inverts colours: 2.4:1: Pears",
        ),
        ("clients", GOOD, "ok", "Gmail, Outlook, Apple Mail, Samsung Email and Yahoo"),
        ("clients", body('<p style="position: fixed">Pears</p>'), "warning", "position: fixed (Gmail"),
        ("Outlook", body('<div style="float:left">Pears</div>'), "warning", "float of div"),
        ("Outlook", body('<!--[if !mso]><!--><div style="float:left">Pears</div><!--<![endif]-->'), "ok", "Word"),
        ("headings", body("<h3>Deep</h3>"), "warning", "skipped"),
        ("headings", "<html><body><h1>x</h1></body></html>", "warning", "language"),
        ("safety", body('<p onclick="x()">Pears</p><form></form>'), "wrong", "form, onclick"),
    ],
)
def test_a_check_finds_problems(name: str, html: str, level: str, words: str) -> None:
    outcome, detail = found(name, html)
    assert outcome == level, detail
    assert words in detail


def test_text_part_and_headers_are_checked() -> None:
    assert found("text part", text=" \n")[0] == "wrong"
    assert found("text part", text="word " * 30)[0] == "warning"
    assert found("headers", subject="READ THIS NOW")[0] == "warning"
    assert found("headers") == ("ok", "8 May: Pears")
    bare = Message(message_id="", sender="", recipient="", subject="", content=b"Subject: x\r\n\r\nHello")
    assert [one.detail for one in check(bare) if one.about == "headers"] == [
        "missing: From, To, Date, Message-ID, List-Unsubscribe"
    ]


def test_the_spam_score_is_compared_with_its_thresholds() -> None:
    def spam(scorer: Scorer | None) -> tuple[Level, str]:
        (one,) = [one for one in check(message(), scorer) if one.about == "spam"]
        return one.level, one.detail

    def failing(_content: bytes) -> tuple[float, str]:
        raise OSError("out of memory")

    assert spam(None) == (Level.OK, "not scored: SpamAssassin is not installed")
    assert spam(lambda _: (0.5, "")) == (Level.OK, "0.5 points of 5")
    assert spam(lambda _: (2.0, "SOME_RULE 2.0")) == (Level.WARNING, "2.0 points of 5: SOME_RULE 2.0")
    assert spam(lambda _: (6.3, "A 6.3"))[0] is Level.WRONG
    assert spam(failing) == (Level.WARNING, "scoring failed: out of memory")


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_arbitrary_html_is_checked_without_errors(html: str) -> None:
    assert len(check(message(html))) >= 4
