"""What the commands of TeX stand for: characters, accents, functions, fonts.

The names of some 800 symbols are pylatexenc's. Its parser is not used: it takes exponential time on groups that are not
closed, and its output drops the grouping of formulas.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache


def _names(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


#: Letters on which \" is two dots; before others it is a quotation mark.
DIAERESIS = frozenset("aeiouyAEIOUY")
#: Marks that an accent puts on a character, by command; in prose and, with the longer names, in formulas.
ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331", "t": "\u0361", "h": "\u0309",
}  # fmt: skip
MATH_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304", "vec": "\u20d7",
    "dot": "\u0307", "ddot": "\u0308", "check": "\u030c", "acute": "\u0301", "grave": "\u0300", "breve": "\u0306",
    "mathring": "\u030a", "overline": "\u0304", "underline": "\u0332",
}  # fmt: skip

#: Characters of an alphabet: a space after the command only ends its name.
ALPHABET = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
    "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ",
}  # fmt: skip
#: After these, a space only ends the name, too.
JOINED = frozenset({"textmu", "textquotesingle", "textquoteright", "textquoteleft", "textquotedblleft"})
#: Characters that mean something to TeX. They stay escaped where they would be taken for TeX in another reading.
SPECIAL = {
    "$": "$", "{": "{", "}": "}", "_": "_", "%": "%", "&": "&", "#": "#", "textdollar": "$", "textbackslash": "\\",
    "textless": "<", "textgreater": ">", "lbrace": "{", "rbrace": "}", "textunderscore": "_", "textbraceleft": "{",
    "textbraceright": "}", "textasciicircum": "^", "textasciigrave": "`", "backslash": "\\", "lt": "<", "gt": ">",
}  # fmt: skip
_OTHERS = {
    "textquoteright": "’", "textquoteleft": "‘", "textquotedblleft": "“", "textquotedblright": "”", "ldots": "…",
    "dots": "…", "textellipsis": "…", "textasciitilde": "∼", "textendash": "–", "textemdash": "—", "textbar": "|",
    "textquotesingle": "'", "lq": "‘", "rq": "’", "textquotedbl": '"', "slash": "/", "square": "□", "checkmark": "✓",
    "cmark": "✓", "xmark": "✗", "Re": "Re", "Im": "Im", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|", "|": "‖",
    "lVert": "‖", "rVert": "‖", "colon": ":", "sim": "∼", "implies": "⟹", "iff": "⟺", "impliedby": "⟸", "land": "∧",
    "lor": "∨", "lnot": "¬", "dotsc": "…", "dotsb": "⋯", "dotsm": "⋯", "ast": "∗", "bullet": "•", "hdots": "…",
    "coloneqq": "≔", "bigstar": "★", "blacksquare": "■", "Box": "□", "degree": "°", "textdegree": "°", "bot": "⊥",
    "lbrack": "[", "rbrack": "]", "ne": "≠", "neq": "≠", "triangleq": "≜", "textmu": "µ", "texttimes": "×",
    "textpm": "±", "S": "§", "P": "¶", "pounds": "£", "euro": "€", "texteuro": "€", "copyright": "©", "dag": "†",
    "ddag": "‡", "TeX": "TeX", "LaTeX": "LaTeX", "BibTeX": "BibTeX", "leadsto": "⇝", "restriction": "↾", "and": "·",
    "eg": "e.g.", "Eg": "E.g.", "ie": "i.e.", "Ie": "I.e.", "etal": "et al.", "etc": "etc.", "wrt": "w.r.t.",
    "iid": "i.i.d.", "vs": "vs.", "prime": "′", "backprime": "‵", "neg": "¬", "models": "⊨", "vDash": "⊨", "owns": "∋",
    "gets": "←", "triangle": "△", "lhd": "⊲", "rhd": "⊳", "unlhd": "⊴", "unrhd": "⊵", "ddagger": "‡", "centerdot": "·",
    "lll": "⋘", "ggg": "⋙", "thicksim": "∼", "thickapprox": "≈", "varpropto": "∝", "nsim": "≁", "ncong": "≇",
    "varsubsetneq": "⊊", "coloneq": "≔", "colonequals": "≔", "eqqcolon": "≕", "Coloneqq": "⩴", "vcentcolon": ":",
    "dashrightarrow": "⇢", "bigsqcup": "⨆", "bigodot": "⨀", "biguplus": "⨄", "oiint": "∯", "llbracket": "⟦",
    "rrbracket": "⟧", "imath": "ı", "jmath": "ȷ", "Bbbk": "𝕜", "Diamond": "◇", "clubsuit": "♣", "diamondsuit": "♢",
    "heartsuit": "♡", "spadesuit": "♠", "celsius": "°C", "micro": "µ", "ohm": "Ω", "permil": "‰", "perthousand": "‰",
    "circledR": "®", "varGamma": "Γ", "varDelta": "Δ", "varTheta": "Θ", "varLambda": "Λ", "varSigma": "Σ",
    "varPhi": "Φ", "varPsi": "Ψ", "varOmega": "Ω",
}  # fmt: skip

FUNCTIONS = _names(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln",
    "log max min argmax argmin Pr sec sin sinh sup tan tanh injlim projlim sgn sign tr Tr rank diag supp",
)
#: Large operators, which take what follows, as functions do.
LARGE = _names(
    "sum prod coprod int iint iiint oint oiint bigcup bigcap bigoplus bigotimes bigodot bigsqcup biguplus bigvee",
    "bigwedge",
)
#: Commands without any text of their own.
EMPTY = _names(
    "relax noindent par displaystyle textstyle scriptstyle limits nolimits xspace protect centering left",
    "right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm middle ! - / @ smallskip",
    "medskip bigskip null allowbreak nobreak nonumber maketitle hfill ignorespaces leavevmode sloppy indent",
)
SPACES = frozenset((*",;:> ", "quad", "qquad", "enspace", "thinspace", "newline", "linebreak", "space", "nobreakspace"))
#: Switches of fonts and sizes, which extend to the end of their group: {\it small}.
SWITCHES = _names(
    "bf it em rm sc sl tt sf bfseries itshape scshape ttfamily rmfamily sffamily slshape upshape mdseries",
    "normalfont tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge boldmath",
)
#: Commands that show their argument in another font, or as it is.
STYLES = _names(
    "textit textbf texttt textsc textrm textsf textsl textmd textup text textnormal emph underline mathrm",
    "mathit mathbf mathsf mathtt mathnormal mbox hbox uline mkbibemph mkbibbold mkbibitalic bm boldsymbol pmb",
    "ul hl sout textulc mathop mathbin mathrel mathord mathopen mathclose mathpunct operatorname makebox fbox",
    "uppercase MakeUppercase NoCaseChange vphantom ensuremath path nolinkurl url verb enquote mkbibquote",
    "textsuperscript textsubscript gls Gls glspl ac acs acl acf acrshort acrlong acrfull mkbibparens",
    "textnumero term nocase bibstring title keywords abstract section subsection paragraph",
)
#: Commands of which another argument than the first is shown, or none: (how many arguments, which of them).
ARGUMENTS = {
    "href": (2, 1), "textcolor": (2, 1), "hyperlink": (2, 1), "hyperref": (1, 0), "texorpdfstring": (2, 1),
    "foreignlanguage": (2, 1), "scalebox": (2, 1), "colorbox": (2, 1), "parbox": (2, 1), "raisebox": (2, 1),
    "resizebox": (3, 2), "color": (1, None), "vspace": (1, None), "hspace": (1, None), "thanks": (1, None),
    "footnotemark": (0, None), "phantom": (1, None), "hphantom": (1, None), "thispagestyle": (1, None),
    "bibitem": (1, None), "selectlanguage": (1, None), "begin": (1, None), "end": (1, None), "index": (1, None),
    "item": (0, None),
}  # fmt: skip
#: What is put around an argument.
ENCLOSED = {"enquote": ("“", "”"), "mkbibquote": ("“", "”"), "mkbibparens": ("(", ")")}
_ALPHABETS = {
    "mathbb": "DOUBLE-STRUCK ", "mathds": "DOUBLE-STRUCK ", "mathbbm": "DOUBLE-STRUCK ", "mathcal": "SCRIPT ",
    "mathscr": "SCRIPT ", "mathfrak": "FRAKTUR ",
}  # fmt: skip
STYLED = frozenset(_ALPHABETS)


@cache
def styled(font: str, character: str) -> str | None:
    """Return a capital or small character of an alphabet (ℝ, 𝒪, 𝔤), or None if Unicode has it not."""
    if not (character.isascii() and character.isalnum()):
        return None
    case = "DIGIT " if character.isdigit() else "CAPITAL " if character.isupper() else "SMALL "
    name = unicodedata.name(character).removeprefix("DIGIT ") if character.isdigit() else character.upper()
    kind = _ALPHABETS[font]
    for prefix in ("MATHEMATICAL ", "", "BLACK-LETTER " if kind == "FRAKTUR " else ""):
        shown = prefix if prefix == "BLACK-LETTER " else prefix + kind
        try:
            return unicodedata.lookup(f"{shown}{case}{name}")
        except KeyError:
            continue
    return None


@cache
def symbols() -> dict[str, str]:
    """Return the characters that commands without arguments stand for."""
    from pylatexenc import latex2text  # noqa: PLC0415 - slow to import, and most text has no TeX

    found: dict[str, str] = {}
    for macro in latex2text.get_default_latex_context_db().iter_macro_specs():
        shown = macro.simplify_repl
        if isinstance(shown, str) and len(shown) == 1 and not shown.isascii() and macro.macroname not in ACCENTS:
            found.setdefault(macro.macroname, shown)
    return found | _OTHERS


def dingbat(number: str) -> str | None:
    """Return a character of the font Zapf Dingbats by its code, as in \\ding{51}, or None if there is none."""
    code = int(number) if number.isdecimal() and len(number) < 4 else 0
    if 33 <= code <= 126:
        return chr(0x2700 + code - 32)
    if 172 <= code <= 181:
        return chr(0x2460 + code - 172)
    return chr(0x2776 + code - 182) if 182 <= code <= 212 else None


SUPERSCRIPTS = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
SUBSCRIPTS = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")


def translated(text: str, table: dict[int, int]) -> str | None:
    """Return text in the characters of a table, or None if the table has not all of them."""
    return text.translate(table) if text and all(ord(character) in table for character in text) else None


# In a script, as in n<sup>1-k/2</sup>. Signs alone, as in Apoe<sup>-/-</sup>, are none.
_EXPRESSION = re.compile(r"\w\s?[-+/=*·×]\s?\w|^[-+]\s?[A-Za-z]")


def shifted(text: str, *, is_superscript: bool) -> str:
    """Return a script in prose: in the characters of Unicode, else an expression in brackets, else as it is."""
    plain = text.strip().replace("−", "-")
    shown = translated(plain, SUPERSCRIPTS if is_superscript else SUBSCRIPTS)
    if shown is None and _EXPRESSION.search(plain):
        return f"{'^' if is_superscript else '_'}({text.strip()})"
    return text if shown is None else shown
