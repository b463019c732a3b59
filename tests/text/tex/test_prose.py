from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.text.markup import Markup, clean
from newsletter.text.tex import read
from tests.examples import examples

TEX = st.lists(
    st.sampled_from([
        "$", "\\", "{", "}", "^", "_", "\\(", "\\)", "\\[", "\\]", "[", "]", "x", "2", " ", "&", "%", "~", "--", "---",
        "\\textit", "\\emph{", "\\text{", "\\frac", "\\sqrt", "\\'e", "\\'{", "\\c{c}", "\\%", "\\$", "\\&", "\\verb",
        "\\begin{a}", "\\end{a}", "\\alpha", "\\mathbb", "\\item", "\\left(", "\\over", "\\foo", "\\href{x}", "``",
        "''", "\\{", "\\}", "\\_", "\\textless ", "\\textbackslash", "\\\\", "\\cite{x}", "\\url{", "{\\em ", "word",
        "\\~", "\\\"", "{,}", "\\ding{51}", "\\eg", ".", "$x_1$", "$\\alpha$", "https://a.org/~b", "'", "`", "\\L",
    ]),
    max_size=14,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"Bj{\o}rn, {\L}ukasz, \L ukasz, {\'e}, Erd\H os, \"{\i}", "Bjørn, Łukasz, Łukasz, é, Erdős, ï"),
        (r"Nguy{\~{\^e}}n, Caf{\'e}, caf\'e, caf{\'{e}}, \v{S}koda", "Nguyễn, Café, café, café, Škoda"),
        (r"Gar{\c c}on, na{\"\i}ve, Stra{\ss}e, {\O}re, \"Ozg\"ur", "Garçon, naïve, Straße, Øre, Özgür"),
        (r"the object\'s potential, don\'t, said \"yes\" twice", "the object's potential, don't, said \"yes\" twice"),
        (r"Scheff{é} and {E}xperience in {3B, 7B}", "Scheffé and Experience in {3B, 7B}"),
        (r"Lambert~$W$ and Well~C, ~10%, 5~10, a.org/~me", "Lambert W and Well C, ~10%, 5~10, a.org/~me"),
        ("``cold-start'' data, 5'' wide", "“cold-start” data, 5'' wide"),
        ("4--12 turns --- or --fast, <!--x-->, ----", "4–12 turns — or --fast, <!--x-->, ----"),
        (r"3{,}003 pairs, 10\,MB, data\-base, 80\%, R\&D, \#1", "3,003 pairs, 10 MB, database, 80%, R&D, #1"),
        (r"M\textsuperscript{4}Fuse, H\textsubscript{2}O, 19\textsuperscript{th}", "M⁴Fuse, H₂O, 19th"),
        (r"\emph{one} \textbf{two \textit{three}} {\em four} \mkbibemph{five}", "one two three four five"),
        (r"\href{https://x.org}{here}, \url{https://a.org/a\_b~c}", "here, https://a.org/a_b~c"),
        (r"https://a.org/x--y~z stays", "https://a.org/x--y~z stays"),
        (r"is at~ https://a.org, p~ 0.5", "is at https://a.org, p~ 0.5"),
        (r"see Eq.~\eqref{one}. Or cues {--} some {---} of {a--b}", "see Eq. Or cues – some — of {a–b}"),
        (r"shown \citep[see][p.~3]{b} and \cite[see][]{c}.", "shown and."),
        (r"(DSC)~\cite{a2024} and \citep[p.~3]{b}, \relax so", "(DSC) and, so"),
        (r"We count\footnote{Code: \url{https://a.org}}.", "We count (Code: https://a.org)."),
        (r"In\textsubscript{x}Ga\textsubscript{1-x}N, D\textquotesingle Arc, 5 \textmu m", "InₓGa₁₋ₓN, D'Arc, 5 µm"),
        (r"p \textless 0.05, \textgreater 3", "p < 0.05, > 3"),
        (r"\modelname{} and \ours, \foo{\em x}", r"\modelname{} and \ours, \foo{x}"),
        (r"10^{-3} of \frac{1}{2} in \mathbb{R}^d", "10⁻³ of 1/2 in ℝ^d"),
        (r"\$x\$ stays, 5\% does not", r"\$x\$ stays, 5% does not"),
        (r"from \$5 to \$10", "from $5 to $10"),
        (r"$\modelname$ of $\frac{1}{\foo}$", r"$\modelname$ of $\frac{1}{\foo}$"),
        (r"\(x_i\) and $$y^2$$and \[z\]", "xᵢ and y² and z"),
        (r"e.g.\ this, \eg, that", "e.g. this, e.g., that"),
        (r"\textit{unclosed", r"\textit{unclosed"),
        (r"\verb|a_b|, \ding{51}", "a_b, ✓"),
    ],
)
def test_tex_in_prose_becomes_text(tex: str, text: str) -> None:
    assert read(tex) == text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"{BERT} and {\bf GPT}", "BERT and GPT"),
        (r"\textbf{{BERT} rocks}", "BERT rocks"),
        (r"$\mathcal{O}(n^{2})$ in {GPT}", "𝒪(n²) in GPT"),
        (r"A\&{M} \{kept\}", "A&M {kept}"),
        (r"Dr.~Case \~{n}", "Dr. Case ñ"),
        (r"\foo{{B}ERT}", r"\foo{BERT}"),
        ("{unclosed", "unclosed"),
        ("closed}", "closed"),
        ("\\", "\\"),
    ],
)
def test_braces_of_bibtex_only_group(latex: str, text: str) -> None:
    assert read(latex, groups=True) == text


