"""Posted forms: limited, and parsed whatever a client sends."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.http.forms import Form, parse_form
from tests.web.live_site import ADA, LiveSite


@given(fields=st.lists(st.tuples(st.text(max_size=10), st.text(max_size=20)), max_size=20))
def test_a_browsers_form_is_parsed(fields: list[tuple[str, str]]) -> None:
    form = parse_form(urlencode(fields).encode())
    assert form is not None
    assert {name: list(values) for name, values in form.fields.items()} == {
        name: [value for other, value in fields if other == name] for name, _ in fields
    }


@given(body=st.binary(max_size=200))
def test_no_bytes_break_the_parser(body: bytes) -> None:
    parse_form(body)


def test_values_are_stripped_and_blank_ones_left_out() -> None:
    form = Form({"name": (" Ada ",), "topic": ("LLM agents", " ", "")})
    assert (form.one("name"), form.one("nothing"), form.all("topic")) == ("Ada", "", ("LLM agents",))


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        (b"a=" + b"x" * 70_000, {413}),
        (b"&".join(b"a=1" for _ in range(400)), {400}),
        (b"email=\xff", {400, 422}),
        (b"email=ada@reader.example%00", {422}),
    ],
    ids=["too large", "too many fields", "not UTF-8", "NUL"],
)
def test_large_and_malformed_forms_are_refused(live: LiveSite, body: bytes, statuses: set[int]) -> None:
    assert live.client.post("/subscribe", content=body).status_code in statuses
    assert live.messages(ADA) == []


def test_only_the_methods_of_a_form_are_allowed(live: LiveSite) -> None:
    assert live.client.put("/subscribe").status_code == 405
