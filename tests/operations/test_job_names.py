from __future__ import annotations

from newsletter.operations import job_names
from newsletter.operations.job_names import job_label
from newsletter.rendering.language import language


def test_every_job_has_a_label_in_the_language_and_a_pull_has_its_source() -> None:
    names = [value for name, value in vars(job_names).items() if name.isupper() and name != "PULL"]
    german = [job_label(name, language("de")) for name in names]
    assert len(names) == len(set(german)) == 8
    assert not set(german) & set(names)
    assert job_label("pull arxiv", language("de")) == "Abruf von arxiv"
    assert job_label("of a later version", language("de")) == "of a later version"
