from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.alert_formats.message import paper, read_mail, sender_of, target_of
from tests.sources.alert_formats import mails


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        (b"From: Google Scholar Alerts <ScholarAlerts-NoReply@google.com>\n\n", "scholaralerts-noreply@google.com"),
        (b"From: a@example.org, b@example.org\n\n", ""),
        (b"From: a@example.org\nFrom: b@example.org\n\n", ""),
        (b'From: "scholaralerts-noreply@google.com" <eve@evil.example>\n\n', "eve@evil.example"),
        (b"From: =?utf-8?q?a=40google=2Ecom_=3Ca=40google=2Ecom=3E?= <eve@evil.example>\n\n", "eve@evil.example"),
        (b"Subject: x\n\n", ""),
        (b"From: nobody\n\n", ""),
        (b"", ""),
    ],
)
def test_the_sender_is_the_one_address_in_from(headers: bytes, sender: str) -> None:
    assert sender_of(headers) == sender


@pytest.mark.parametrize(
    ("href", "target"),
    [
        ("https://scholar.google.com/scholar_url?url=https://clouds.example/a%3Fb%3D1&hl=en", "https://clouds.example/a?b=1"),
        ("https://a.example/?url=https%3A%2F%2Fb.example%2F%3Furl%3Dhttps%253A%252F%252Fc.example%252F", "https://c.example/"),
        ("https://x.awstrack.me/L0/https:%2F%2Fclouds.example%2Fa/1/2", "https://clouds.example/a/1/2"),
        ("https://clouds.example/a", "https://clouds.example/a"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("https://[bad", "https://[bad"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_link_leads_to_what_its_redirects_lead_to(href: str, target: str) -> None:
    assert target_of(href) == target


def test_the_address_of_a_paper_tells_its_ids() -> None:
    assert paper("On Clouds", "https://arxiv.org/abs/2605.01234v2").arxiv_id == "2605.01234"
    assert paper("On Clouds", "https://doi.org/10.1000/Clouds").doi == "10.1000/clouds"
    assert paper("On Clouds", "javascript:alert(1)").url is None
    with pytest.raises(ValueError, match="no title"):
        paper("<b> </b>".replace("<b> </b>", " "), "https://clouds.example/")


def test_both_texts_of_a_mail_are_read() -> None:
    mail = read_mail(mails.SCHOLAR)
    assert mail is not None
    assert (mail.sender, mail.subject) == ("scholaralerts-noreply@google.com", "New articles")
    assert mail.message_id == "<1@google.com>"
    assert "gse_alrt_title" in mail.html
    assert mail.text.strip() == "See the HTML part."


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_a_mail_or_none(raw: bytes) -> None:
    mail = read_mail(raw)
    assert mail is None or "\n" not in mail.subject
    assert "\n" not in sender_of(raw)


@given(st.text(max_size=80))
def test_any_link_has_a_target(href: str) -> None:
    assert isinstance(target_of(href), str)
