"""The outbox, parsed whatever is in its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsletter.errors import RequestError
from newsletter.files.site import Site
from newsletter.web.studio import outbox
from tests.web.studio.client import HOSTILE

MALFORMED = (
    b"",
    b"\x00\xff\xfe",
    b"Subject: =?x-nothing?b?!!!?=\nDate: yesterday\nTo: <<>>,\n\nbody",
    b"Subject: " + HOSTILE.encode() + b"\nDate: Fri, 99 May 2026 99:99:99 +9999\n\nx",
    b"Content-Type: text/html; charset=x-nothing\n\n<script>alert(1)</script>",
    b"Content-Type: multipart/alternative\n\nno boundary",
    b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!",
)


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for folder in ("new", "cur"):
        (tmp_path / folder).mkdir()
    return tmp_path


def test_messages_are_listed_newest_first(maildir: Path) -> None:
    for number in (1, 3, 2):
        content = f"To: x@y.example\nSubject: No. {number}\nDate: Fri, {number:02} May 2026 06:00:00 +0000\n\nHi\n"
        (maildir / "new" / str(number)).write_text(content)
    found = outbox.messages(maildir).messages
    assert [message.subject for message in found] == ["No. 3", "No. 2", "No. 1"]
    assert found[0].size == len(outbox.content(maildir, "3"))


def test_messages_are_searched_by_the_words_of_subject_and_recipient(maildir: Path) -> None:
    for number, (to, subject) in enumerate([("ada@y.example", "Robots"), ("bob@y.example", "Kéttles and ROBOTS")]):
        (maildir / "new" / str(number)).write_text(f"To: {to}\nSubject: {subject}\n\nHidden words\n")
    for query, found in {
        "": 2, "robot": 2, "robots kettles": 1, "KÉTT": 1, "BOB": 1, "ada kettles": 0, "hidden": 0, " %_ ": 0,
        "x" * 9999: 0,
    }.items():  # fmt: skip
        listing = outbox.messages(maildir, query)
        assert (len(listing.messages), listing.total) == (found, 2), query


def test_messages_that_a_mail_program_has_read_are_still_listed(maildir: Path) -> None:
    (maildir / "cur" / "one:2,S").write_bytes(b"Subject: Hi\n\nText\n")
    assert [message.name for message in outbox.messages(maildir).messages] == ["one"]
    assert outbox.content(maildir, "one").startswith(b"Subject: Hi")


@pytest.mark.parametrize("name", ["two", "../new/one", "", ".", "one:2,S"])
def test_a_name_is_never_used_as_a_path(maildir: Path, name: str) -> None:
    (maildir / "cur" / "one:2,S").write_bytes(b"Subject: Hi\n\nText\n")
    with pytest.raises(RequestError, match="no message"):
        outbox.content(maildir, name)


@pytest.mark.parametrize("content", MALFORMED)
def test_malformed_messages_are_listed_and_shown(studio: TestClient, site: Site, content: bytes) -> None:
    (site.root / "outbox" / "new").mkdir(parents=True)
    (site.root / "outbox" / "new" / "malformed").write_bytes(content)
    (message,) = studio.get("/inbox").json()["messages"]
    responses = [studio.get(f"/inbox/{message['name']}.{kind}") for kind in ("html", "txt", "eml")]

    assert [response.status_code for response in responses] == [200, 200, 200]
    assert "script-src" not in responses[0].headers["content-security-policy"]
    assert "sandbox" in responses[0].headers["content-security-policy"]


@given(content=st.binary(max_size=300) | st.sampled_from(MALFORMED))
def test_no_bytes_break_a_body(content: bytes) -> None:
    for kind in ("html", "plain"):
        outbox.body(content, kind)


def test_a_missing_outbox_is_empty(studio: TestClient) -> None:
    assert studio.get("/inbox").json()["messages"] == []
