"""The texts of the studio's scripts: all of them are handed over, and none more."""

from __future__ import annotations

import re

from newsletter.files.site import default_templates
from newsletter.rendering.language import language
from newsletter.web.studio.texts import TEXTS, texts_in


def test_the_page_has_every_text_of_the_scripts() -> None:
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in (default_templates() / "web").glob("*.js"))
    assert {*re.findall(r"\bt\('([^']+)'", scripts)} == {*TEXTS}
    assert "t(`" not in re.sub(r"\w+t\(`", "", scripts)


def test_a_translation_has_the_values_of_its_original() -> None:
    for code in ("de", "es", "fr", "ja", "pt", "zh"):
        for original, text in texts_in(language(code)).items():
            assert {*re.findall(r"%\(\w+\)s", original)} == {*re.findall(r"%\(\w+\)s", text)}, (code, original)
