from __future__ import annotations

from newsletter.sources.formats.databases import database_of


def test_a_database_is_known_by_its_columns() -> None:
    assert database_of(["Cites", "Authors", "Title", "Source", "ArticleURL"]).name == "Publish or Perish"
    assert database_of(["Title", "Source"]).name == ""


def test_tags_of_web_of_science_are_columns() -> None:
    database = database_of(["PT", "AU", "AF", "TI", "SO", "PY"])
    assert database.columns(["AF", "TI", "SO"]) == ["author full names", "TI", "journal"]


def test_a_title_of_pubmed_has_no_final_stop() -> None:
    row = {"PMID": "1", "Title": "A title.", "Journal/Book": "J"}
    assert database_of(list(row)).adapted(row)["Title"] == "A title"
