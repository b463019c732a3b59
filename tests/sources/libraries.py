"""Library files as people's programs write them, from random references whose facts are known.

The hard cases of each format are in them: accents in TeX and in Unicode, braces, macros, inheritance, particles and
suffixes of names, organizations as authors, wrapped lines, dates of every precision.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Text:
    """A text in Unicode and in TeX."""

    plain: str
    tex: str


@dataclass(frozen=True)
class Person:
    """A person; an organization has a family name only."""

    given: Text
    particle: str
    family: Text
    suffix: str = ""

    @property
    def shown(self) -> str:
        return " ".join(filter(None, (self.given.plain, self.particle, self.family.plain, self.suffix)))

    def last_first(self) -> str:
        """Return "de la Cruz, José, Jr.", as most formats have it."""
        last = " ".join(filter(None, (self.particle, self.family.plain)))
        return ", ".join(filter(None, (last, self.given.plain, self.suffix)))


@dataclass(frozen=True)
class Reference:
    """What a library has of one paper."""

    number: int
    title: Text
    authors: tuple[Person, ...]
    year: int
    month: int
    day: int
    doi: str
    journal: Text


def _text(pair: str) -> Text:
    plain, _, tex = pair.partition("|")
    return Text(plain, tex or plain)


_WORDS = tuple(map(_text, (
    "learning", "of", "for", "with", "graphs", "Networks:", "the", "efficient", "a", "Models", "attention", "on", "in",
    "deep", "causal", "is", "all", "you", "need?", "towards", "Large-Scale", "(revisited)", "non-convex", "it's",
    r'Schrödinger|Schr{\"o}dinger', r"Erdős–Rényi|Erd{\H{o}}s--R{\'e}nyi", r'naïve|na{\"\i}ve', r"café|caf\'e",
    r"Łojasiewicz|{\L}ojasiewicz", "“deep”|``deep''", r"R&D|R\&D", r"50%|50\%", "DNA|{DNA}", "GPT-4|{GPT}-4",
    r"Dvořák|Dvo{\v{r}}{\'a}k", r"Tübingen|T\"ubingen", r'Ångström|{\AA}ngstr{\"o}m', r"Straße|Stra{\ss}e",
    r"snake_case|snake\_case", "Bayesian|{B}ayesian", r"α-helix|$\alpha$-helix", "H₂O|H$_2$O", "x²|$x^2$",
    r"M⁴Net|M\textsuperscript{4}Net", r"in vivo|\emph{in vivo}", r"Well C|Well~C", "Title Case|{T}itle {C}ase", "北京",
    r"O(n log n)|$O(n\log n)$", "#1|\\#1", "@home", "2020", r"Poincaré|Poincar{\'{e}}", r"ẞ", "ice=water", "Ω",
)))  # fmt: skip
_GIVEN = tuple(map(_text, (
    "Ada", "John", "Wei", "J. R.", "A.", "Jean-Pierre", r"José|Jos{\'e}", r"François|Fran{\c{c}}ois", r"Søren|S{\o}ren",
    r'Zoë|Zo{\"e}', r"Łukasz|{\L}ukasz", "Mary Ann", r"Ünal|{\"U}nal", "B. C. D.", r"Đorđe|{\DJ}or{\dj}e",
)))  # fmt: skip
_FAMILY = tuple(map(_text, (
    "Smith", "Nakamura", "Li", r'Müller|M{\"u}ller', r"Gödel|G{\"o}del", r"García Márquez|Garc{\'i}a M{\'a}rquez",
    "O'Neill", r"Erdős|Erd{\H{o}}s", r"Škoda|{\v{S}}koda", r"Çelik|{\c{C}}elik", "Smith-Jones", "McKay",
    r"Nguyễn|Nguy{\~{\^e}}n", r"Håkansson|H{\aa}kansson", r"Şahin|{\c S}ahin",
)))  # fmt: skip
_PARTICLES = ("", "", "", "", "van der", "de la", "von")
_TEAMS = tuple(map(_text, ("The ATLAS Collaboration", "World Health Organization", "Ministry of Silly Walks and Sons")))
_JOURNALS = tuple(
    map(_text, ("Journal of Clouds", r"Annals of R&D|Annals of R\&D", "Nature", "Cloud Computing, Part B"))
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def references(count: int, seed: int = 1) -> list[Reference]:
    """Return random references; each title has its number, so that no two are the same paper."""
    chance = Random(seed)  # noqa: S311 - the same in every run
    return [_reference(chance, number) for number in range(1, count + 1)]


def _reference(chance: Random, number: int) -> Reference:
    words = [Text(f"Study{number}", f"Study{number}"), *chance.choices(_WORDS, k=chance.randint(2, 11))]
    title = Text(" ".join(word.plain for word in words), " ".join(word.tex for word in words))
    people = [_person(chance) for _ in range(chance.choice((1, 2, 3, 3, 5, 12)))]
    authors = tuple(sorted(people, key=lambda one: not one.given.plain))  # some formats name organizations last
    doi = f"10.{chance.randint(1000, 99999)}/{chance.choice(('abc', 'j.cloud', 'S0021-1(9)', 'x_y'))}.{number}"
    year = chance.randint(1951, 2025)
    return Reference(
        number, title, authors, year, chance.randint(1, 12), chance.randint(1, 28), doi, chance.choice(_JOURNALS)
    )


def _person(chance: Random) -> Person:
    if chance.random() < 0.04:
        return Person(Text("", ""), "", chance.choice(_TEAMS))
    suffix = "Jr." if chance.random() < 0.04 else ""
    return Person(chance.choice(_GIVEN), chance.choice(_PARTICLES), chance.choice(_FAMILY), suffix)


# -- BibTeX -------------------------------------------------------------------------------------------


def bibtex(found: Sequence[Reference], chance: Random) -> str:
    """Write BibTeX with macros, joined values, parents, and entries in parentheses."""
    blocks = [
        '@string{cloud = "Journal of " # clouds}',
        "@comment{not, an = {entry}}",
        '@preamble{"\\newcommand{\\x}{}"}',
    ]
    blocks[:0] = ["% Encoding: UTF-8", '@STRING(clouds = "Clouds")']
    parents: set[int] = set()
    for one in found:
        fields = {"title": _value(one.title.tex, chance), "author": f"{{{_tex_names(one.authors, chance)}}}"}
        fields |= {"doi": _value(chance.choice(("", "https://doi.org/")) + one.doi, chance)}
        fields |= {"journal": "cloud" if one.journal.plain == "Journal of Clouds" else _value(one.journal.tex, chance)}
        if chance.random() < 0.15:
            parents.add(one.year)
            fields["crossref"] = f"{{proc{one.year}}}"
        else:
            fields["year"] = chance.choice((str(one.year), f"{{{one.year}}}", f'"{one.year}"'))
            month = _MONTHS[one.month - 1]
            fields["month"] = chance.choice((month, f'"{one.day}~" # {month}', f"{{{month.title()}.}}", f"{one.month}"))
            fields["url"] = f"{{https://example.org/a%20b_c?x={one.number}&y=1#z}}"
        blocks.append(
            _entry(chance.choice(("article", "InProceedings", "MISC", "techreport")), _key(one, chance), fields, chance)
        )
    blocks += [f"@proceedings{{proc{year}, title={{Proceedings of {year}}}, year={year}}}" for year in sorted(parents)]
    return "\n\n".join(blocks)


def biblatex(found: Sequence[Reference], chance: Random) -> str:
    """Write biblatex with its dates, subtitles, shared data and mostly Unicode."""
    blocks = ["@xdata{shared, journaltitle = {Journal of Clouds}, publisher = {Cloud Press}}"]
    for one in found:
        title, colon, subtitle = one.title.tex.partition(": ")
        fields = {"title": _value(title, chance), "author": f"{{{_tex_names(one.authors, chance)}}}"}
        fields |= {"doi": f"{{{one.doi}}}", "date": f"{{{_date(one, chance)}}}"}
        if colon:
            fields["subtitle"] = _value(subtitle, chance)
        fields |= {"xdata": "{shared}"} if chance.random() < 0.2 else {"journaltitle": _value(one.journal.tex, chance)}
        fields |= {"langid": "{english}", "file": "{/home/a/x.pdf:application/pdf}", "keywords": "{clouds, rain}"}
        blocks.append(
            _entry(
                chance.choice(("article", "online", "thesis", "report", "software")), _key(one, chance), fields, chance
            )
        )
    return "\n\n".join(blocks)


def _key(one: Reference, chance: Random) -> str:
    return f"{chance.choice(('k', 'DBLP:conf/nips/Müller', 'o’neill_clouds_', 'a+b.c-', '10.1/x'))}{one.number}"


def _date(one: Reference, chance: Random) -> str:
    month, day = f"{one.year}-{one.month:02}", f"{one.year}-{one.month:02}-{one.day:02}"
    return chance.choice((str(one.year), month, day, f"{day}/{one.year + 1}", f"{one.year}-21", f"{day}T10:20:30Z"))


def _value(text: str, chance: Random) -> str:
    """Write a value in braces or quotes, wrapped by lines, in two sets of braces, or joined of two parts."""
    form = chance.random()
    if form < 0.15:
        text = text.replace(" ", "\n\t ", 3)
    if form > 0.9 and '"' not in text:
        return f'"{text}"'
    if form > 0.85:
        return f"{{{{{text}}}}}"
    before, space, after = text.partition(" ")
    if form > 0.8 and space and before.count("{") == before.count("}"):
        return f"{{{before} }} # {{{after}}}"
    return f"{{{text}}}"


def _tex_names(people: Iterable[Person], chance: Random) -> str:
    return " and ".join(_tex_name(one, chance) for one in people)


def _tex_name(one: Person, chance: Random) -> str:
    if not one.given.plain:
        return f"{{{one.family.tex}}}"
    if chance.random() < 0.5 or one.suffix or " " in one.family.plain:
        last = f"{one.particle} {one.family.tex}".strip()
        return ", ".join(filter(None, (last, one.suffix, one.given.tex)))
    return " ".join(filter(None, (one.given.tex, one.particle, one.family.tex)))


def _entry(kind: str, key: str, fields: dict[str, str], chance: Random) -> str:
    items = list(fields.items())
    chance.shuffle(items)
    equals, comma = chance.choice((" = ", "=", "   =  ")), chance.choice((",", ""))
    inside = ",\n".join(f"  {chance.choice((name, name.upper()))}{equals}{value}" for name, value in items)
    opening, closing = "()" if chance.random() < 0.05 and "(" not in inside and ")" not in inside else "{}"
    if chance.random() < 0.05:
        inside = " ".join(inside.split("\n"))
    return f"@{kind}{chance.choice(('', '', ' '))}{opening}{key},\n{inside}{comma}\n{closing}"


# -- tagged files -------------------------------------------------------------------------------------


def ris(found: Sequence[Reference], chance: Random) -> str:
    """Write RIS."""
    return "".join(_ris(one, chance) for one in found)


def _ris(one: Reference, chance: Random) -> str:
    lines = ["TY  - JOUR", f"{chance.choice(('TI', 'T1'))}  - {one.title.plain}"]
    tag = chance.choice(("AU", "A1"))
    lines += [f"{tag}  - {person.last_first()}" for person in one.authors]
    dates = (
        [f"PY  - {one.year}"], [f"PY  - {one.year}", f"DA  - {one.year}/{one.month:02}/{one.day:02}"],
        [f"Y1  - {one.year}/{one.month:02}/{one.day:02}/"], [f"PY  - {one.year}///"],
    )  # fmt: skip
    lines += chance.choice(dates)
    lines += [f"DO  - {one.doi}", f"JO  - {one.journal.plain}", "AB  - We count.", "KW  - clouds", "ER  - "]
    return "\n".join(lines) + "\n\n"


def medline(found: Sequence[Reference], chance: Random) -> str:
    """Write MEDLINE, as PubMed does."""
    return "\n".join(_medline(one, chance) for one in found)


def _medline(one: Reference, chance: Random) -> str:
    lines = [f"PMID- {38000000 + one.number}", "OWN - NLM", *_wrapped("TI  - ", f"{one.title.plain}.", "      ")]
    lines += [f"LID - {one.doi} [doi]"] if chance.random() < 0.5 else [f"AID - S1 [pii]\nAID - {one.doi} [doi]"]
    for person in one.authors:
        lines += (
            [f"FAU - {person.last_first()}", "AU  - X Y"] if person.given.plain else [f"CN  - {person.family.plain}"]
        )
    month = _MONTHS[one.month - 1].title()
    days = (
        "", f" {month}", f" {month} {one.day}", " Spring", " Nov-Dec", f" Dec-{one.year + 1} Jan",
    )  # fmt: skip
    lines += [f"DP  - {one.year}{chance.choice(days)}"]
    return "\n".join([*lines, f"JT  - {one.journal.plain}", "PT  - Journal Article", ""])


def web_of_science(found: Sequence[Reference], chance: Random) -> str:
    """Write Web of Science's tagged file."""
    return "FN Clarivate Analytics Web of Science\nVR 1.0\n" + "\n".join(_wos(one, chance) for one in found) + "\nEF\n"


