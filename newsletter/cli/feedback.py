"""`newsletter feedback`."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems, progress
from newsletter.cli.tables import print_table
from newsletter.errors import NewsletterError, install_command

if TYPE_CHECKING:
    from newsletter.models import Subscriber
    from newsletter.store import Store


@click.command(
    epilog=f"""\b
Examples:
  newsletter feedback 2605.01234 2605.04321 --for ada@example.org --more
  newsletter feedback 2605.09999 --for ada@example.org --less
  newsletter feedback --library zotero.bib --for ada@example.org --more
  newsletter feedback 2605.01234 --for ada@example.org --forget
  newsletter feedback --for ada@example.org          what was said so far
  newsletter feedback 12.1.3.x9Yh4rB2kQ0mZ7fLp1sT    what a reader mailed by a link of their digest
\b
From it a taste is learned that raises and lowers papers within the reader's topics; two papers already help. It needs
scikit-learn: {install_command("taste")}."""
)
@click.argument("papers", metavar="[ID|TOKEN]...", nargs=-1)
@click.option("--for", "email", metavar="EMAIL", help="The reader who says so; a token tells it itself.")
@click.option("--more", "says", flag_value="more", help="More like these.")
@click.option("--less", "says", flag_value="less", help="Less like these.")
@click.option("--forget", "says", flag_value="forget", help="Take back what was said of these.")
@click.option(
    "--library",
    type=click.File("rb"),
    help="All papers of a file: BibTeX (as Zotero exports it), RIS, CSV or JSON; - for stdin.",
)
@json_option
@pass_opened
def feedback(
    opened: Opened, papers: tuple[str, ...], email: str | None, says: str | None, library: IO[bytes] | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Say what a reader wants more or less of (papers by arXiv id or DOI), or list what was said."""
    from newsletter.pipeline.taste import learn_taste_models
    from newsletter.subscribers.feedback import give_feedback
    from newsletter.subscribers.subscriptions import find

    if email is None and (not papers or says or library):
        raise click.UsageError("say whose feedback it is, with --for EMAIL")
    if email is not None and bool(papers or library) != bool(says):
        raise click.UsageError("name papers and one of --more, --less, --forget; or neither, for a list")
    with opened.store() as store:
        if email is None:
            _heed_tokens(store, papers)
        else:
            subscriber, liked = find(store, email), {"more": True, "less": False}.get(says or "")
            for paper in papers:
                give_feedback(store, subscriber, paper, liked, now())
            if library is not None:
                _read_library(store, subscriber, library, liked, as_json=as_json)
        if papers or library:
            with progress("learning"):
                learn_taste_models(store, now())
        if email is not None:
            _list(store, subscriber, as_json=as_json)


def _heed_tokens(store: Store, tokens: tuple[str, ...]) -> None:
    from newsletter.subscribers.feedback import give_feedback_by_token

    for token in tokens:
        subscriber, paper, liked = give_feedback_by_token(store, token, now())
        click.echo(f"{subscriber.email} wants {'more' if liked else 'less'} like {paper.title}")


def _read_library(
    store: Store, subscriber: Subscriber, library: IO[bytes], liked: bool | None, *, as_json: bool
) -> None:
    from newsletter.sources import Document, find_source
    from newsletter.subscribers.feedback import give_feedback_on_library
    from newsletter.text import counted

    document = Document(library.name, library.read())
    report = give_feedback_on_library(
        store, subscriber, find_source("file")().parse(document, now().date()), liked, now()
    )
    papers = report.known + report.others
    if not as_json:
        click.echo(f"{counted(papers, 'paper')} of {library.name}, {report.known} of them in the store")
    print_problems([f"refused {refusal}" for refusal in report.refusals], "more refused")
    finish(clean=bool(papers) and not report.refusals)


def _list(store: Store, subscriber: Subscriber, *, as_json: bool) -> None:
    from newsletter.ranking.embedding import is_installed

    likes, examples = store.feedback.of(subscriber.id), store.feedback.examples(subscriber.id)
    known = store.papers.get_many(likes)
    said = [(known[number].key, known[number].title, liked) for number, liked in likes.items()]
    said += [(example.key, example.title, example.liked) for example in examples]
    if as_json:
        print_json([{"paper": key, "title": title, "more": liked} for key, title, liked in said])
        return
    if not said:
        hint = f"newsletter feedback ID --for {subscriber.email} --more"
        raise NewsletterError(f"{subscriber.email} said nothing yet", hint=hint)
    rows = [("more" if liked else "less", key.removeprefix("arxiv:"), title) for key, title, liked in said]
    print_table(("wants", "paper", "title"), rows)
    if not is_installed():
        print_problems([f"nothing is learned from it: scikit-learn is missing ({install_command('taste')})"])
