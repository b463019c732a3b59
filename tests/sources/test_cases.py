"""Small inputs after faults that people reported, and after formats that programs export; see `shared` in conftest."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from newsletter.models import Entry
from newsletter.sources import Document, find_source

#: File, number of the entry, and its title, authors, date, DOI and venue.
CASES = (
    ("underscore-type.bib", 2, "Lost without a word", "John Smith", "2021", None, None),
    ("underscore-type.bib", 3, "After", "Jane Roe", "2022", None, None),
    ("no-key.bib", 1, "Alzheimer mechanisms and therapeutic strategies", "Y. Huang; L. Mucke", "2012", None, "Cell"),
    ("crossref.bib", 2, "A chapter", "Ann Doe", "2023", None, "The Book"),
    ("subtitle.bib", 1, "Study Abroad Programs: An Editorial", "Ann Doe", "2012", None, "J. X"),
    ("b10_yearonly.bib", 1, "LLM agents of some day", "Ada B", "2026", None, None),
    ("one-space.ris", 1, "One space before the hyphen", "Ann Doe", "2020", None, None),
    ("r01.ris", 3, "Third one, tag w/o blank after dash", "John Smith", None, None, None),
    ("r03_wos.ris", 1, "Reference with ER inside abstract", "J Doe", "2026", None, None),
    ("pubmed.nbib", 1, "A title in MEDLINE", "Ann Doe", "2016-05", "10.1000/x", None),
    ("scholar.enw", 1, "A title", "Ann Doe", "2020", "10.1000/x", None),
    ("covidence.csv", 1, "A covidence", "J. Smith; A. Doe", "2021-03", "10.1234/c", "Lancet"),
    ("dimensions.csv", 1, "A dimension", "John Smith; Ann Maria Doe", "2021-03-02", "10.1234/d", "Nature"),
    ("elicit.csv", 1, "An elicit", "John Smith; Ann Maria Doe", "2021", "10.1234/e", "Nature"),
    ("embase.csv", 1, "An embase", "Smith J.; Doe A.M.", "2021", "10.1234/m", "Lancet"),
    ("europepmc.csv", 1, "A europe title", "Smith J; Doe AM", "2021", "10.1234/p", "Lancet"),
    ("pubmed-bom.csv", 1, "Seed oil of chayote cultivars", "Lira R; de Oliveira Filho ASB; Cruz A", "2021",
     "10.1000/eb.21", "Econ Bot"),
    ("rayyan.csv", 1, "A rayyan", "John Smith; Ann Doe", "2021", "10.1234/r", None),
    ("scopus.csv", 1, "Board characteristics and the cost of debt",
     "Ronald C. Anderson; Sattar A. Mansi; David M. Reeb", "2004", "10.1016/j.jacceco.2004.01.004",
     "Journal of Accounting and Economics"),
    ("semicolon-excel.csv", 1, "Ein Titel; mit Strichpunkt", "Jörg Müller; Änne Groß", "2021", "10.1234/s", None),
    ("springer.csv", 1, "Understanding transitions in animated bar charts",
     "Datong Wei; Can Liu; Xiaolong (Luke) Zhang; Xiaoru Yuan", "2023", "10.1007/s44267-023-00015-w",
     "Visual Intelligence"),
    ("wos.tsv", 1, "Uczenie maszynowe w przeglądach", "Łukasz Wróbel; Hans-Jörg Müller", "2023",
     "10.33141/po.2023.04.01", "PRZEGLĄD ORGANIZACJI"),
    ("zotero.csv", 1, "In-context learning", "Ada Lovelace; Juan de la Cruz; John Smith Jr.", "2026-05-03", None, None),
    ("c07_sep.csv", 1, "Excel sep line", "", "2026", None, None),
    ("nature.rdf", 1, "Direct epoxidation over an amorphized oxide", "Kalipada Koner; Jason S. Adams", "2026-05-12",
     "10.1038/s41929-026-01535-6", "Nature Catalysis"),
    ("siam.rdf", 1, "Sparse Polynomial Matrix Optimization", "Jared Miller; Jie Wang", "2026-04-01",
     "10.1137/24m1719761", "SIAM Journal on Optimization"),
    ("tandf.rdf", 1, "A study of things", "Ann Doe; John Smith", "2026-05-08", "10.1080/01234567.2026.1234567",
     "Journal X"),
    ("ieee.rss", 1, "A method for denoising", "Alice Smith; Bob Wang", "2026-05-08", None,
     "IEEE Transactions on Image Processing"),
)  # fmt: skip
ABSTRACTS = {
    "nature.rdf": "Direct oxidation has been limited to precious-metal catalysts.",
    "pubmed.rss": "BACKGROUND AND AIMS: Advanced rectal lesions need careful optical assessment. "
    "CONCLUSIONS: Organ-preserving algorithms are preferred.",
    "siam.rdf": "A polynomial matrix inequality is studied.",
    "tandf.rdf": "",
    "plos.atom": "We detect things.",
    "biorxiv.rdf": "Microtissues find utility.",
    "r03_wos.ris": "Stage ER - positive tumours",
}


def entries(path: Path) -> list[Entry]:
    found = find_source("file")().parse(Document(path.name, path.read_bytes()), date(2026, 11, 23))
    return [one for one in found if isinstance(one, Entry)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_the_facts_of_an_entry(
    case: tuple[str, int, str, str, str | None, str | None, str | None], shared: Path
) -> None:
    name, number, *facts = case
    one = entries(shared / "cases" / "sources" / name)[number - 1]
    published = str(one.published) if one.published else None
    assert [one.title, "; ".join(one.authors), published, one.doi, one.venue] == facts


@pytest.mark.parametrize("name", ABSTRACTS)
def test_the_abstract_alone(name: str, shared: Path) -> None:
    assert entries(shared / "cases" / "sources" / name)[0].abstract == ABSTRACTS[name]


def test_a_bare_ampersand_is_text(shared: Path) -> None:
    assert "and R&D &unknown;" in entries(shared / "cases" / "sources" / "f04_entity.xml")[0].title