def _wos(one: Reference, chance: Random) -> str:
    people = [person.last_first() for person in one.authors if person.given.plain]
    teams = [person.family.plain for person in one.authors if not person.given.plain]
    lines = ["PT J"]
    if people:
        lines += ["AU " + "\n   ".join(f"{name.partition(',')[0]}, X" for name in people), "AF " + "\n   ".join(people)]
    lines += ["CA " + "\n   ".join(teams)] if teams else []
    lines += [*_wrapped("TI ", one.title.plain, "   "), f"SO {one.journal.plain.upper()}", f"DI {one.doi}"]
    month = _MONTHS[one.month - 1].upper()
    lines += [f"PD {chance.choice((month, f'{month} {one.day}', 'MAY-JUN', 'SPR'))}"] if chance.random() < 0.5 else []
    return "\n".join([*lines, f"PY {one.year}", "ER", ""])


def refer(found: Sequence[Reference], chance: Random) -> str:
    """Write EndNote's tagged file (.enw)."""
    return "\n".join(_refer(one, chance) for one in found)


def _refer(one: Reference, chance: Random) -> str:
    lines = ["%0 Journal Article", f"%T {one.title.plain}", *(f"%A {_endnote_name(person)}" for person in one.authors)]
    lines += [f"%D {one.year}", f"%R {one.doi}", f"%J {one.journal.plain}"]
    lines += [f"%8 {_MONTHS[one.month - 1].title()} {one.day}"] if chance.random() < 0.5 else []
    return "\n".join([*lines, ""])


