"""`newsletter feedback`."""

from __future__ import annotations

from importlib.util import find_spec

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import complain, json_option, print_json, print_table
from newsletter.errors import NewsletterError


@click.command(
    epilog="""\b
Examples:
  newsletter feedback 2605.01234 2605.04321 --for ada@example.org --more
  newsletter feedback 2605.09999 --for ada@example.org --less
  newsletter feedback 2605.01234 --for ada@example.org --forget
  newsletter feedback --for ada@example.org          what was said so far
\b
From it a taste is learned that raises and lowers papers within the reader's topics; two papers already help. It needs
scikit-learn: pip install "newsletter[taste]"."""
)
@click.argument("papers", metavar="[ID]...", nargs=-1)
@click.option("--for", "email", required=True, metavar="EMAIL", help="The reader who says so.")
@click.option("--more", "says", flag_value="more", help="More like these.")
@click.option("--less", "says", flag_value="less", help="Less like these.")
@click.option("--forget", "says", flag_value="forget", help="Take back what was said of these.")
@json_option
@pass_opened
def feedback(opened: Opened, papers: tuple[str, ...], email: str, says: str | None, as_json: bool) -> None:
    """Say what a reader wants more or less of (papers by arXiv id or DOI), or list what was said."""
    from newsletter.subscriptions import find, say

    if bool(papers) != bool(says):
        raise click.UsageError("name papers and one of --more, --less, --forget; or neither, for a list")
    with opened.store() as store:
        subscriber = find(store, email)
        for paper in papers:
            say(store, subscriber, paper, {"more": True, "less": False}.get(says or ""), now())
        likes = store.feedback.of(subscriber.id)
        known = store.papers.get_many(likes)
    if as_json:
        print_json(
            [{"paper": known[number].key, "title": known[number].title, "more": likes[number]} for number in likes]
        )
        return
    if not likes:
        raise NewsletterError(f"{email} said nothing yet", hint=f"newsletter feedback ID --for {email} --more")
    print_table(("wants", "paper", "title"), [
        ("more" if liked else "less", known[number].arxiv_id or known[number].key, known[number].title)
        for number, liked in likes.items()
    ])  # fmt: skip
    if find_spec("sklearn") is None:
        complain(["nothing is learned from it: scikit-learn is missing (pip install 'newsletter[taste]')"])
