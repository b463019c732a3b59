"""The names of the jobs of `serve`: in the database and for commands, and what the operator's pages call them."""

from __future__ import annotations

from newsletter.rendering.language import Language

DELIVER, NOTICES, BOUNCES, MODELS, SUMMARIES = "deliver", "notices", "bounces", "models", "summaries"
MONITOR, RETENTION, BACKUP = "monitor", "retention", "backup"
#: What the name of a job begins with that pulls a source; the source's label follows.
PULL = "pull "


def job_label(name: str, spoken: Language) -> str:
    """Return what a job is called in a language."""
    if (source := name.removeprefix(PULL)) != name:
        return spoken.gettext("Pull from %(source)s", source=source)
    pgettext = spoken.pgettext
    return {
        DELIVER: pgettext("job", "Sending editions"), NOTICES: pgettext("job", "Sending confirmation emails"),
        BOUNCES: pgettext("job", "Reading bounces"), MODELS: pgettext("job", "Learning from feedback"),
        SUMMARIES: pgettext("job", "Writing summaries"), MONITOR: pgettext("job", "Watching for problems"),
        RETENTION: pgettext("job", "Deleting old data"), BACKUP: pgettext("job", "Backup"),
    }.get(name, name)  # fmt: skip
