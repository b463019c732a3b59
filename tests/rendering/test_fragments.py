from __future__ import annotations

from binascii import a2b_qp

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.rendering.environment import FILTERS, underline, wrap
from newsletter.rendering.fragments import Slot, cut, cut_later, encode, later, put_off, slot, values_for

#: What quoted-printable and SMTP stumble over.
SCRAPS = [
    ".", "..", "=", " ", "\n", "\n.", "\t", "é", "漢", "\u202e", "word", "x" * 75, "x" * 80, "\x00", "-- ",
]  # fmt: skip
texts = st.lists(st.sampled_from(SCRAPS) | st.text(max_size=20), max_size=25).map("".join)


def lines(encoded: bytes) -> list[bytes]:
    assert encoded.count(b"\n") == encoded.count(b"\r\n") == encoded.count(b"\r")
    return encoded.split(b"\r\n")


def read(encoded: bytes) -> str:
    return a2b_qp(encoded).decode().replace("\r\n", "\n")


def plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")


@given(texts)
@settings(max_examples=300)
def test_what_is_encoded_is_read_again_on_lines_that_mail_takes(text: str) -> None:
    encoded = encode(text)

    assert read(encoded) == plain(text)
    assert encoded.isascii()
    assert max(map(len, lines(encoded))) <= 76
    assert not any(line.startswith(b".") for line in lines(encoded))
    assert not any(line.endswith((b" ", b"\t")) for line in lines(encoded))
    assert text == "" or encoded.endswith(b"\r\n")


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4), texts)
@settings(max_examples=200)
def test_a_fragment_with_its_slots_filled_is_the_text_with_what_goes_there(
    parts: list[tuple[str, str]], last: str
) -> None:
    text = "".join(before + slot(str(number)) for number, (before, _) in enumerate(parts)) + last
    values = {Slot(str(number)): encode(value) for number, (_, value) in enumerate(parts)}

    filled = cut(text).fill(values)

    assert read(filled) == "".join(plain(before) + plain(value) for before, value in parts) + plain(last)
    assert max(map(len, lines(filled))) <= 76
    assert not any(line.startswith(b".") for line in lines(filled))


def test_what_is_still_to_come_can_be_filled_in_later() -> None:
    first = cut(f"To {slot('name')}: {slot('words')}.").fill({Slot("name"): later(Slot("name")), Slot("words"): b"Hi"})
    frame = cut_later(first)

    assert frame.slots == (Slot("name"),)
    assert read(frame.fill({Slot("name"): encode("Ada")})) == "To Ada: Hi."


def test_a_filter_waits_for_its_text() -> None:
    fragment = cut(f"{wrap(slot('why'), 3)}|{underline(slot('title'), '=')}")
    texts = {"why": "word " * 20, "title": "Fruit"}

    filled = fragment.fill(values_for(fragment.slots, texts, FILTERS, str))

    assert read(filled) == f"{wrap('word ' * 20, 3)}|Fruit\n====="
    assert put_off("no slot", "wrap") is None
    assert put_off(f"a {slot('b')}", "wrap") is None


@given(texts)
def test_nothing_from_outside_is_a_slot(text: str) -> None:
    assert cut(text).slots == ()
