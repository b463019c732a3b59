"""In how many ways a paper may write a topic: kinds of differences that must not hide it, with a few of each kind."""

from __future__ import annotations

import pytest

from newsletter.store import Store
from newsletter.topics.evaluation import matching
from newsletter.topics.highlight import highlight
from newsletter.topics.index import PaperIndex
from newsletter.topics.occurrences import occurrences
from newsletter.topics.query import Term, parse, wanted_terms
from tests.factories import NOW, make_entry, make_paper


def finds(query: str, title: str = "", abstract: str = "") -> bool:
    paper = make_paper(title=title, abstract=abstract, authors=(), sources=())
    return bool(matching(PaperIndex([paper]), parse(query))[0])


WAYS = {
    "order and inflection": [
        ("agents planning", "Planning with some agents"),
        ("image editing", "To Edit an Image"),
        ("question answering", "Answers to Questions on Pears"),
        ("scaling laws", "How a Law of Pears Scales"),
        ("tool use", "Tools Used by Cooks"),
        ("reward models", "Modelling the Reward of Pears"),
        ("instruction following", "Cooks Who Follow Instructions"),
    ],
    "a noun for what is done": [
        ("medical image segmentation", "Segmenting Pears in Medical Images"),
        ("object detection", "Detecting Small Objects"),
        ("video generation", "To Generate a Video"),
        ("speech recognition", "Recognising the Speech of Pears"),
        ("text summarization", "Summarized Texts"),
        ("machine translation", "Translating by Machines"),
        ("knowledge distillation", "Distilling what Knowledge There Is"),
        ("image retrieval", "Retrieving Images of Pears"),
        ("text classification", "Classifying Texts"),
        ("view synthesis", "Synthesizing Views"),
        ("drug discovery", "Discovering a Drug"),
        ("LLM alignment", "Aligning LLMs"),
        ("relation extraction", "Extracted Relations"),
        ("detecting objects", "Object Detection in Orchards"),
    ],
    "a noun for what does it": [
        ("object detection", "A Detector of Objects"),
        ("depth estimation", "Depth Estimators"),
        ("recommender systems", "Systems of Recommendation"),
        ("image generation", "Image Generators"),
        ("in-context learning", "In-context Learners"),
        ("image editing", "An Image Editor"),
    ],
    "far apart in a title": [
        ("medical image segmentation", "The Image of a Long, Old, Sweet and Quite Medical Pear, to Segment"),
    ],
    "compounds": [
        ("multi-agent", "Multiagent"), ("multiagent systems", "Multi Agent System"), ("multi agent", "Multi-Agent"),
        ("dataset", "Data Sets"), ("data set", "Datasets"), ("super resolution", "Superresolution"),
        ("low resource languages", "A Low-Resource Language"), ("point clouds", "Pointcloud"),
        ("pointcloud", "Point-Cloud"), ("time series", "Timeseries"), ("text-to-image", "From Text to Image"),
        ("e-commerce", "Ecommerce"), ("X-ray", "Xrays"), ("chest xray", "Chest X-Ray"), ("U-Net", "UNet"),
        ("k-means", "Kmeans"), ("kNN", "k-NN"), ("cross-lingual", "Crosslingual"), ("KV cache", "KV-Caches"),
        ("vision language action models", "A Vision-Language-Action Model"), ("human-AI", "Human\u2013AI"),
        ("multi-agent", "Multi\u2010Agent"), ("multi-agent", "Multi\u2212Agent"),
    ],
    "inflected compounds": [
        ("fine tuning LLMs", "Finetuned LLMs"), ("fine-tuning LLMs", "How to Fine-Tune LLMs"),
        ("fine-tuned LLMs", "LLMs and Finetuning"), ("finetuning LLMs", "Fine-Tuned LLMs"),
        ("fine tuning", "Finetuned Pears"), ("fine tuning", "It Fine-Tunes Pears"),
        ("whole-slide imaging", "Whole Slide Images"), ("wholeslide images", "Whole-Slide Imaging"),
        ("pretraining data", "Pre-Trained on Data"), ("pre-training data", "Pretrained on Data"),
        ("multi-task learning", "Multitasking Learners"), ("downsampled images", "Down-Sampling an Image"),
        ("co-training pears", "Pears, Cotrained"), ("jail breaking models", "Jailbroken and Jailbreaks of Models"),
        ("self-supervising models", "Self-Supervised Models"), ("weak labelling pears", "Weak-labeled Pears"),
    ],
    "one word with capitals": [
        ("KV cache", "KVCache"), ("KVCache", "KV Cache"), ("KV cache compression", "Compressing KVCaches"),
        ("KV-cache compression", "KVCache Compression"), ("LLM agents", "LLMAgents"), ("QA pairs", "Paired by QAPairs"),
    ],
    "2 for to": [
        ("text to SQL", "Text2SQL"), ("text2sql", "Text-to-SQL"), ("Text2SQL", "From Text to SQL"),
        ("text-to-SQL benchmarks", "A Text2SQL Benchmark"), ("text to SQL benchmarks", "Benchmarks for Text2SQL"),
        ("sim2real transfer", "Sim-to-Real Transfer"), ("sim to real transfer", "Transfer Sim2Real"),
        ("sim-to-real", "Sim2Real"), ("image-to-video", "Image2Video"), ("speech2text", "Speech to Text"),
        ("video-to-audio generation", "Video2Audio Generators"),
    ],
    "British and American": [
        ("optimisers", "Optimizers"), ("generalisation bounds", "Generalization Bounds"), ("behaviour", "Behavior"),
        ("behaviour cloning", "Behavioral Cloning"), ("tumour", "Tumors"), ("labelled data", "Labeled Data"),
        ("dialogue", "Dialog"), ("travelling salesman", "Traveling Salesman"), ("leukaemia", "Leukemia"),
        ("tokeniser", "Tokenizers"), ("catalog", "Catalogues"), ("defence", "Defenses"), ("artefacts", "Artifact"),
        ("parametrisation", "Parameterization"), ("encyclopaedia", "Encyclopedias"), ("ploughing", "Plowing"),
        ("fibre", "Fibers"), ("neighbour", "Neighbors"), ("ageing", "Aging"), ("oestrogen", "Estrogen"),
    ],
    "letters and digits": [
        ("GPT4", "GPT-4"), ("GPT-4", "GPT 4"), ("GPT 4", "GPT4"), ("GPT", "GPT-4"), ("Llama3", "LLaMA-3"),
        ("Llama 3", "Llama3"), ("Qwen2.5", "Qwen-2.5"), ("3D scenes", "3-D Scenes"), ("COVID-19", "Covid19"),
        ("INT8", "INT-8"), ("FP8", "FP8-aware Pears"), ("4-bit quantization", "Quantization to 4 Bits"),
        ("H100", "H-100"), ("word2vec", "Word2Vec"), ("GPT-4o", "GPT4o"), ("CO2", "CO-2"),
    ],
    "capitals": [
        ("MoEs", "MoE"), ("MoE", "MoEs"), ("MOE", "MoEs"), ("moe", "MoE"), ("LORA", "LoRA"), ("LoRA", "LORAs"),
        ("lora", "LoRAs"), ("LLMs", "An LLM's Pear"), ("rag", "RAGs"), ("IOT", "IoT"), ("NERF", "NeRFs"),
        ("VLA", "VLAs"), ("GNN", "GNN-based Pears"), ("QLORA", "QLoRA"),
    ],
    "plurals": [
        ("decision trees", "A Decision Tree"), ("degree", "Degrees"), ("cache", "Caches"), ("lenses", "A Lens"),
        ("optimum", "Optima"), ("local minima", "A Local Minimum"), ("spectra", "Spectrum"), ("stimulus", "Stimuli"),
        ("hero", "Heroes"), ("shoe", "Shoes"), ("status", "Statuses"), ("metastases", "Metastasis"),
        ("cortex", "Cortices"), ("children", "A Child"), ("cookies", "Cookie"), ("nuclei", "Nucleus"),
        ("equilibria", "An Equilibrium"), ("automata", "Automaton"), ("avalanches", "Avalanche"),
        ("committee", "Committees"), ("quizzes", "Quiz"), ("mouse", "Mice"), ("antennae", "Antennas"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "query", "title"), [(kind, query, title) for kind, ways in WAYS.items() for query, title in ways]
)
def test_a_topic_is_found_however_it_is_written(kind: str, query: str, title: str) -> None:
    assert finds(query, title=title), kind
    assert kind == "far apart in a title" or finds(query, abstract=f"We say a word. {title} is it.")


def test_search_and_highlighting_agree(store: Store) -> None:
    ways = [way for of_kind in WAYS.values() for way in of_kind]
    for number, (_, title) in enumerate(ways):
        entry = make_entry(title=title, abstract="Nothing.", arxiv_id=f"2605.{number:05}", keywords=(), authors=())
        store.papers.add(entry, NOW)
    for query, title in ways:
        node = parse(query)
        assert title in {hit.paper.title for hit in store.archive.search(node, limit=len(ways)).hits}, query
        assert any(is_hit for _, is_hit in highlight(title, wanted_terms(node), is_title=True)), query


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("vision transformer", "To Transform a Vision"),
        ("foundation models", "Models That We Found"),
        ("information retrieval", "Retrieved and Informed"),
        ("LLM evaluation", "We Evaluate Pears with an LLM"),
        ("learning from demonstrations", "We Demonstrate Learning"),
        ("diffusion models", "A Model of Diffuse Pears"),
        ("neural operators", "Operating on Neural Pears"),
        ("generation", "Generating"),
        ('"object detection"', "Detecting Objects"),
        ("MOE", "Moe and the Pears"),
        ("lens", "Len's Pears"),
        ("tool use", "This Tool Helps Us"),
        ("text to SQL", "SQL2Text"),
        ("text2sql", "Two Texts and 2 SQL"),
        ("fine tuning", "Fine Pears and a Finetooth"),
        ("KV cache", "A Cache for kv"),
        ("KV cache", "KVStore and Cache"),
        ("text to speech", "Streaming Speech-to-Text Translation"),
        ("speech to text", "Pears Read Text to Speech"),
        ("text to image generation", "Generation of Pears by Image-to-Text Models"),
        ("learning from noise", "Noise from Learning"),
    ],
)
def test_other_words_are_not_found(query: str, title: str) -> None:
    assert not finds(query, title=title)


@pytest.mark.parametrize(
    "title", ["Speech-to-Text and Text-to-Speech", "Speech Synthesized from Text", "A Speech of a Text, Speech to Text"]
)
def test_words_count_beside_a_phrase_that_means_the_opposite(title: str) -> None:
    assert finds("text to speech", title=title)
    term = parse("text to speech")
    assert isinstance(term, Term)
    assert list(occurrences(title, term, is_title=True))


def test_words_of_a_phrase_that_means_the_opposite_are_not_marked() -> None:
    text = "A Speech of a Text, Speech to Text"
    term = parse("text to speech")
    assert isinstance(term, Term)
    assert sorted(text[start:stop] for start, stop in occurrences(text, term, is_title=True)) == ["Speech", "Text"]