def _endnote_name(person: Person) -> str:
    """EndNote marks an organization by a comma at its end."""
    return person.last_first() if person.given.plain else f"{person.family.plain},"


def endnote_xml(found: Sequence[Reference], _chance: Random) -> str:
    """Write EndNote's XML."""
    return f"<?xml version='1.0' encoding='UTF-8'?><xml><records>{''.join(map(_xml, found))}</records></xml>"


def _xml(one: Reference) -> str:
    def styled(text: str) -> str:
        return f'<style face="normal" font="default" size="100%">{escape(text)}</style>'

    half = len(one.title.plain) // 2
    title = styled(one.title.plain[:half]) + styled(one.title.plain[half:])
    authors = "".join(f"<author>{styled(_endnote_name(person))}</author>" for person in one.authors)
    return (
        "<record><ref-type name='Journal Article'>17</ref-type>"
        f"<contributors><authors>{authors}</authors></contributors>"
        f"<titles><title>{title}</title></titles><periodical><full-title>{styled(one.journal.plain)}</full-title>"
        f"</periodical><dates><year>{styled(str(one.year))}</year></dates>"
        f"<electronic-resource-num>{styled(one.doi)}</electronic-resource-num></record>\n"
    )


# -- CSL-JSON -----------------------------------------------------------------------------------------


