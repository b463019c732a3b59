"""`newsletter feedback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems, progress
from newsletter.cli.tables import print_table
from newsletter.errors import NewsletterError
from newsletter.errors.installation import install_command

if TYPE_CHECKING:
    from newsletter.models import Subscriber
    from newsletter.store import Store


@click.command(
    epilog="""\b
Examples:
  newsletter feedback 2605.01234 2605.04321 --for ada@example.org --more
  newsletter feedback 2605.09999 --for ada@example.org --less
  newsletter feedback --library zotero.bib --for ada@example.org --more
  newsletter feedback 2605.01234 --for ada@example.org --forget
  # list their feedback so far
  newsletter feedback --for ada@example.org
  # the token in the subject of a mailed feedback link
  newsletter feedback 12.1.3.x9Yh4rB2kQ0mZ7fLp1sT

Papers are named by arXiv id or DOI. From the feedback a taste model is learned that raises and lowers papers within
the subscriber's topics, from two papers on. It needs the extra "taste" (scikit-learn)."""
)
@click.argument("papers", metavar="[ID|TOKEN]...", nargs=-1)
@click.option("--for", "email", metavar="EMAIL", help="The subscriber whose feedback it is; a token contains it.")
@click.option("--more", "action", flag_value="more", help="More like these.")
@click.option("--less", "action", flag_value="less", help="Less like these.")
@click.option("--forget", "action", flag_value="forget", help="Delete their feedback on these.")
@click.option(
    "--library",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="A file of papers: BibTeX (as Zotero exports it), RIS, CSV or JSON; - for stdin.",
)
@json_option
@pass_opened
def feedback(
    opened: Opened, papers: tuple[str, ...], email: str | None, action: str | None, library: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Give feedback on papers for a subscriber, or list it."""
    from newsletter.pipeline.taste import learn_taste_models
    from newsletter.subscribers.feedback import give_feedback
    from newsletter.subscribers.subscriptions import find

    if email is None and (not papers or action or library):
        raise click.UsageError("name the subscriber with --for EMAIL")
    if email is not None and bool(papers or library) != bool(action):
        raise click.UsageError("name papers and one of --more, --less, --forget; or neither, to list the feedback")
    with opened.store() as store:
        if email is None:
            _process_tokens(store, papers)
        else:
            subscriber, liked = find(store, email), {"more": True, "less": False}.get(action or "")
            for paper in papers:
                give_feedback(store, subscriber, paper, liked, now())
            if library is not None:
                _give_on_library(store, subscriber, library, liked, as_json=as_json)
        if papers or library:
            with progress("learning"):
                learn_taste_models(store, now(), opened.config.weights)
        if email is not None:
            _list(store, subscriber, as_json=as_json)


def _process_tokens(store: Store, tokens: tuple[str, ...]) -> None:
    from newsletter.subscribers.feedback import give_feedback_by_token

    for token in tokens:
        subscriber, paper, liked = give_feedback_by_token(store, token, now())
        click.echo(f"{subscriber.email} wants {'more' if liked else 'less'} like {paper.title}")


def _give_on_library(store: Store, subscriber: Subscriber, library: str, liked: bool | None, *, as_json: bool) -> None:
    from newsletter.sources import find_source
    from newsletter.sources.documents import open_document
    from newsletter.subscribers.feedback import give_feedback_on_library
    from newsletter.text import counted

    document = open_document(library)
    entries = find_source("file")().parse(document, now().date())
    report = give_feedback_on_library(store, subscriber, entries, liked, now())
    papers = report.known + report.others
    if not as_json:
        click.echo(f"{counted(papers, 'paper')} in {document.place}, {report.known} of them in the store")
    print_problems([f"refused {refusal}" for refusal in report.refusals], "more refused")
    finish(clean=bool(papers) and not report.refusals)


def _list(store: Store, subscriber: Subscriber, *, as_json: bool) -> None:
    from newsletter.errors.installation import has_scikit_learn

    likes, examples = store.feedback.of(subscriber.id), store.feedback.examples(subscriber.id)
    known = store.papers.get_many(likes)
    given = [(known[number].key, known[number].title, liked) for number, liked in likes.items()]
    given += [(example.key, example.title, example.liked) for example in examples]
    if as_json:
        print_json([{"paper": key, "title": title, "more": liked} for key, title, liked in given])
        return
    if not given:
        hint = f"newsletter feedback ID --for {subscriber.email} --more"
        raise NewsletterError(f"{subscriber.email} has given no feedback yet", hint=hint)
    rows = [("more" if liked else "less", key.removeprefix("arxiv:"), title) for key, title, liked in given]
    print_table(("wants", "paper", "title"), rows)
    if not has_scikit_learn():
        print_problems([f"no taste model is learned: scikit-learn is not installed ({install_command('taste')})"])
