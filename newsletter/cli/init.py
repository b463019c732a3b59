"""`newsletter init`."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter.cli.context import Opened, pass_opened
from newsletter.errors import ConfigError
from newsletter.files.private_files import make_private_folder, write_private
from newsletter.files.site import Site, default_subscribers, samples


@click.command(epilog="\b\nExamples:\n  newsletter init\n  newsletter init ~/papers")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), required=False)
@pass_opened
def init(opened: Opened, directory: Path | None) -> None:
    """Create a site: settings, example profiles, topics, a store.

    It is created in DIRECTORY, else where --site says, else here. Files that exist already are kept.
    """
    directory = directory or opened.site_dir or Path()
    made = make_site(directory.resolve())
    for path in made:
        click.echo(f"created {path}")
    click.echo(f"{directory} is a site. Next: newsletter subscribers add YOU@example.org --topic …, newsletter pull")


def make_site(root: Path) -> list[Path]:
    """Create the files that a site at `root` lacks, and return their paths.

    Raises:
        ConfigError: A file cannot be written.
    """
    from newsletter.config.load import load_config
    from newsletter.config.schema import new_config
    from newsletter.config.signing_keys import signing_keys
    from newsletter.store import open_store
    from newsletter.subscribers.profiles import read_topics

    site = Site(root)
    wanted = {site.config: new_config()}
    wanted |= {site.subscribers / file.name: file.read_text(encoding="utf-8") for file in _examples()}
    made = [path for path in (*wanted, site.store) if not path.exists()]
    try:
        make_private_folder(site.subscribers)
        for path in wanted.keys() & set(made):
            write_private(path, wanted[path].encode())
    except OSError as error:
        raise ConfigError(f"{root}: {error.strerror or error}") from error
    with open_store(site.store) as store, store.transaction():
        store.suppression_key()
        if not store.topics.catalogue():
            for place, topic in enumerate(read_topics(samples() / "topics.toml"), start=1):
                store.topics.put(topic, place)
    if site.config in made:  # so that the first backup has it
        config = load_config(site)
        with open_store(site.store, lambda: signing_keys(config)) as store:
            store.secret()
    return made


def _examples() -> list[Path]:
    names = ("README.md", "example.toml", "example-weekly.toml")
    return [default_subscribers() / name for name in names]
