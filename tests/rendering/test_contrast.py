from __future__ import annotations

import pytest
from lxml import html

from newsletter.rendering.contrast import low_contrasts


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("<p>Pears</p>", []),
        ('<p style="color: #777">Pears</p>', ["Pears"]),
        ('<p style="color: #777; font-size: 24px">Pears</p>', []),
        ('<table bgcolor="#222222"><tr><td>Pears</td></tr></table>', ["Pears"]),
        ('<div style="color: #eee; background-color: #222"><p>Pears</p> and <b style="color: #333">kettles</b></div>', [
            "kettles",
        ]),
        ('<div style="color: #fff">Pears<p style="color: #000">Kettles</p>robots</div>', ["Pears robots"]),
        ('<div style="display: none; color: #fff">Pears</div>', []),
        ('<p style="color: red">colours in other notations are not judged</p>', []),
    ],
)  # fmt: skip
def test_text_of_low_contrast_is_found(page: str, texts: list[str]) -> None:
    assert [text for _, text in low_contrasts(html.fragment_fromstring(page, create_parent="body"))] == texts
