"""Test emails from the operator's page."""

from __future__ import annotations

from newsletter.models import Style
from tests.silent_server import Hang, silent_server
from tests.web.live_site import LiveSite

OPERATOR = "me@operator.example"
PAGE = "/operator/test-email"


def test_one_is_sent_in_each_style(operated: LiveSite) -> None:
    response = operated.press("/test-email", email=OPERATOR, style="all")
    assert (response.status_code, response.headers["location"]) == (303, f"{PAGE}?done=queued")
    messages = operated.messages(OPERATOR)
    assert len(messages) == len({message["Message-ID"] for message in messages}) == len(Style)
    assert sum(message.get_body(("html",)) is None for message in messages) == 1
    assert operated.client.get(PAGE).text.count(f"Test email to {OPERATOR} sent") == len(Style)


def test_one_is_sent_in_one_style(operated: LiveSite) -> None:
    for style in ("", Style.PLAIN):
        assert operated.press("/test-email", email=OPERATOR, style=style).status_code == 303
        message = operated.messages(OPERATOR)[-1]
        assert message["Subject"]
        assert (message.get_body(("html",)) is None) == (style == Style.PLAIN)
    assert len(operated.messages(OPERATOR)) == 2


def test_what_is_not_valid_is_refused(operated: LiveSite) -> None:
    for form in ({"email": "x"}, {"email": OPERATOR, "style": "baroque"}, dict[str, str]()):
        assert operated.press("/test-email", **form).status_code == 422
    assert operated.messages(OPERATOR) == []


def test_one_that_the_server_refuses_is_reported(operated: LiveSite) -> None:
    operated.server.on_rcpt = lambda _address, _seen: "550 5.1.1 no such user"
    assert operated.press("/test-email", email=OPERATOR).status_code == 303
    assert operated.messages(OPERATOR) == []
    page = operated.client.get(PAGE).text
    assert f"Test email to {OPERATOR} not sent" in page
    assert "no such user" in page


def test_no_page_waits_for_a_test_email(operated: LiveSite) -> None:
    with silent_server(Hang.SILENT) as silent:
        operated.server.port = silent.port
        assert operated.press("/test-email", email=OPERATOR).status_code == 303
        assert "not sent yet" in operated.client.get(PAGE).text
        assert operated.press("/test-email", email=OPERATOR).status_code == 422
        operated.outgoing.close()
        assert operated.outgoing.wait_until_idle(10)
