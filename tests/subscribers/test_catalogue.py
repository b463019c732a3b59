"""The catalogue of topics that a new site begins with."""

from __future__ import annotations

import pytest

from newsletter.files.site import samples
from newsletter.ranking.passing import in_passing
from newsletter.subscribers.profiles import read_topics
from newsletter.topics.evaluation import those_matching
from newsletter.topics.index import PaperIndex
from newsletter.topics.query import All, Any, Boost, Node, Not, Term, format_query, parse
from tests.factories import make_paper

CATALOGUE = {topic.name: topic for topic in read_topics(samples() / "topics.toml")}
#: Names that people subscribed to by name.
FORMER = (
    "Large language models", "In-context learning", "LLM agents", "Retrieval-augmented generation", "Reasoning",
    "Reinforcement learning", "Alignment and safety", "Vision-language models", "Image generation", "Video generation",
    "3D and graphics", "Robotics", "Speech and audio", "Model efficiency", "Benchmarks and data", "Code generation",
    "Biology and chemistry",
)  # fmt: skip


def terms(node: Node) -> list[Term]:
    match node:
        case Term():
            return [node]
        case All() | Any():
            return [term for part in node.parts for term in terms(part)]
        case Not() | Boost():
            return terms(node.part)


def test_the_most_wanted_topics_come_first_and_all_have_a_line_that_says_what_they_are() -> None:
    topics = list(CATALOGUE.values())
    assert len(topics) == 83
    assert [bool(topic.area) for topic in topics] == [False] * 24 + [True] * 59
    areas = [topic.area for topic in topics]
    assert [one for n, one in enumerate(areas) if n == 0 or areas[n - 1] != one] == list(dict.fromkeys(areas))
    assert all(20 < len(topic.about) < 130 and topic.about.endswith(".") for topic in topics)
    assert set(FORMER) <= CATALOGUE.keys()


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_query_is_as_it_is_written_and_leaves_nothing_to_nearness(name: str) -> None:
    node = parse(CATALOGUE[name].query)
    assert format_query(node) == CATALOGUE[name].query
    assert not any(term.is_near for term in terms(node))


@pytest.mark.parametrize(
    ("name", "title", "is_found"),
    [
        ("Speech and audio", "Hate speech in forums", False),
        ("Speech and audio", "Streaming ASR for calls", True),
        ("Speech and audio", "Free speech and the law", False),
        ("Detection and segmentation", "SAM: sharpness-aware minimization again", False),
        ("Detection and segmentation", "SAM for segmentation of leaves", True),
        ("Model efficiency", "Dataset distillation revisited", False),
        ("Model efficiency", "Knowledge distillation revisited", True),
        ("Model efficiency", "Pruning experts of an LLM", True),
        ("Alignment and safety", "Image-text alignment for retrieval", False),
        ("Alignment and safety", "Emergent misalignment in chat models", True),
        ("Alignment and safety", "Road safety near schools", False),
        ("LLM agents", "Contrast agents in MRI", False),
        ("LLM agents", "An LLM agent for chemistry", True),
        ("Representation learning", "Few-shot avatars", False),
        ("Search and recommendation", "Maintenance action recommendation", False),
        ("AI security and attacks", "Attacks on staking pools", False),
        ("AI security and attacks", "Watermarking of diffusion models", True),
        ("Autonomous driving", "Personal data in HTTP traffic", False),
        ("Autonomous driving", "Traffic at crossings", True),
        ("AI, law and society", "Approval-based committee elections", False),
        ("Diffusion language models", "Discrete diffusion for CAD", False),
        ("Ecology and evolution", "A habitat simulator", False),
        ("Memory and personalization", "Memory-efficient LLM training", False),
        ("Medicine and health", "A classifier of leaf disease", False),
        ("Model efficiency", "Ultra-low-bit-rate video", False),
        ("Model efficiency", "Low-bit weights", True),
        ("Neuroscience and brain signals", "Neural decoding of a syndrome", False),
        ("Speech and audio", "Segmentation of spoken dialects", False),
        ("Video generation", "Detecting generated videos", False),
    ],
)
def test_false_friends_are_explained(name: str, title: str, is_found: bool) -> None:
    paper = make_paper(title=title, abstract="We study it.")
    assert bool(those_matching([paper], parse(CATALOGUE[name].query))) is is_found


def test_british_titles_are_found() -> None:
    paper = make_paper(title="Generalisation and tokenisation of an LLM", abstract="")
    assert those_matching([paper], parse(CATALOGUE["Pre-training and scaling"].query))
    assert not in_passing(PaperIndex([paper]), parse(CATALOGUE["Pre-training and scaling"].query))
