from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.alert_formats.html_blocks import _MAX_LINES, _MAX_PAPERS, Block, Line, blocks_of


def read(html: str) -> list[Block]:
    return blocks_of(html, lambda _href, classes: "t" in classes.split())


def test_a_paper_is_a_link_with_the_lines_below_it() -> None:
    html = """<p>Before</p><h3><a class="x t" href="/1">One <b>and</b><br>a half</a> beside</h3>
        <div class="by">Ada &amp; <i>Ben</i><!-- hidden --> Sample</div><style>.x {}</style>tail
        <a class="t" href="/2">Two</a><table><tr><td>a<td>b</table>"""
    assert read(html) == [
        Block("/1", "One and a half", [Line("beside"), Line("Ada & Ben Sample", "by"), Line("tail")]),
        Block("/2", "Two", [Line("a"), Line("b")]),
    ]
    assert read(html)[0].of_class("by") == "Ada & Ben Sample"


@pytest.mark.parametrize("html", ["", " ", "<", "\0", "<!-- -->", "no tags", "<a class=t></a>", "<a class=t><img></a>"])
def test_without_a_title_there_is_no_paper(html: str) -> None:
    assert read(html) == []


def test_papers_and_lines_are_bounded() -> None:
    assert len(read("<a class=t href=/>x</a>" * (_MAX_PAPERS + 9))) == _MAX_PAPERS
    assert len(read("<a class=t href=/>x</a>" + "<p>y</p>" * (_MAX_LINES + 9))[0].lines) == _MAX_LINES
    assert len(read("<div>" * 5000 + "<a class=t href=/>x</a>")) <= 1


@given(
    st.lists(
        st.sampled_from(["<a class=t href=/>", "</a>", "<p>", "</div>", "<div class=t>", "<!--", "-->", "x", "&", "<"])
    )
)
def test_any_tags_are_read(pieces: list[str]) -> None:
    assert all(block.title for block in read("".join(pieces)))
