from __future__ import annotations

from typing import Any

import pytest

from newsletter.cli.init_answers import (
    Answers,
    local_time_zone,
    profile_fields_of,
    read_arxiv,
    read_topics,
    read_when,
    server,
    settings_of,
)
from newsletter.errors import NewsletterError

#: Of a new site.
NEW = {"sender.address": "digest@newsletter.example", "site.url": "https://newsletter.example"}


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("smtp.example.org", {"smtp.host": "smtp.example.org"}),
        ("smtp.example.org:587", {"smtp.host": "smtp.example.org", "smtp.port": "587"}),
        (
            "ada@example.org@smtp.example.org:465",
            {
                "smtp.host": "smtp.example.org",
                "smtp.port": "465",
                "smtp.security": "tls",
                "smtp.username": "ada@example.org",
            },
        ),
        ("smtps://h", {"smtp.host": "h", "smtp.port": "465", "smtp.security": "tls"}),
        ("localhost:25", {"smtp.host": "localhost", "smtp.port": "25", "smtp.security": "none"}),
        ("[::1]:25", {"smtp.host": "::1", "smtp.port": "25", "smtp.security": "none"}),
    ],
)
def test_a_mail_server_is_a_user_a_host_and_a_port(text: str, settings: dict[str, str]) -> None:
    assert server(text) == settings


@pytest.mark.parametrize("text", ["my server", "smtp.example.org:port", "@h", "http://h", ""])
def test_what_is_no_mail_server_is_refused(text: str) -> None:
    with pytest.raises(NewsletterError, match="is no mail server"):
        server(text)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("daily 8", {"cadence": "daily", "hour": 8}),
        ("Weekly, at 16:00", {"cadence": "weekly", "hour": 16}),
        ("monthly", {"cadence": "monthly"}),
    ],
)
def test_when_is_a_cadence_and_an_hour(text: str, fields: dict[str, Any]) -> None:
    assert read_when(text) == fields


@pytest.mark.parametrize("text", ["hourly", "daily 24", "daily 8:30", "daily weekly x"])
def test_another_time_is_refused(text: str) -> None:
    with pytest.raises(NewsletterError):
        read_when(text)


def test_lists_are_read_and_checked() -> None:
    assert read_arxiv("cs.CL, cs.LG  q-bio.NC hep-th") == ("cs.CL", "cs.LG", "q-bio.NC", "hep-th")
    assert read_topics(' LLM agents; "machine unlearning" OR unlearning ;') == (
        "LLM agents",
        '"machine unlearning" OR unlearning',
    )
    with pytest.raises(NewsletterError, match="'1234' is no arXiv category"):
        read_arxiv("1234")
    with pytest.raises(NewsletterError, match="column"):
        read_topics("a OR (")


def test_the_examples_sender_and_url_give_way_and_others_stay() -> None:
    answers = Answers(email="ada@example.org", smtp="bot@example.org@h")
    assert settings_of(answers, {}, NEW)[0]["sender.address"] == "bot@example.org"
    assert settings_of(Answers(email="ada@example.org"), {}, NEW) == (
        {"sender.address": "ada@example.org"},
        ("site.url",),
    )
    assert settings_of(Answers(), {}, NEW) == ({}, ())
    own = {"sender.address": "digest@example.org", "site.url": "https://papers.example.org"}
    assert settings_of(answers, {}, own) == ({"smtp.host": "h", "smtp.username": "bot@example.org"}, ())
    options = {"site.url": "https://papers.example.org", "sender.address": "d@example.org"}
    assert settings_of(answers, options, NEW) == (
        {**options, "smtp.host": "h", "smtp.username": "bot@example.org"},
        (),
    )


def test_the_time_zone_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Berlin")
    assert local_time_zone() == "Europe/Berlin"
    assert profile_fields_of(Answers(topics=("robots",)))["time_zone"] == "Europe/Berlin"
    assert profile_fields_of(Answers(when={"time_zone": "Asia/Tokyo"}))["time_zone"] == "Asia/Tokyo"