def test_every_recorded_case_comes_out_right(shared: Path) -> None:
    table = shared / "cases/text/text.tsv"
    rows = [line.split("\t")[:2] for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    shown = [clean(given, Markup.TAGS if "<scp>" in given else Markup.PLAIN) for given, _ in rows]
    wrong = [(one, *row) for one, row in zip(shown, rows, strict=True) if not _is_right(one, *row)]
    assert len(rows) > 15
    assert wrong == []


def _is_right(shown: str, given: str, expected: str) -> bool:
    """Return whether text is as a row says, in words for some: "grouping kept: … or the LaTeX as typed"."""
    if expected == "kept":
        return shown == given
    if expected.startswith("not ") or " or as typed" in expected or "ties" in expected:
        return not re.search(r"~|𝔽_p\^|1/√", shown)
    wanted = re.sub(r"^grouping kept: | or the LaTeX.*|, or the address.*| \(BibTeX.*", "", expected)
    return shown == wanted


@example(r"\$x\$")
@example(r"\textless i\textgreater x")
@example(r"$\{n\}$")
@given(TEX | st.text(st.characters(exclude_categories=()), max_size=30))
@examples(5)
def test_what_is_read_and_read_again_stays(text: str) -> None:
    once = read(text)
    assert read(once) == once
    in_groups = read(text, groups=True)
    assert read(in_groups) == in_groups


WORDS = st.lists(st.sampled_from(["cloud", "of", "the", "(two)", "costs $5", "US$6,", "p", "cat's", "5%"]), min_size=1)
FORMULAS = st.sampled_from(["$x$", "$x_i$", r"$\alpha$", r"$n^{k}$", "$<$", r"$\foo$", r"$\times$", r"\(y\)", "$-$"])


@given(st.lists(st.tuples(WORDS.map(" ".join), FORMULAS), max_size=6))
def test_no_word_between_formulas_is_lost_or_glued(parts: list[tuple[str, str]]) -> None:
    text = " ".join(f"{words} {formula}" for words, formula in parts)
    shown = read(text)
    expected = " ".join(f"{words} {read(formula)}" for words, formula in parts)
    assert shown == expected
