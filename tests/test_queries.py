"""One meaning of a query at every entrance: the matcher, the command line, a digest, a topic's page, feeds, search."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import count

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from newsletter.cli import main
from newsletter.config.load import load_config
from newsletter.errors import QueryError, QueryProblem
from newsletter.files.site import Site
from newsletter.models import Profile
from newsletter.pipeline.compose import read_matcher
from newsletter.ranking.grouping import group
from newsletter.ranking.matching import Matcher
from newsletter.rendering.language import language
from newsletter.store import open_store
from newsletter.subscribers.profiles import read_profile
from newsletter.topics.query import parse
from newsletter.topics.topic import make_topic
from newsletter.web.app import make_app
from newsletter.web.subscribers.query_problems import query_problem
from tests.factories import make_entry

#: Papers by number: title, abstract, and whatever else.
PAPERS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("RAG for code search", "Retrieval helps.", {"keywords": ("speech recognition",)}),
    ("A rag doll of tissue", "Cloth is soft.", {}),
    ("Incontext learning at scale", "Large.", {}),
    ("In-context learning, again", "Small.", {}),
    ("Generating generators", "Diesel engines.", {}),
    ("General methods", "Broad.", {}),
    ("Policy optimization", "Control.", {}),
    ("Policies, optimised", "Governance.", {}),
    ("Graph-RAG", "Edges and nodes.", {}),
    ("Programming C++ compilers", "Templates.", {"authors": ("Ilse Mueller",)}),
    ("A study in C", "Vitamins.", {"authors": ("Ilse Müller",)}),
    ("C# and .NET runtime", "Garbage collection.", {"authors": ("Ilse Muller",)}),
    ("Evaluating GPT-4 on math", "Proofs.", {}),
    ("Evaluating GPT4 on law", "Bar exams.", {}),
    ("Naïve Bayes revisited", "Priors.", {"categories": ("q-bio.NC",)}),
    ("Naive Bayes once more", "Likelihoods.", {"categories": ("q-bio.QM", "cs.LG")}),
    ("大语言模型综述", "A survey in Chinese.", {}),
    ("大 语言 模型 分词", "Tokens.", {}),
    ("Multi-agent systems at work", "Offices.", {}),
    ("A multiagent planner", "Chess.", {}),
    ("Systems of several minds", "Here one multi agent system negotiates.", {}),
    ("Approach to Code Smoothing", "Filters.", {}),
    ("Text-to-code translation", "Compilers.", {}),
    ("Speech of toddlers", "First words.", {}),
    ("Speeches of presidents", "Rhetoric.", {}),
    ("Agents that plan", "Cooks.", {}),
    ("Planning a wedding", "No one here has an agent of any kind, or rather anyone who could.", {}),
    ("Kettles", "We are planning with some agents.", {}),
    ("Kettles again", "Planning takes time and effort, and the water boils. At the end agents come.", {}),
    ("Planning and agents", "Tea.", {}),
    ("US policy on tea", "Boston.", {}),
    ("Policy for us", "Ours.", {"organization": "The Cloud Laboratory"}),
    ("kNN search", "Neighbours.", {}),
    ("k-NN hashing", "Buckets.", {}),
    ("Erdős–Rényi graphs", "Edges.", {}),
    ("Erdos-Renyi trees", "Leaves.", {}),
    ("Forget nothing", "Memory.", {}),
    ("For get requests", "HTTP.", {}),
    ("Theory of mind", "Beliefs.", {}),
    ("A mind for theory", "Thinkers.", {}),
    ("Straße navigation", "Maps.", {}),
    ("STRASSE in capitals", "Signs.", {}),
    ("Covid-19 wards", "Beds.", {}),
    ("COVID19 wards two", "Masks.", {}),
    ("Research & development", "Budgets.", {}),
    ("Transformers, not transducers", "Voltage.", {}),
    ("Withdrawn kettles", "Kettles.", {"withdrawn": True}),
    ("Medical image segmentation", "Scans.", {}),
    ("Segmenting images of medicine bottles", "Medical staff imaged bottles and segmented them.", {}),
    ("ﬁne-tuning with a ligature", "Type.", {}),
    ("Finetuning pianos", "Strings.", {}),
    ("Generalisation bounds", "Analysing behaviour.", {}),
    ("Bounds of generalizations", "Analyzed behaviors of size 9.", {}),
    ("Colour of fibres", "Modelling, labelled in grey.", {}),
    ("Coloring a fiber", "Modeling, labeled in gray, in a dialogue.", {}),
    ("The precise sizes of prizes", "A noise exercise.", {}),
    ("LoRA and MoEs", "Adapters.", {}),
    ("LORA in capitals, a MoE", "Adapters.", {}),
    ("Lora the parrot", "A tale.", {}),
    ("Speech by ASR", "Words.", {}),
    ("Hashing for k-NN joins", "Buckets.", {}),
    ("A kNN join", "Rows.", {}),
)  # fmt: skip

ROWS: tuple[tuple[str, set[int]], ...] = (
    # Capitals.
    ("RAG", {0, 8}),
    ("rag", {0, 1, 8}),
    ('"RAG"', {0, 8}),
    ("title:RAG -doll", {0, 8}),
    ("US policy", {30}),
    ('"US policy"', {30}),
    ("policy US", {30}),
    ("us policy", {30}),
    # Plurals, and no stems for a word alone.
    ("generation", set()),
    ("generator", {4}),
    ("policy", {6, 7, 30, 31}),
    ("policies", {6, 7, 30, 31}),
    ("speeches", {0, 23, 24, 59}),
    ("speech", {0, 23, 24, 59}),
    ("title:speech -title:speeches", {23, 59}),
    ("title:speech -speech", set()),
    ("title:speech -title:speech", set()),
    # Hyphens and compounds.
    ('"in-context learning"', {2, 3}),
    ("in-context learning", {2, 3}),
    ('"incontext learning"', {2, 3}),
    ("multi-agent", {18, 19, 20}),
    ("multiagent", {18, 19, 20}),
    ('"multi agent"', {18, 19, 20}),
    ('"multiagent systems"', {18, 20}),
    ('"multi-agent systems"', {18, 20}),
    ("multiagent systems", {18, 20}),
    ("multi agent systems", {18, 20}),
    ('"to-code"', {22}),
    ("to-code", {22}),
    ("text-to-code", {22}),
    ('"to code"', {21, 22}),
    ("kNN", {32, 33, 60, 61}),
    ("k-NN", {32, 33, 60, 61}),
    ("forget", {36}),
    ("fine-tuning", {49, 50}),
    ("finetuning", {49, 50}),
    # Accents, letters and digits, other scripts, names of languages.
    ("naive bayes", {14, 15}),
    ("naïve", {14, 15}),
    ("author:Müller", {10, 11}),
    ("author:Muller", {10, 11}),
    ("author:Mueller", {9}),
    ("Erdős", {34, 35}),
    ('"erdos renyi"', {34, 35}),
    ("straße", {40, 41}),
    ("strasse", {40, 41}),
    ("GPT-4", {12, 13}),
    ("GPT4", {12, 13}),
    ("GPT 4", {12, 13}),
    ('"gpt 4"', {12, 13}),
    ("GPT", {12, 13}),
    ("COVID-19", {42, 43}),
    ("covid19", {42, 43}),
    ("C++", {9}),
    ("C#", {11}),
    ("title:C", {10}),
    (".NET", {11}),
    ("大语言模型", {16, 17}),
    ('"大语言模型"', {16, 17}),
    ("语言 模型", {16, 17}),
    # British and American spelling, which are one word, as a word, in phrases and near each other.
    ("generalisation", {51, 52}),
    ("generalization", {51, 52}),
    ('"generalization bounds"', {51}),
    ("generalization bounds", {51, 52}),
    ("generalisa*", {51, 52}),
    ("generaliza*", {51, 52}),
    ("analyse behaviours", {51, 52}),
    ("colour", {53}),
    ("colou*", {53, 54}),
    ("color*", {53, 54}),
    ("fiber", {53, 54}),
    ('"labelled in gray"', {53, 54}),
    ("modelling -coloring", {53}),
    ("dialog", {54}),
    ("size", {52, 55}),
    ("prise", set()),
    ("noise", {55}),
    # Names in small letters and capitals, typed in capitals; plurals of acronyms; numbers of letters.
    ("LORA", {56, 57}),
    ("LoRA", {56, 57, 58}),
    ("lora", {56, 57, 58}),
    ("MOE", {56, 57}),
    ("MoEs", {56, 57}),
    ("moe", {56, 57}),
    ("KNN", {32, 33, 60, 61}),
    ("kNN joins", {60, 61}),
    ('"kNN joins"', {60, 61}),
    ('"k-NN join"', {60, 61}),
    # Words side by side: the phrase, near each other in any order and inflection, or all in the title.
    ("agents planning", {25, 27, 29}),
    ("planning agents", {25, 27, 29}),
    ('"agents planning"', set()),
    ('"planning agents"', set()),
    ("agents AND planning", {26, 27, 28, 29}),
    ("title:(agents planning)", {25, 29}),
    ("title:agents planning", {29}),
    ("agents planning -wedding", {25, 27, 29}),
    ("agents planning OR kettles", {25, 27, 28, 29}),
    ("theory of mind", {38, 39}),
    ('"theory of mind"', {38}),
    ("medical image segmentation", {47, 48}),
    ("segmenting medical images", {47, 48}),
    ("R & D", set()),
    ("research & development", {44}),
    ("not transducers", {45}),
    # Operators, fields, categories.
    ("kettles (water OR agents)", {27, 28}),
    ("(kettles OR wedding) -agents", {26}),
    ("transf*", {45}),
    ("keyword:speech", {0}),
    ("abstract:speech", set()),
    ("cat:q-bio.*", {14, 15}),
    ("cat:q-bio.NC", {14}),
    ("cat:q-bio", set()),
    ("org:laboratory", {31}),
    ("source:huggingface title:kettles", {27, 28}),
    ("“in context learning”", {2, 3}),
    ("kettles^2 OR wedding", {26, 27, 28}),
    ("(kettles wedding) OR title:speech -ASR", {23, 24}),
)


@dataclass
class Entrances:
    """A site with the papers, and all ways to ask it."""

    site: Site
    app: ASGIApp
    now: datetime
    #: What all profiles are asked with: the papers stay the same.
    index: Matcher
    clients: Iterator[int] = field(default_factory=count)

    @property
    def web(self) -> TestClient:
        """A client in a network of its own, since what one may ask is limited."""
        number = next(self.clients)
        address = f"20.{number // 250}.{number % 250}.9"
        return TestClient(self.app, base_url="https://papers.example", client=(address, 50_000))

    def matcher(self, query: str) -> set[int]:
        found = self.index.evaluate(make_topic(query).query).matches.nonzero()[0]
        return {numbered(self.index.paper(int(number)).key) for number in found}

    def digest(self, query: str) -> tuple[int, set[int]]:
        """Return how many papers a subscriber's topic matches, and those shown: no two that say the same."""
        file = self.site.root / "profile.toml"
        file.write_text(f'email = "ada@example.org"\ntopics = [{json.dumps(query)}]\n', encoding="utf-8")
        topics = read_profile(file, {}).profile.topics
        profile = Profile(topics=topics, max_papers=100, max_per_section=100, serendipity=False)
        sections = [one for one in group(self.index, profile, frozenset(), self.now.date()) if one.topic]
        shown = {numbered(item.paper.key) for section in sections for item in section.items}
        return sum(section.matched for section in sections), shown

    def command(self, *arguments: str) -> set[int]:
        result = CliRunner().invoke(main, [*arguments, "--json"])
        if result.exit_code:
            assert "none of" in result.output
            return set()
        papers = json.loads(result.stdout)
        return {numbered((one.get("paper") or one)["key"]) for one in papers}

    def page(self, path: str, **params: str) -> set[int]:
        response = self.web.get(path, params=params)
        assert response.status_code == 200, response.text
        matching, _, _others = response.text.partition('id="others"')
        return set(map(numbered, re.findall(r"arxiv:2605\.\d{5}", matching)))

    def listed(self, query: str) -> int:
        """Return how many papers the list of topics says that the topic "Asked" has, now that it has a query."""
        text = self.web.get("/topics", params={"asked": query}).text
        (found,) = re.findall(r'href="/topics/Asked">.*?class="count"><span aria-hidden="true">(\d+)<', text)
        return int(found)

    def total(self, query: str) -> int:
        """Return how many papers the page of a search says that it found."""
        text = self.web.get("/search", params={"q": query}).text
        found = re.search(r'class="total">(\d+) papers?', text)
        return int(found[1]) if found else 0


