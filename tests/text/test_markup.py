from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.text.markup import Markup, clean, clean_abstract

ANY_TEXT = st.text(st.characters(exclude_categories=()))
LATEX = st.lists(
    st.sampled_from([
        "$", "\\", "{", "}", "^", "_", "\\(", "\\)", "\\[", "\\]", "[", "]", "x", "2", " ", "\n", "&", "%", "~", "--",
        "\\textit", "\\emph{", "\\text{", "\\frac", "\\sqrt", "\\'e", "\\'{", "\\c{c}", "\\%", "\\$", "\\&", "\\verb",
        "\\begin{a}", "\\end{a}", "\\alpha", "\\mathbb", "\\item", "\\left(", "\\over", "\\def", "\\input{x}",
    ]),
    max_size=14,
).map("".join)  # fmt: skip
HTML = st.lists(
    st.sampled_from([
        "<", ">", "</", "/>", "p", "i", "sub", "sup", "2", " ", "\n", "&", "&amp;", "&lt;", "&gt;", "&#", "x41;",
        "<p>", "</p>",         "<sub>2</sub>", "<jats:p>", "<mml:math>", "<script>",
        "</script>", "<!--", "-->", "<![CDATA[", "]]>", '"', "'",
        "=", "href", "<think>", "Abstract", ":", "$", "<tex-math>",
    ]),
    max_size=14,
).map("".join)  # fmt: skip


# -- HTML, JATS and entities ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CO<sub>2</sub> at 10<sup>-3</sup>", "CO₂ at 10⁻³"),
        ("x<sup>abc</sup>", "xabc"),
        ("<i>E. coli</i> &amp; <b>friends</b>", "E. coli & friends"),
        ("R&amp;amp;D and &amp;lt;i&amp;gt;", "R&D and"),
        ("&lt;i&gt;slanted&lt;/i&gt;", "slanted"),
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("one<br/>two", "one two"),
        ("<canvas></canvas>See <var>x</var>, <select><option value='1'>one</option></select>.", "See x, one."),
        ("the &lt;output&gt; and <samp>code</samp>", "the <output> and code"),
        ("un<i>broken</i>", "unbroken"),
        ('<a href="x" title="a > b">link</a>', "link"),
        ("<jats:sec><jats:title>Aims</jats:title><jats:p>To count.</jats:p></jats:sec>", "Aims To count."),
        ("<mml:math><mml:mi>x</mml:mi></mml:math> grows", "x grows"),
        ("<alternatives><tex-math>$x$</tex-math><mml:math><mml:mi>x</mml:mi></mml:math></alternatives>", "x"),
        ("Relative to the H <scp>i</scp> Disk", "Relative to the H i Disk"),
        (
            "<math><msup><mi>n</mi><mrow><mn>1</mn><mo>-</mo><mi>k</mi><mo>/</mo><mn>2</mn></mrow></msup></math>",
            "n^(1-k/2)",
        ),
        ("<math><mfrac><mrow><mi>k</mi><mo>+</mo><mn>1</mn></mrow><mi>k</mi></mfrac></math>s", "(k+1)/ks"),
        ("<math xmlns='x'><mi>α</mi><mo>&lt;</mo><mn>2</mn></math> holds", "α<2 holds"),
        (
            "<math><mroot><mi>x</mi><mn>3</mn></mroot> <mtext> if </mtext><mi>log</mi><mi>n</mi></math>",
            "(³√x) if log n",
        ),
        ("<math><mtable><mtr><mtd>x</mtd></mtr></mtable></math> grid", "x grid"),
        ("<math><mi>x</mi> unclosed", "x unclosed"),
        ("n<sup>1-k/2</sup>, 10<sup>-3</sup>, 19<sup>th</sup>, Apoe<sup>-/-</sup>", "n^(1-k/2), 10⁻³, 19th, Apoe-/-"),
        ("<svg><path d='M0'/><text>label</text></svg>kept <svg><text>x", "kept x"),
        ("<applet code=x>old</applet><frame src=x>kept<!DOCTYPE html>", "kept"),
        ("<iframe src=x>kept <object data=y>kept too", "kept kept too"),
        ("<iframe>hidden</iframe>kept<object>hidden</object>", "kept"),
        ("<script>alert(1)</script>safe<style>p{}</style>", "safe"),
        ("before<!-- hidden -->after", "before after"),
        ("before<!-- never closed", "before"),
        ("<script>if (a < b) {}</SCRIPT >shown", "shown"),
        ("<style>p{}", ""),
        ("İİİ<SCRIPT>x</SCRIPT>after", "İİİ after"),
        ("<jats:tex-math>$x$</jats:tex-math> alone", "x alone"),
        ("<time>May</time> <video src=x></video>film<wbr>ed", "May filmed"),
        ("<![CDATA[plain <b>text</b>]]>", "plain text"),
        ("a < b and c > d", "a < b and c > d"),
        ("the <think> token and List<int>", "the <think> token and List<int>"),
        ("x <- y", "x <- y"),
        ("AT&T; Q&A", "AT&T; Q&A"),
        ("&notanentity; stays", "&notanentity; stays"),
        ("caf&eacute; &#945; &#x3b2;", "café α β"),
    ],
)
def test_markup_is_removed_and_what_only_looks_like_it_stays(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "p<s for all t and u>0",
        "<mask> tokens, the <s> token and <label> tags",
        'a "<picture of a man> man"',
        "<p>x</p>",
    ],
)
def test_plain_text_has_no_tags(text: str) -> None:
    assert clean(text, Markup.PLAIN) == text
    assert clean(text, Markup.RICH) == text


