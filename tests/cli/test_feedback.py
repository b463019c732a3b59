from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsletter.models import tokens
from newsletter.store import open_store
from tests.cli.conftest import Newsletter

LIBRARY = """
@article{one, title={Kettle 1}, author={Example, Ada}, eprint={2605.99001}, archiveprefix={arXiv}}
@article{two, title={On Spoons}, author={Sample, Ben}, abstract={They stir.}, doi={10.1000/spoons}}
"""


@pytest.fixture
def ada(newsletter: Newsletter, tmp_path: Path) -> Newsletter:
    """A site with two papers and one subscriber."""
    rows = [{"paper": {"id": f"2605.9900{number}", "title": f"Kettle {number}"}} for number in (1, 2)]
    (tmp_path / "2026-05-08.json").write_text(json.dumps(rows), encoding="utf-8")
    newsletter("pull", "huggingface", "2026-05-08.json")
    newsletter("subscribers", "add", "ada@example.org")
    return newsletter


ADA = ("--for", "ada@example.org")


def feedback_by_paper(newsletter: Newsletter) -> dict[str, bool]:
    return {one["paper"]: one["more"] for one in json.loads(newsletter("feedback", *ADA, "--json").stdout)}


def test_feedback_is_given_listed_and_deleted(ada: Newsletter) -> None:
    assert "has given no feedback yet" in ada("feedback", *ADA).stderr
    ada("feedback", "2605.99001", *ADA, "--more")
    ada("feedback", "2605.99002", *ADA, "--less")
    assert feedback_by_paper(ada) == {"arxiv:2605.99001": True, "arxiv:2605.99002": False}
    ada("feedback", "2605.99002", *ADA, "--forget")
    assert "Kettle 2" not in ada("feedback", *ADA).stdout
    assert ada("feedback", "2605.99001", *ADA).exit_code == 2
    assert ada("feedback", "2605.99001", "--more").exit_code == 2
    assert "no paper with the id 'x'" in ada("feedback", "x", *ADA, "--more").stderr


def test_feedback_on_a_library_does_not_add_its_papers_to_the_store(ada: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "library.bib").write_text(LIBRARY, encoding="utf-8")

    result = ada("feedback", "--library", "library.bib", *ADA, "--more")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "2 papers in library.bib, 1 of them in the store\n" in result.stdout
    assert feedback_by_paper(ada) == {"arxiv:2605.99001": True, "doi:10.1000/spoons": True}
    assert len(json.loads(ada("papers", "--json").stdout)) == 2
    ada("feedback", "--library", "library.bib", *ADA, "--forget")
    assert "has given no feedback yet" in ada("feedback", *ADA).stderr


def test_a_mailed_token_is_accepted_and_a_truncated_one_is_not(ada: Newsletter, tmp_path: Path) -> None:
    with open_store(tmp_path / "newsletter.db") as store:
        paper, subscriber = store.papers.find("arxiv:2605.99001"), store.subscribers.find("ada@example.org")
        assert paper
        assert subscriber
        token = tokens.feedback_prefix(paper.id, liked=False) + tokens.sign(
            store.secret(), tokens.FEEDBACK, subscriber.id
        )

    assert ada("feedback", token).stdout == "ada@example.org wants less like Kettle 1\n"
    assert feedback_by_paper(ada) == {"arxiv:2605.99001": False}
    assert "is not a valid feedback token" in ada("feedback", token[:-1]).stderr