def numbered(key: str) -> int:
    return int(key.rpartition(".")[2])


@pytest.fixture(scope="module")
def entrances(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrances]:
    root = tmp_path_factory.mktemp("site")
    now = datetime.now(UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert CliRunner().invoke(main, ["init"]).exit_code == 0
        site = Site(root)
        with open_store(site.store) as store:
            for number, (title, abstract, facts) in enumerate(PAPERS):
                given = {"keywords": (), "authors": ("Ada Example",), "listed": now.date(), **facts}
                entry = make_entry(title=title, abstract=abstract, arxiv_id=f"2605.{number:05}", **given)
                store.papers.add(entry, now)
        config = load_config(site, environ={"NEWSLETTER_SITE_URL": "https://papers.example"})
        with open_store(site.store) as store:
            matcher = read_matcher(store, now - timedelta(days=7), None)
            yield Entrances(site, make_app(config, lambda: now), now, matcher)


@pytest.mark.parametrize(("query", "expected"), ROWS, ids=[query for query, _ in ROWS])
def test_a_query_finds_the_same_everywhere(entrances: Entrances, query: str, expected: set[int]) -> None:
    assert entrances.matcher(query) == expected
    matched, shown = entrances.digest(query)
    assert (matched, shown - expected) == (len(expected), set())
    assert entrances.command("papers", query, "--limit", "100") == expected
    assert entrances.command("topics", "test", query) >= shown

    added = CliRunner().invoke(main, ["topics", "add", "Asked", query])
    assert added.exit_code == 0
    with open_store(entrances.site.store) as store:
        assert store.topics.find("Asked") == make_topic("Asked", query=query)
        hits = store.archive.search(parse(query), limit=100)
    assert (hits.total, {numbered(hit.paper.key) for hit in hits.hits}) == (len(expected), expected)
    # The query in another form, so that no cached page responses.
    assert entrances.page("/search", q=query) == expected
    assert entrances.page("/feed.json", q=query) == expected
    assert entrances.page("/feed.atom", topic="Asked") == expected
    assert entrances.page("/topics/Asked", asked=query) == expected
    assert (entrances.listed(query), entrances.total(query)) == (len(expected), len(expected))


MISTAKES = {
    "tilte:agents": "column 1: unknown field 'tilte'",
    "agents title:": "column 8: empty field title:",
    "agents or planning": "column 8: or is not an operator",
    "search and rescue": "column 8: and is not an operator",
    "agents NOT planning": "column 8: NOT is not an operator",
    'agents "planning': "column 8: unclosed \"",
    "(agents OR planning": "column 1: unclosed (",
    "agents) planning": "column 7: unmatched )",
    "keywrod:x": "column 1: unknown field 'keywrod'",
}  # fmt: skip


@pytest.mark.parametrize(("query", "problem"), MISTAKES.items())
def test_a_mistake_is_reported_everywhere(entrances: Entrances, query: str, problem: str) -> None:
    for arguments in (["papers", query], ["topics", "test", query], ["topics", "add", "Wrong", query],
                      ["subscribers", "add", "bob@example.org", "--topic", query]):  # fmt: skip
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code != 0
        assert problem in result.stderr
        assert len(result.stderr.splitlines()) == 1
    page = entrances.web.get("/search", params={"q": query})
    for path in ("/feed.json", "/feed.atom"):
        response = entrances.web.get(path, params={"q": query})
        assert response.status_code == 422
        assert problem in response.text.replace('\\"', '"')
    response = entrances.web.post("/api/subscribe", json={"email": "ada@example.org", "topics": [query]})
    assert response.status_code == 422
    assert problem in response.text.replace("&#39;", "'").replace("&#34;", '"').replace('\\"', '"')
    response = entrances.web.post("/subscribe", data={"email": "ada@example.org", "own_query": query})
    assert response.status_code == 422
    with pytest.raises(QueryError) as error:
        parse(query)
    assert error.value.problem is not QueryProblem.OTHER  # there is a sentence for people
    for shown in (page, response):
        assert shown.status_code == 422
        assert query_problem(error.value, language("en")) in unescape(shown.text)
        assert problem not in unescape(shown.text)  # columns are for commands
    file = entrances.site.root / "profile.toml"
    file.write_text(f'email = "ada@example.org"\ntopics = [{json.dumps(query)}]\n', encoding="utf-8")
    with pytest.raises(Exception, match=re.escape(problem)):
        read_profile(file, {})