def test_rich_text_has_the_elements_of_reference_managers_where_they_are_closed() -> None:
    rich = 'The <i>E. coli</i> of H<sub>2</sub>O, <span class="nocase">mRNA</span> and <b> alone'
    assert clean(rich, Markup.RICH) == "The E. coli of H₂O, mRNA and <b> alone"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Abstract: We count.", "We count."),
        ("ABSTRACT — We count.", "We count."),
        ("Summary: We count.", "We count."),
        ("Abstract\nWe count.", "We count."),
        ("<p>Abstract: We count.</p>", "We count."),
        ("<jats:title>Abstract</jats:title><jats:p>We count.</jats:p>", "We count."),
        ("<jats:sec><jats:title>Abstract</jats:title><jats:p>We count.", "We count."),
        ("<b>Abstract.</b> We count.", "We count."),
        ("arXiv:2605.01234v3 Announce Type: replace-cross \nAbstract: We count.", "We count."),
        ("arXiv:2605.01234v1 Announce Type: new", ""),
        ("Abstraction is key.", "Abstraction is key."),
        ("Abstract interpretation is a theory.", "Abstract interpretation is a theory."),
        ("Abstract-level reasoning.", "Abstract-level reasoning."),
        ("Summary of results follows.", "Summary of results follows."),
        ("", ""),
    ],
)
def test_the_label_of_an_abstract_is_removed(text: str, expected: str) -> None:
    assert clean_abstract(text) == expected


@given(ANY_TEXT | HTML | LATEX)
def test_any_text_becomes_one_line(text: str) -> None:
    cleaned = clean_abstract(text)
    assert cleaned.split() == cleaned.split(" ") or cleaned == ""
    assert "\n" not in cleaned


@pytest.mark.parametrize(
    "text",
    ["<" * 300_000, "<p" * 150_000, "<i " * 100_000, "&amp;" * 60_000, "<!--" * 75_000, "<script>" * 40_000,
     "<sub>" * 60_000, "<![CDATA[" * 30_000, "<tex-math>" * 30_000, "<a '\"" * 60_000,
     "<tex-math></tex-math>" * 14_000 + "<mml:", '<a "' * 75_000, "<b>Abstract" * 27_000, "abstract " * 33_000,
     "<p>" * 99_000 + "Abstract", "<style></style>" * 20_000,
     "<math>" * 30_000, "<math><mi>" * 20_000 + "</math>", "<svg>" * 40_000, "<math><msqrt>" + "<msqrt>" * 30_000,
     "<math>" + "<msqrt>" * 9_000 + "</msqrt>" * 9_000 + "</math>", "<math>x</math>" * 20_000, "<iframe>" * 30_000],
    ids=lambda text: text[:9],
)  # fmt: skip
def test_hostile_markup_is_cleaned_without_an_error(text: str) -> None:
    assert isinstance(clean_abstract(text), str)  # that its time is linear, tests/benchmarks/test_sizes.py holds


# -- LaTeX ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text stays", "plain text stays"),
        ("$O(n^2)$ time", "O(n²) time"),
        (r"an $\alpha$-fair rule", "an α-fair rule"),
        (r"$x_i$ and $\alpha_i$", "xᵢ and αᵢ"),
        (r"\textbf{Bold} and \emph{slanted \textit{twice}}", "Bold and slanted twice"),
        (r"95\% of \$200 \& more", "95% of $200 & more"),
        (r"Erd\H{o}s", "Erdős"),
        (r"Jos\'e and Fran\c{c}ois", "José and François"),
        (r"G\"odel, \~n, \^{o}", "Gödel, ñ, ô"),
        ("from $5 to $10", "from $5 to $10"),
        ("Earn $1 Million for $200k", "Earn $1 Million for $200k"),
        (r"\(x\) holds", "x holds"),
        (r"an \unknown{command}", r"an \unknown{command}"),
        (r"\textit{unclosed", r"\textit{unclosed"),
        ("one $ alone", "one $ alone"),
        ("$$", "$$"),
    ],
)
def test_latex_is_converted_where_that_is_faithful(text: str, expected: str) -> None:
    assert clean(text) == expected


@example("\\")
@example("$\\")
@example(r"$\frac\sqrt$")
@given(ANY_TEXT | LATEX)
def test_any_latex_is_cleaned_without_an_error(text: str) -> None:
    assert isinstance(clean(text), str)


@pytest.mark.parametrize(
    "text",
    ["$" * 4_000, "\\" * 4_000, "$x" * 2_000, "\\emph{" * 700, "\\emph{" * 300 + "}" * 300, "\\(" * 2_000, "{" * 4_000,
     "$\\frac{" * 500, "\\'" * 2_000, "_{" * 2_000, "$a_" + "{" * 2_000 + "$", "\\text{a} " * 500],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_hostile_latex_is_cleaned_without_an_error(text: str) -> None:
    assert isinstance(clean(text), str)  # that its time is linear, tests/benchmarks/test_sizes.py holds
