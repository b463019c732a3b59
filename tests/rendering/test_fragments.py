from __future__ import annotations

from binascii import a2b_qp

from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.fragments import (
    Slot,
    Unfilled,
    defer_filter,
    encode,
    encode_values,
    has_clean_lines,
    placeholder,
    slot,
    split_encoded,
    split_text,
)
from newsletter.rendering.wrapping import FILTERS, underline, wrap

#: Edge cases of quoted-printable and SMTP.
SCRAPS = [
    ".", "..", "=", " ", "\n", "\n.", "\t", "é", "漢", "\u202e", "word", "x" * 75, "x" * 80, "\x00", "-- ",
]  # fmt: skip
texts = st.lists(st.sampled_from(SCRAPS) | st.text(max_size=20), max_size=25).map("".join)


def lines(encoded: bytes) -> list[bytes]:
    assert encoded.count(b"\n") == encoded.count(b"\r\n") == encoded.count(b"\r")
    return encoded.split(b"\r\n")


def decode(encoded: bytes) -> str:
    return a2b_qp(encoded).decode().replace("\r\n", "\n")


def plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")


@given(st.text("ab.", min_size=60, max_size=160))
def test_links_and_tokens_break_where_other_texts_do(text: str) -> None:
    # "'" is not among the characters of links, and takes no other place than they do
    assert encode(f"{text}a") == encode(f"{text}'").replace(b"'", b"a")


@given(texts)
def test_encoded_text_decodes_to_the_same_text_on_short_lines(text: str) -> None:
    encoded = encode(text)

    assert decode(encoded) == plain(text)
    assert encoded.isascii()
    assert max(map(len, lines(encoded))) <= 76
    assert not any(line.startswith(b".") for line in lines(encoded))
    assert not any(line.endswith((b" ", b"\t")) for line in lines(encoded))
    assert text == "" or encoded.endswith(b"\r\n")
    assert has_clean_lines(encoded)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4), texts)
def test_a_filled_fragment_is_the_text_with_its_values(parts: list[tuple[str, str]], last: str) -> None:
    text = "".join(before + slot(str(number)) for number, (before, _) in enumerate(parts)) + last
    values = {Slot(str(number)): encode(value) for number, (_, value) in enumerate(parts)}

    filled = split_text(text).fill(values)

    assert has_clean_lines(filled)
    assert decode(filled) == "".join(plain(before) + plain(value) for before, value in parts) + plain(last)
    assert max(map(len, lines(filled))) <= 76
    assert not any(line.startswith(b".") for line in lines(filled))


def test_slots_that_are_left_are_filled_later() -> None:
    fragment = split_text(f"a {slot('one')} b {slot('two')} c {slot('one|wrap 3 0 0')} d")
    left = fragment.with_placeholders({"one"})

    assert [wanted.name for wanted in left.slots] == ["two"]
    later = split_encoded(left.fill({Slot("two"): encode("2")}))
    assert later.slots == (fragment.slots[0], fragment.slots[2])
    values = {wanted: encode("1") for wanted in later.slots}
    whole = fragment.fill(values | {Slot("two"): encode("2")})
    assert later.fill(values) == whole
    unfilled = Unfilled.of(left.fill({Slot("two"): encode("2")}))
    assert set(unfilled.slots.values()) == set(later.slots)
    assert b"".join(unfilled.filled(dict.fromkeys(unfilled.slots, encode("1")))) == whole
    assert b"".join(unfilled.filled(dict.fromkeys(unfilled.slots, encode("1")))) == whole  # which left it as it was


def test_a_placeholder_can_be_filled_later() -> None:
    first = split_text(f"To {slot('name')}: {slot('words')}.").fill(
        {Slot("name"): placeholder(Slot("name")), Slot("words"): b"Hi"}
    )
    frame = split_encoded(first)

    assert frame.slots == (Slot("name"),)
    assert decode(frame.fill({Slot("name"): encode("Ada")})) == "To Ada: Hi."


def test_filters_of_a_slot_are_applied_when_it_is_filled() -> None:
    fragment = split_text(f"{wrap(slot('why'), 3)}|{underline(slot('title'), '=')}")
    texts = {"why": "word " * 20, "title": "Fruit"}

    filled = fragment.fill(encode_values(fragment.slots, texts, FILTERS, str))

    assert decode(filled) == f"{wrap('word ' * 20, 3)}|Fruit\n====="
    assert defer_filter("no slot", "wrap") is None
    assert defer_filter(f"a {slot('b')}", "wrap") is None


@given(texts)
def test_text_from_outside_is_never_a_slot(text: str) -> None:
    assert split_text(text).slots == ()
