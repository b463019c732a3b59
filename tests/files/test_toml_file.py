"""What a TOML file that cannot be read is reported as: file, reason, line, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError, ProfileError
from newsletter.files.toml_file import read_toml
from newsletter.limits import TOML_BYTES


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_ignored(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(mark + 'name = "Zoë"\r\n'.encode())
    assert read_toml(path, ConfigError) == {"name": "Zoë"}


@pytest.mark.parametrize(
    ("content", "reason", "hint"),
    [
        (b"a = 1\nb = hello\n", "invalid value (at line 2, column 5)", "texts stand in quotes"),
        (b"a = 1\na = 2\n", "cannot overwrite a value (at line 2, column 6)", "a name is set once"),
        (b"a = 1\n[b", "(at the end, line 2)", "lists in brackets"),
        (b"", None, ""),
        (b"a = 1\nb = '\xff'\n", "not UTF-8 (at line 2)", "save the file as UTF-8"),
        ("a = 1\n".encode("utf-16"), "not UTF-8 (at line 1)", "save the file as UTF-8"),
        (b"a = " + b"[" * 5000, "nested too deeply", "lists in brackets"),
        (b"a = " + b"1" * 5000, "a number is too long", "texts stand in quotes"),
    ],
)
def test_an_error_names_the_file_the_reason_and_the_line(
    tmp_path: Path, content: bytes, reason: str | None, hint: str
) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    if reason is None:
        assert read_toml(path, ProfileError) == {}
        return
    with pytest.raises(ProfileError) as caught:
        read_toml(path, ProfileError)
    assert caught.value.message.startswith(f"{path}: not valid TOML: ")
    assert caught.value.message.endswith(reason)
    assert hint in (caught.value.hint or "")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_toml(tmp_path / "gone.toml", ConfigError)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_an_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    try:
        assert isinstance(read_toml(path, ProfileError), dict)
    except ProfileError as error:
        assert error.hint  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a = 1\n" + "a." * 20_000 + "b = 1\n", "a dotted key is too long (at line 2)"),
        ("[" + '"a" . ' * 20_000 + "b]\n", "a dotted key is too long (at line 1)"),
        ("x = { " + "'a'." * 20_000 + "b = 1 }\n", "a dotted key is too long (at line 1)"),
        ("#" * (TOML_BYTES + 1), "too large"),
    ],
    ids=["key", "header", "inline table", "size"],
)
def test_what_would_take_long_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_toml(path, ConfigError)
    assert caught.value.message == f"{path}: {reason}"
