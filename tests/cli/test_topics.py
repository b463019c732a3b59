from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from tests.cli.conftest import Newsletter


def test_a_topic_is_added_changed_for_its_subscribers_and_removed(newsletter: Newsletter) -> None:
    assert newsletter("topics", "add", "Pears", "-k", "pear").stdout == "added Pears: pear\n"
    newsletter("subscribers", "add", "ada@example.org", "--topic", "pears")
    assert newsletter("topics", "add", "pears", "-k", "pear", "-k", "orchard", "-x", "apple").exit_code == 0

    (ada,) = json.loads(newsletter("subscribers", "--json").stdout)
    assert ada["profile"]["topics"] == [{"name": "pears", "query": "(pear OR orchard) -apple"}]

    assert newsletter("topics", "remove", "Pears").exit_code == 0
    assert "Pears" not in newsletter("topics").stdout
    (ada,) = json.loads(newsletter("subscribers", "--json").stdout)
    assert ada["profile"]["topics"] == [{"name": "pears", "query": "(pear OR orchard) -apple"}]


def test_testing_a_topic_lists_the_matching_papers_and_terms(newsletter: Newsletter, page: Path) -> None:
    newsletter("pull", "page", str(page))

    result = newsletter("topics", "test", "robots")

    assert "title: robots" in result.stdout
    assert "A Gentle Robot for Orchards" in result.stdout
    assert "1 of the 2 papers seen in the last 7 days match robots" in result.stdout


def test_removing_an_unknown_topic_is_a_one_line_error(newsletter: Newsletter) -> None:
    result = newsletter("topics", "remove", "Kettles")

    assert (result.exit_code, result.stderr) == (1, "newsletter: no such topic: 'Kettles' (see: newsletter topics)\n")


def test_a_query_is_tested_before_anyone_subscribes(newsletter: Newsletter, page: Path) -> None:
    newsletter("pull", "page", str(page))
    result = newsletter("topics", "test", "title:(orchard* OR kettle) -survey", "--days", "3650")
    assert result.exit_code == 0
    assert "title: orchard*" in result.stdout
    assert "match (title:orchard* OR title:kettle) -survey" in result.stdout


def test_a_syntax_error_in_a_query_is_reported_with_its_column(newsletter: Newsletter) -> None:
    result = newsletter("topics", "add", "Fruit", "pear OR (quince")
    assert (result.exit_code, result.stderr) == (
        1,
        "newsletter: topics: 'Fruit': column 9: unclosed ( (add a ) at the end)\n",
    )


def test_a_topic_may_be_a_query(newsletter: Newsletter) -> None:
    newsletter("topics", "add", "Fruit", "pear OR quince -survey")
    newsletter("subscribers", "add", "ada@example.org", "--topic", "Fruit", "--topic", "title:apple OR cat:cs.CL")
    shown = newsletter("subscribers", "show", "ada@example.org").stdout
    assert "Fruit: pear OR quince -survey" in shown
    assert "title:apple OR cat:cs.CL" in shown


def test_testing_a_topic_lists_and_counts_the_same_papers_as_the_search(newsletter: Newsletter) -> None:
    """The popular paper of no topic that a digest keeps a place for is no match."""
    newsletter("pull", "file", str(resources.files("newsletter") / "samples" / "huggingface-2026-05-08.json"))

    for query in ("RAG", "agents planning", "transf*"):
        tested = json.loads(newsletter("topics", "test", query, "--days", "3650", "--json").stdout)
        found = json.loads(newsletter("papers", query, "--json").stdout)

        assert found
        assert {item["paper"]["title"] for item in tested} == {paper["title"] for paper in found}
        counted = newsletter("topics", "test", query, "--days", "3650").stdout.splitlines()[-1]
        assert counted.startswith(f"{len(found)} of the ")


def test_what_the_papers_define_a_topic_as_is_offered_beside_the_result(newsletter: Newsletter, tmp_path: Path) -> None:
    papers = [{"id": f"2605.0000{n}", "title": f"K{n}", "abstract": "Retrieved kettle graphs (RKGs)."} for n in (1, 2)]
    (tmp_path / "papers.json").write_text(json.dumps(papers), encoding="utf-8")
    newsletter("pull", "file", str(tmp_path / "papers.json"))
    tested = newsletter("topics", "test", "RKG")
    assert 'also: 2 papers define RKG as "retrieved kettle graph"; to find both, add OR "retrieved' in tested.stderr
    assert tested.stdout.splitlines()[-1].startswith("2 of the 2 papers")
    assert newsletter("topics", "test", 'RKG OR "retrieved kettle graph"').stderr == ""
