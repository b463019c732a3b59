from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Message, Style
from newsletter.rendering.assembly import Bodies
from newsletter.rendering.checks import Verdict, check, find_scorer
from newsletter.rendering.fragments import encode
from newsletter.rendering.message import Envelope, Sender, join_message
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


def found(name: str, html: str | None = GOOD, **said: str) -> tuple[str, str]:
    (one,) = [one for one in check(message(html, **said)) if one.name == name]
    return one.verdict.value, one.detail


def body(inside: str) -> str:
    return f'<html lang="en"><body><h1>Papers</h1>{inside}</body></html>'


@pytest.mark.parametrize("style", list(Style))
def test_the_digests_that_we_ship_are_good(write: Write, style: Style) -> None:
    message = write(subscriber=make_subscriber(profile=make_profile(style=style)))
    assert [one for one in check(message) if one.verdict is not Verdict.GOOD] == []


@pytest.mark.parametrize(
    ("name", "html", "verdict", "words"),
    [
        ("size", GOOD, "good", "0 KB of HTML"),
        ("size", body("<p>word</p>" * 8_000), "warning", "budget of 80 KB"),
        ("size", body("<p>word</p>" * 12_000), "bad", "Gmail cuts"),
        ("links", body('<a href="https://x.example/">Pears</a>'), "good", "1 link to 1 host"),
        ("links", body('<a href="javascript:alert(1)">Pears</a>'), "bad", "leads nowhere: javascript"),
        ("links", body('<a href="#gone">Pears</a>'), "bad", "#gone"),
        ("links", body("<a>Pears</a>"), "bad", "Pears"),
        ("links", body('<a href="https://x.example/">click here</a>'), "warning", "click here"),
        ("links", body('<a href="https://x.example/">https://bank.example/</a>'), "warning", "bank.example"),
        ("pictures", body('<img src="https://x.example/p.png" alt="">'), "good", "1 picture"),
        ("pictures", body('<img src="https://x.example/p.png">'), "bad", "1 picture without"),
        ("contrast", body('<p style="color:#777">Pears</p>'), "bad", "4.5: Pears"),
        ("contrast", body('<p style="color:#777;font-size:24px">Pears</p>'), "good", "at least"),
        ("contrast", body('<div style="background-color:#222"><p>Pears</p></div>'), "bad", "Pears"),
        ("contrast", body('<p style="display:none;color:#fff">Pears</p>'), "good", "at least"),
        ("headings", body("<h3>Deep</h3>"), "warning", "skipped"),
        ("headings", "<html><body><h1>x</h1></body></html>", "warning", "language"),
        ("safety", body('<p onclick="x()">Pears</p><form></form>'), "bad", "form, onclick"),
    ],
)
def test_what_is_wrong_is_found(name: str, html: str, verdict: str, words: str) -> None:
    said, detail = found(name, html)
    assert said == verdict, detail
    assert words in detail


def test_the_text_and_the_subject_are_looked_at() -> None:
    assert found("text part", text=" \n")[0] == "bad"
    assert found("text part", text="word " * 30)[0] == "warning"
    assert found("headers", subject="READ THIS NOW")[0] == "warning"
    assert found("headers") == ("good", "8 May: Pears")
    bare = Message(message_id="", sender="", recipient="", subject="", content=b"Subject: x\r\n\r\nHello")
    assert [one.detail for one in check(bare) if one.name == "headers"] == [
        "missing: From, To, Date, Message-ID, List-Unsubscribe"
    ]


REPORT = """Spam detection software has looked.

Content analysis details:   (6.3 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-1.0 ALL_TRUSTED            Passed through trusted hosts only via SMTP
 7.3 SUBJ_ALL_CAPS          Subject is all capitals
"""


def test_spam_is_scored_where_there_is_something_that_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_scorer() is None
    program = tmp_path / "spamassassin"
    program.write_text(f"#!/bin/sh\nwhile read -r _; do :; done\necho '{REPORT}'\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)

    (spam,) = [one for one in check(message(), find_scorer()) if one.name == "spam"]
    assert (spam.verdict, spam.detail) == (Verdict.BAD, "6.3 points of 5: SUBJ_ALL_CAPS 7.3")


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
@settings(max_examples=100, deadline=None)
def test_whatever_a_page_says_it_is_looked_at(html: str) -> None:
    assert len(check(message(html))) >= 4
