"""TeX in prose: accents, letters, ties, quotes, dashes, fonts, links and citations around formulas."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import ClassVar

from newsletter.limits import TEX_DEPTH, TEX_FORMULA
from newsletter.text import normalize
from newsletter.text.tex import symbols as tables
from newsletter.text.tex.dollars import formulas
from newsletter.text.tex.formulas import Unfaithful, formula
from newsletter.text.tex.symbols import symbols


class Escapes(Enum):
    """What becomes of characters that are escaped because they mean something to TeX."""

    RESOLVED = auto()
    KEPT = auto()


def prose(text: str, escapes: Escapes, *, groups: bool = False) -> str:
    """Return text with its TeX in Unicode, read once."""
    return _Prose(text, escapes, groups=groups).until(len(text), 0)


# It begins with a set of characters, for which the engine scans fast; what stands there decides on the rest.
_TOKEN = re.compile(
    r"[\\${}~\-`'^_h](?:(?<=\\)(?:[A-Za-z]+\*?|.)|(?<=[${}~])|(?<=-)-+|(?<=`)`{0,2}|(?<=')'|(?<=[\^_])(?=\{)"
    r"|(?<=h)ttps?://[^\s{}\\$<>\"]+)",
    re.DOTALL,
)
_NAME = re.compile(r"\\([A-Za-z]+\*?|.)", re.DOTALL)
_CLITIC = re.compile(r"(?:s|t|re|ll|ve|m|d)(?![A-Za-z])")
_LINK = re.compile(r"\s*\\(?:href|url)\s*\{")
_TIED = re.compile(r"[^\s/]|\s+[A-Za-z]")
_SPACE = re.compile(r"\s*")
_OPTION = re.compile(r"\s*\[[^\[\]{}]{0,200}\]")
_OPTIONS = re.compile(r"(?:\s*\[[^\[\]{}]{0,200}\]){1,2}")  # \citep[see][p. 5]{key}
_VERBATIM = re.compile(r"([|!+\"@/])([^\\${}~]{0,80}?)\1")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_CITATION = re.compile(
    r"(?:no|foot|text|paren|auto|smart|super)?cite[A-Za-z]*|[Cc]ites?[tp]?|label|(?:eq|auto|[cC]|page)?ref"
)
#: Environments that hold a formula.
_DISPLAYED = re.compile(r"\\begin\s*\{((?:equation|align|math|displaymath|gather|multline)\*?)\}")


class _Prose:
    """A text, and where in it the reader is."""

    def __init__(self, text: str, escapes: Escapes, *, groups: bool) -> None:
        self.text = text
        self.escapes = escapes
        self.groups = groups
        self.at = 0
        self.closing = _closing_braces(text)
        self.formulas = {span.begin: span for span in formulas(text)} if "$" in text else {}
        self.quotes = 0

    def until(self, end: int, depth: int) -> str:
        """Return the text from here to `end` in Unicode."""
        kept: list[str] = []
        while self.at < end:
            match = _TOKEN.search(self.text, self.at, end)
            if match is None:
                kept.append(self.text[self.at : end])
                break
            if match.start() > self.at:
                kept.append(self.text[self.at : match.start()])
            self.at = match.end()
            kept.append(self._token(match, end, depth, kept))
        self.at = end
        return "".join(kept)

    def _token(self, match: re.Match[str], end: int, depth: int, kept: list[str]) -> str:
        token = match[0]
        if depth > TEX_DEPTH:
            return token
        if token[0] == "\\" and len(token) > 1:
            return self._command(match, end, depth, kept)
        read = self._READ.get(token[0])
        return read(self, match, end, depth) if read else token

    # -- characters -----------------------------------------------------------------------------------

    def _dollar(self, match: re.Match[str], end: int, depth: int) -> str:
        span = self.formulas.get(match.start())
        if span is None or span.end > end:
            return match[0]
        typed = self.text[span.begin : span.end]
        if _LINK.match(span.inside):  # a link in dollars is no formula
            self.at = span.begin + typed.index("\\")
            shown = self.until(span.end - 1, depth + 1)
            self.at = span.end
            return shown
        self.at = span.end
        shown = self._formula(span.inside, typed)
        return f" {shown} " if typed.startswith("$$") else shown

    def _formula(self, inside: str, typed: str) -> str:
        if self.escapes is Escapes.KEPT and _ESCAPE.search(inside):
            return typed
        try:
            return formula(inside.strip())
        except Unfaithful:
            return typed

    def _script(self, match: re.Match[str], end: int, _depth: int) -> str:
        closing = self.closing.get(self.at, end)
        if closing >= end or closing - self.at > TEX_FORMULA:
            return match[0]
        inside = self.text[match.start() : closing + 1]
        shown = self._formula("x" + inside, inside)
        if shown == inside or match.start() == 0 or self.text[match.start() - 1].isspace():
            return match[0]
        self.at = closing + 1
        return shown[1:]

    def _group(self, match: re.Match[str], end: int, depth: int) -> str:
        begin, closing = self.at, self.closing.get(match.start(), end)
        if closing >= end:
            return "" if self.groups else "{"
        inside = self.until(closing, depth + 1)
        self.at = closing + 1
        typed = self.text[begin:closing]
        if self.groups or _is_markup(typed, inside) or self._is_grouped_character(typed, match.start()):
            return inside
        return f"{{{inside}}}"

    def _is_grouped_character(self, typed: str, begin: int) -> bool:
        """Return whether braces, which elsewhere may be text, only group: 3{,}003, {E}xample, Scheff{é}."""
        before, after = self.text[begin - 1 : begin], self.text[self.at : self.at + 1]
        if typed == ",":
            return before.isdigit() and after.isdigit()
        is_lone = len(typed) == 1 and typed.isalpha() and (typed.isupper() or not typed.isascii())
        return is_lone and (after.isalpha() or (before.isalpha() and not typed.isascii()))

    def _closing(self, match: re.Match[str], _end: int, _depth: int) -> str:
        return "" if self.groups else match[0]

    def _tie(self, match: re.Match[str], _end: int, _depth: int) -> str:
        before, after = self.text[match.start() - 1 : match.start()], self.text[match.end() : match.end() + 1]
        is_range = before.isdigit() and after.isdigit()
        is_tie = (
            bool(before) and not before.isspace() and before not in "/(~=[<>" and _TIED.match(self.text, match.end())
        )
        return " " if is_tie and not is_range else "~"

    def _dashes(self, match: re.Match[str], _end: int, _depth: int) -> str:
        before, after = self.text[match.start() - 1 : match.start()], self.text[match.end() : match.end() + 1]
        if before and before in "\"'" and match.start() > 1 and not self.text[match.start() - 2].isspace():
            before = "a"  # that mark closes a quotation
        is_option = (not before or before in " (`'\"[{") and (after.isalpha() or not after)
        if len(match[0]) > 3 or is_option or before in ("<", "!") or after == ">":
            return match[0]
        return "–" if len(match[0]) == 2 else "—"

    def _quotes(self, match: re.Match[str], end: int, _depth: int) -> str:
        if match[0] == "``":
            self.quotes += 1
            return "“"
        if match[0] == "''" and self.quotes:
            self.quotes -= 1
            return "”"
        return match[0]

    # -- commands -------------------------------------------------------------------------------------

    def _command(self, match: re.Match[str], end: int, depth: int, kept: list[str]) -> str:
        name = match[0][1:]
        name = name.rstrip("*") if len(name) > 1 else name
        if name in "([":
            return self._delimited(match, end)
        if name in tables.SPECIAL:
            return self._special(match, name)
        if name in tables.ACCENTS and (len(name) > 1 or self._is_accent(match, name, end)):
            return self._accent(match, name, end, depth)
        if not name[0].isalpha():
            return self._punctuation(match, name)
        if name in tables.ALPHABET:
            return self._of_alphabet(match, tables.ALPHABET[name])
        return self._named(match, name, end, depth, kept)

    def _punctuation(self, match: re.Match[str], name: str) -> str:
        if name in "'\"`^~=.":
            return name if name in "'\"" or self.escapes is Escapes.RESOLVED else match[0]
        if name == "\\":  # a line ends; before what is escaped, a backslash is one too many
            return "" if self.text[self.at : self.at + 1] in tuple("%&$#_") else " "
        if name in tables.SPACES:
            return " "
        return "" if name in "-/!@" else symbols().get(name, match[0])

    def _named(self, match: re.Match[str], name: str, end: int, depth: int, kept: list[str]) -> str:
        if _CITATION.fullmatch(name):
            return self._citation(match, end, kept)
        if read := self._BY_NAME.get(name):
            return read(self, match, name, end, depth)
        if name in symbols():
            return self._symbol(name)
        return name if name in tables.FUNCTIONS else self._mathematics(match, end, depth)

    def _nothing(self, _match: re.Match[str], _name: str, _end: int, _depth: int) -> str:
        if not self._skip_empty_group():
            self.at = _end_of(_SPACE.match(self.text, self.at))
        return ""

    def _space(self, _match: re.Match[str], _name: str, _end: int, _depth: int) -> str:
        return " "

    def _citation(self, match: re.Match[str], end: int, kept: list[str]) -> str:
        if self._raw_argument(end) is None:
            return match[0]
        following = self.text[self.at : self.at + 1]
        if following and following in ".,;:)":
            while kept and not kept[-1].rstrip(" ~"):
                kept.pop()
            if kept:
                kept[-1] = kept[-1].rstrip(" ~")
                self.at += following == "." == kept[-1][-1]  # see Eq.~\ref{one}.
        return ""

    def _symbol(self, name: str) -> str:
        if not self._skip_empty_group() and name in tables.JOINED:
            self.at = _end_of(_SPACE.match(self.text, self.at))
        shown = symbols()[name]
        return shown[:-1] if shown[-1] == "." and self.text.startswith(".", self.at) else shown

    def _footnote(self, match: re.Match[str], _name: str, end: int, depth: int) -> str:
        note = self._argument(end, depth)
        return match[0] if note is None else f" ({note})"

    def _address(self, match: re.Match[str], _name: str, end: int, _depth: int) -> str:
        address = self._raw_argument(end)
        return match[0] if address is None else re.sub(r"\\([%&$#_~{}])", r"\1", address)

    def _shifted(self, match: re.Match[str], name: str, end: int, depth: int) -> str:
        inside = self._argument(end, depth)
        return match[0] if inside is None else tables.shifted(inside, is_superscript=name == "textsuperscript")

    def _verbatim(self, match: re.Match[str], _name: str, end: int, _depth: int) -> str:
        quoted = _VERBATIM.match(self.text, self.at, end)
        self.at = quoted.end() if quoted else self.at
        return quoted[2] if quoted else match[0]

    def _delimited(self, match: re.Match[str], end: int) -> str:
        closing = self.text.find("\\)" if match[0] == "\\(" else "\\]", self.at, min(end, self.at + TEX_FORMULA))
        if closing < 0 or match[0] in self.text[self.at : closing]:
            return match[0]
        inside = self.text[self.at : closing]
        self.at = closing + 2
        shown = self._formula(inside, self.text[match.start() : self.at])
        return shown if match[0] == "\\(" else f" {shown} "

    def _environment(self, match: re.Match[str], name: str, end: int, depth: int) -> str:
        opening = _DISPLAYED.match(self.text, match.start(), end)
        if opening is None:
            return self._one_of(match, name, end, depth)
        mark = f"\\end{{{opening[1]}}}"
        closing = self.text.find(mark, opening.end(), min(end, opening.end() + TEX_FORMULA))
        if closing < 0:
            return match[0]
        self.at = closing + len(mark)
        return f" {self._formula(self.text[opening.end() : closing], self.text[match.start() : self.at])} "

    def _special(self, match: re.Match[str], name: str) -> str:
        if self.escapes is Escapes.KEPT and name not in ("%", "&", "#"):
            return match[0]
        if len(name) > 1:
            self._skip_empty_group()
        return tables.SPECIAL[name]

    def _is_accent(self, match: re.Match[str], name: str, end: int) -> bool:
        """Return whether a command of one character is an accent, and no quotation mark or letter of its own."""
        at = self.at if name in "'\"" else _end_of(_SPACE.match(self.text, self.at, end))
        following = self.text[at : at + 1]
        if name.isalpha():
            return following == "{" or (at > self.at and following.isalpha()) or following == "\\"
        if following in ("{", "\\"):
            return True
        if not following.isalpha():
            return False
        is_within = self.text[match.start() - 1 : match.start()].isalpha()
        if name == "'":
            return not (is_within and _CLITIC.match(self.text, at)) and len(normalize("NFC", following + "\u0301")) == 1
        return name != '"' or (following in tables.DIAERESIS and (is_within or not self._closes_quote(at, end)))

    def _closes_quote(self, at: int, end: int) -> bool:
        closing = self.text.find('\\"', at, min(end, at + 200))
        return closing >= 0 and not self.text[closing + 2 : closing + 3].isalpha()

    def _accent(self, match: re.Match[str], name: str, end: int, depth: int) -> str:
        begin = self.at
        base = self._argument(end, depth, may_be_bare=True)
        plain = {"ı": "i", "ȷ": "j"}.get(base or "", base or "")
        if not plain and base is not None:
            return (
                {"~": "~", "^": "^"}.get(name, "")
                if self.escapes is Escapes.RESOLVED
                else self.text[match.start() : self.at]
            )
        if not plain or not plain[0].isalpha():
            self.at = begin
            return match[0]
        return normalize("NFC", plain[0] + tables.ACCENTS[name] + plain[1:])

    def _of_alphabet(self, match: re.Match[str], character: str) -> str:
        before = self.text[max(0, match.start() - 2) : match.start()].strip()[-1:]
        if not self._skip_empty_group() and not before.isdigit():
            following = _end_of(_SPACE.match(self.text, self.at))
            if self.text[following : following + 1].isalpha():
                self.at = following
        return character

    def _one_of(self, match: re.Match[str], name: str, end: int, depth: int) -> str:
        count, shown = tables.ARGUMENTS[name]
        begin = self.at
        found: list[str] = []
        for number in range(count):
            argument = self._argument(end, depth) if number == shown else self._raw_argument(end)
            if argument is None and found and name == "href":
                return found[0]
            if argument is None:
                self.at = begin
                return match[0]
            found.append(argument)
        return " " if shown is None else found[shown]

    def _style(self, match: re.Match[str], name: str, end: int, depth: int) -> str:
        inside = self._argument(end, depth)
        if inside is None:
            return match[0]
        opening, closing = tables.ENCLOSED.get(name, ("", ""))
        return f"{opening}{inside}{closing}"

    def _mathematics(self, match: re.Match[str], end: int, depth: int) -> str:
        """Read a command of formulas that stands in prose, with its arguments: \\frac{1}{2}."""
        at = self.at
        while at < end and (at in self.closing or self.text[at] == "["):
            option = _OPTION.match(self.text, at, end)
            at = option.end() if option else self.closing.get(at, end) + 1
        if at > end or at == self.at or at - match.start() > TEX_FORMULA:
            return match[0]
        typed = self.text[match.start() : at]
        if (shown := self._formula(typed, typed)) != typed:
            self.at = at
            return shown
        kept = [match[0]]
        while self.at in self.closing and depth < TEX_DEPTH:
            closing = self.closing[self.at]
            self.at += 1
            inside = self.until(closing, depth + 1)
            self.at = closing + 1
            kept += ["{", inside, "}"]
        return "".join(kept)

    # -- arguments ------------------------------------------------------------------------------------

    def _argument(self, end: int, depth: int, *, may_be_bare: bool = False) -> str | None:
        """Return the next argument in Unicode, or None if there is none."""
        option = None if may_be_bare else _OPTION.match(self.text, self.at, end)
        at = _end_of(_SPACE.match(self.text, option.end() if option else self.at, end))
        closing = self.closing.get(at, end)
        if closing < end:
            self.at = at + 1
            inside = self.until(closing, depth + 1)
            self.at = closing + 1
            return inside
        if not may_be_bare or at >= end:
            return None
        command = _NAME.match(self.text, at, end)
        if command is None:
            self.at = at + 1
            return self.text[at]
        if depth > TEX_DEPTH:
            return None
        self.at = command.end()
        # Without braces nobody stacks more than two accents, and each that fails is read again from the next one on.
        return self._command(command, end, depth + TEX_DEPTH // 3, [])

    def _raw_argument(self, end: int) -> str | None:
        option = _OPTIONS.match(self.text, self.at, end)
        at = _end_of(_SPACE.match(self.text, option.end() if option else self.at, end))
        closing = self.closing.get(at, end)
        if closing >= end:
            return None
        self.at = closing + 1
        return self.text[at + 1 : closing]

    def _dingbat(self, match: re.Match[str], _name: str, end: int, _depth: int) -> str:
        begin = self.at
        shown = tables.dingbat((self._raw_argument(end) or "").strip())
        self.at = self.at if shown else begin
        return shown or match[0]

    def _skip_empty_group(self) -> bool:
        if self.text.startswith("{}", self.at):
            self.at += 2
            return True
        return False

    _READ: ClassVar[dict[str, Callable[[_Prose, re.Match[str], int, int], str]]] = {
        "$": _dollar, "{": _group, "}": _closing, "~": _tie, "-": _dashes, "`": _quotes, "'": _quotes, "^": _script,
        "_": _script,
    }  # fmt: skip
    _BY_NAME: ClassVar[dict[str, Callable[[_Prose, re.Match[str], str, int, int], str]]] = {
        **dict.fromkeys(tables.STYLES, _style),
        **dict.fromkeys(tables.EMPTY | tables.SWITCHES, _nothing),
        **dict.fromkeys(tables.ARGUMENTS, _one_of),
        **dict.fromkeys(tables.SPACES, _space),
        **dict.fromkeys(("url", "path", "nolinkurl"), _address),
        **dict.fromkeys(("textsuperscript", "textsubscript"), _shifted),
        "begin": _environment,
        "footnote": _footnote,
        "verb": _verbatim,
        "ding": _dingbat,
    }


_ESCAPE = re.compile(
    r"\\(?:[${}_%&#]|(?:" + "|".join(name for name in tables.SPECIAL if name.isalpha()) + r")(?![A-Za-z]))"
)


def _end_of(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def _closing_braces(text: str) -> dict[int, int]:
    """Return where each brace that is closed is closed, by where it is opened."""
    found: dict[int, int] = {}
    opened: list[int] = []
    if "{" in text:
        for match in _BRACE.finditer(text):
            if match[0] == "{":
                opened.append(match.start())
            elif match[0] == "}" and opened:
                found[opened.pop()] = match.start()
    return found


def _is_markup(typed: str, inside: str) -> bool:
    """Return whether braces hold a resolved command or dash, so that they were its own: {\\'e}, {\\em word}, {--}."""
    if typed.strip() in ("--", "---"):
        return True
    return typed.lstrip().startswith("\\") and "\\" not in inside and typed.lstrip()[1:2] not in tuple("{}$&%#_")