def csl_json(found: Sequence[Reference], chance: Random) -> str:
    """Write CSL-JSON."""
    return json.dumps([_csl(one, chance) for one in found], ensure_ascii=chance.random() < 0.5, indent=1)


def _csl(one: Reference, chance: Random) -> dict[str, object]:
    parts = [one.year, one.month, one.day][: chance.randint(1, 3)]
    issued: dict[str, object] = {"date-parts": [[str(part) if chance.random() < 0.2 else part for part in parts]]}
    if chance.random() < 0.2:
        name, value = chance.choice((("raw", "-".join(f"{part:02}" for part in parts)), ("literal", str(one.year))))
        issued = {name: value}
    return {
        "id": f"k{one.number}", "type": "article-journal", "title": _rich(one.title.plain), "DOI": one.doi,
        "container-title": one.journal.plain, "author": [_csl_name(person) for person in one.authors], "issued": issued,
    }  # fmt: skip


def _rich(title: str) -> str:
    """Return a title with the markup of CSL, which Zotero writes in RIS and CSV, too."""
    for plain, rich in (
        ("in vivo", "<i>in vivo</i>"),
        ("H₂O", "H<sub>2</sub>O"),
        ("DNA", '<span class="nocase">DNA</span>'),
    ):
        title = title.replace(plain, rich)
    return title


def _csl_name(person: Person) -> dict[str, str]:
    if not person.given.plain:
        return {"literal": person.family.plain}
    named = {"given": person.given.plain, "family": person.family.plain, "suffix": person.suffix}
    return {name: value for name, value in {**named, "non-dropping-particle": person.particle}.items() if value}


def _wrapped(tag: str, text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, 80, initial_indent=tag, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


#: By the name of the format: its writer, and a name for a file.
WRITERS: dict[str, tuple[Callable[[Sequence[Reference], Random], str], str]] = {
    "BibTeX": (bibtex, "library.bib"),
    "biblatex": (biblatex, "library.bib"),
    "RIS": (ris, "library.ris"),
    "MEDLINE": (medline, "library.nbib"),
    "Web of Science": (web_of_science, "library.ciw"),
    "EndNote": (refer, "library.enw"),
    "EndNote XML": (endnote_xml, "library.xml"),
    "CSL-JSON": (csl_json, "library.json"),
}


def encoded(text: str, chance: Random) -> bytes:
    """Return a file as programs on any system write it: with either line end, with a byte-order mark or without."""
    lines = text.replace("\n", "\r\n") if chance.random() < 0.5 else text
    return lines.encode(chance.choice(("utf-8", "utf-8-sig")))
