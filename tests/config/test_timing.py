"""When a source is pulled: what [[sources]] may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.timing import SourceTiming, split_timing
from newsletter.errors import ConfigError
from newsletter.files.site import Site


def test_each_source_has_its_own_time(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text(
        """
[[sources]]
kind = "huggingface"

[[sources]]
kind = "arxiv"
follow = ["cs.CL"]
interval_minutes = 90
jitter_minutes = 0

[[sources]]
kind = "arxiv"
follow = ["cs.LG"]
cron = "0 6 * * 0"
""",
        encoding="utf-8",
    )
    config = load_config(Site(tmp_path), {})
    assert dict(config.timings) == {
        "huggingface": SourceTiming(),
        "arxiv cs.CL": SourceTiming(interval_minutes=90, jitter_minutes=0),
        "arxiv cs.LG": SourceTiming(cron="0 6 * * 0"),
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"interval_minutes": "often"}, "arxiv: interval_minutes: a whole number from 0 to 525600 is expected"),
        ({"cron": "61 * * * *"}, "arxiv: cron: not a valid crontab line"),
        ({"cron": 5}, "arxiv: cron: text is expected"),
        ({"cron": "0 0 30 2 *"}, "arxiv: cron: '0 0 30 2 .' never fires"),
        ({"cron": "@daily", "interval_minutes": 5}, "arxiv: both interval_minutes and cron are set"),
        ({"jitter_minutes": -1}, "arxiv: jitter_minutes: a whole number from 0 to 1440"),
    ],
)
def test_a_time_that_is_none_is_refused(row: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        split_timing("arxiv", row, ())


def test_a_source_keeps_a_setting_of_its_own_of_the_same_name() -> None:
    assert split_timing("pigeons", {"cron": "coo", "follow": []}, ("cron",)) == (
        SourceTiming(),
        {"cron": "coo", "follow": []},
    )
