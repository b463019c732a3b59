from __future__ import annotations

import tomllib
from difflib import SequenceMatcher
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.schema import new_config
from newsletter.files.toml_edit import set_value, unset_value

GROUPS = ("site", "smtp", "log")
KEYS = ("name", "host", "port")
LITERALS = (
    '"plain"', "'literal # no comment'", '"es\\"caped # [x]"', '"""two\nlines # [smtp]"""', "'''\n[log]\nhost = 1'''",
    "[1, # one\n  2, [3]]", "1_000", "true", "2026-05-08T08:00:00Z", '{ a = "}", b = [1] }', '""', '"""q""""',
)  # fmt: skip
COMMENTS = ("# a remark", "#", "", "  ", "# host = 1", "#port=2", "# [smtp]", "#[log]", "# [[relays]]")
VALUES = st.one_of(st.integers(-(10**6), 10**6), st.booleans(), st.text(st.characters(exclude_categories=["Cs"])))


@st.composite
def files(draw: st.DrawFn) -> str:
    """Return a valid TOML file with tables, dotted keys, arrays of tables, comments and values of many kinds."""

    def comments() -> list[str]:
        return draw(st.lists(st.sampled_from(COMMENTS), max_size=2))

    def keys() -> list[str]:
        chosen = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3))
        tail = st.sampled_from(("", " # said [so] = 1", "  "))
        return [f"{draw(st.sampled_from((key, repr(key))))} = {draw(st.sampled_from(LITERALS))}{draw(tail)}"
                for key in chosen]  # fmt: skip

    lines = [*comments(), *(f"top_{line}" for line in keys() if not line.startswith("'"))]
    for group in draw(st.permutations(GROUPS)):
        match draw(st.sampled_from(("table", "table", "array", "none"))):
            case "table":
                lines += [*comments(), draw(st.sampled_from((f"[{group}]", f"[ {group} ] # of it")))]
                for line in keys():
                    lines += [*comments(), line]
            case "array":
                lines += [*comments(), "[[relays]]", *keys()]
    text = draw(st.sampled_from(("\n", "\r\n"))).join([*lines, *comments()])
    return text + draw(st.sampled_from(("", "\n")))


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that are only in the first and only in the second text, each in its order."""
    ours, theirs = before.split("\n"), after.split("\n")
    removed: list[str] = []
    added: list[str] = []
    for tag, i, j, k, m in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag != "equal":
            removed += ours[i:j]
            added += theirs[k:m]
    return removed, added


@given(files(), st.sampled_from(GROUPS), st.sampled_from(KEYS), VALUES)
def test_what_is_set_reads_back_and_nothing_else_changes(text: str, group: str, key: str, value: Any) -> None:
    before = tomllib.loads(text)

    after = set_value(text, (group, key), value)

    assert after is not None
    expected = before | {group: before.get(group, {}) | {key: value}}
    assert tomllib.loads(after) == expected
    assert set_value(after, (group, key), value) == after
    removed, _ = changed_lines(text, after)
    if key not in before.get(group, {}):  # only comments that show the table or the setting give way
        remarks = [line for line in removed if line.strip() and not line.strip().startswith("#")]
        assert remarks in ([], text.splitlines()[-1:])  # a last line gets its end


@given(files(), st.sampled_from(GROUPS), st.sampled_from(KEYS))
def test_what_is_unset_is_gone_and_nothing_else_changes(text: str, group: str, key: str) -> None:
    expected = tomllib.loads(text)
    was_there = expected.get(group, {}).pop(key, None) is not None

    after = unset_value(text, (group, key))

    assert after is not None
    assert tomllib.loads(after) == expected
    assert was_there or after == text
    assert after.replace("# ", "") == text.replace("# ", "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[smtp]\nhost = "h"\n'),
        ("a = 1", 'a = 1\n\n[smtp]\nhost = "h"\n'),
        ("[smtp]\nhost = 'x' # ours\n", '[smtp]\nhost = "h" # ours\n'),
        ("[smtp]\n# host = 'x'\nport = 1\n", '[smtp]\nhost = "h"\nport = 1\n'),
        ("[smtp]\nport = 1\n\n# about the log\n[log]\n", '[smtp]\nport = 1\nhost = "h"\n\n# about the log\n[log]\n'),
        ("# [smtp]\n# Server.\n# host = ''\n\n[log]\n", '[smtp]\n# Server.\nhost = "h"\n\n[log]\n'),
        ("smtp.port = 1\n[log]\n", 'smtp.port = 1\nsmtp.host = "h"\n[log]\n'),
        ("[outbox]\n# [smtp]\npath = 'x'\n", "[outbox]\n# [smtp]\npath = 'x'\n\n[smtp]\nhost = \"h\"\n"),
        ("[smtp]", '[smtp]\nhost = "h"\n'),
        ("[smtp]\r\nport = 1\r\n", '[smtp]\r\nport = 1\r\nhost = "h"\r\n'),
        ("smtp = 1\n", None),
        ("smtp = {port = 1}\n", None),
    ],
)
def test_a_value_goes_where_a_person_would_put_it(before: str, after: str | None) -> None:
    assert set_value(before, ("smtp", "host"), "h") == after


def test_a_setting_of_a_new_site_is_uncommented_and_commented_out_again() -> None:
    changed = set_value(new_config(), ("smtp", "port"), 465)

    assert changed is not None
    assert changed_lines(new_config(), changed) == (["# [smtp]", "# port = 587"], ["[smtp]", "port = 465"])
    unset = unset_value(changed, ("smtp", "port"))
    assert unset is not None
    assert changed_lines(changed, unset) == (["port = 465"], ["# port = 465"])
