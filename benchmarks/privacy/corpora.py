"""Texts with marked personal data, read from a folder beside the project, under one set of labels.

Where a corpus marks only some kinds, precision counts findings of those kinds alone: it says nothing of the others.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Span = tuple[int, int, str]


@dataclass(frozen=True)
class Corpus:
    """Texts of one language with their marked spans (start, end, label)."""

    name: str
    language: str
    texts: list[str]
    spans: list[list[Span]]


LABELS = {
    "PER": "PERSON",
    "PER.NAM": "PERSON",
    "person": "PERSON",
    "LOC": "PLACE",
    "LOC.NAM": "PLACE",
    "GPE.NAM": "PLACE",
    "GPE": "PLACE",
    "LOCATION": "PLACE",
    "location": "PLACE",
    "ST": "PLACE",
    "LD": "PLACE",
    "LDS": "PLACE",
    "STR": "STREET_ADDRESS",
    "ORG": "ORGANIZATION",
    "UN": "ORGANIZATION",
    "ORG.NAM": "ORGANIZATION",
    "corporation": "ORGANIZATION",
    "EMAIL": "EMAIL_ADDRESS",
    "PHONE": "PHONE_NUMBER",
    "SSN": "US_SSN",
    "DOMAIN_NAME": "URL",
    "MRN": "MEDICAL_RECORD",
    "RR": "PERSON",
    "AN": "PERSON",
}
"""Labels of the corpora in our words; those not named stay as they are (structured kinds) or are left out (CoNLL)."""

OURS = {
    "LOCATION": "PLACE",
    "POSTCODE": "ZIP_CODE",
    "DATE_OF_BIRTH": "DATE_TIME",
    "IP_ADDRESS": "IP_ADDRESS",
}
"""Our entities in the words of the corpora."""


LEARNED = frozenset({"europeana_fr", "ler_de", "wnut17"})
"""Corpora whose even texts train the small model (tools/train_ner.py): the odd ones alone measure."""


def load(folder: Path, half: int | None = 1) -> Iterator[Corpus]:
    """Yield every corpus of the folder; of those that train, the odd (1) or even (0) texts, or all (None)."""
    for corpus in _load(folder):
        if corpus.name in LEARNED and half is not None:
            yield Corpus(corpus.name, corpus.language, corpus.texts[half::2], corpus.spans[half::2])
        else:
            yield corpus


def _load(folder: Path) -> Iterator[Corpus]:
    yield _presidio(folder / "presidio_research" / "synth_dataset_v2.json")
    yield _ambientmeta(folder / "ambientmeta" / "data" / "standard" / "standard_entities.jsonl")
    yield _conll("europeana_fr", "fr", folder / "europeana" / "enp_FR.bnf.bio.gz")
    yield _conll("ler_de", "de", folder / "ler_de" / "ler_test.conll.gz")
    yield _conll("wnut17", "en", folder / "wnut17" / "wnut17train.conll")
    yield _conll("weibo_zh", "zh", folder / "weibo_zh" / "weiboNER_2nd_conll.train", between="")


def _presidio(path: Path) -> Corpus:
    rows = json.loads(path.read_text("utf-8"))
    spans = [[_span(s["start_position"], s["end_position"], s["entity_type"]) for s in r["spans"]] for r in rows]
    return Corpus("presidio_research", "en", [r["full_text"] for r in rows], spans)


def _ambientmeta(path: Path) -> Corpus:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    spans = [[_span(s["start"], s["end"], s["entity_type"]) for s in r["annotations"]] for r in rows]
    return Corpus("ambientmeta", "en", [r["text"] for r in rows], spans)


def _span(start: int, end: int, label: str) -> Span:
    return start, end, LABELS.get(label, label)


def _conll(name: str, language: str, path: Path, between: str = " ") -> Corpus:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    texts: list[str] = []
    spans: list[list[Span]] = []
    tokens: list[tuple[str, str]] = []
    for line in [*raw.decode("utf-8", "replace").splitlines(), ""]:
        parts = line.split()
        if len(parts) >= 2:
            tokens.append((parts[0][:-1] if not between else parts[0], parts[-1]))
        # A newspaper page without sentence breaks is cut, at full stops, into texts that people would read.
        if tokens and (len(parts) < 2 or (len(tokens) > 60 and tokens[-1] == (".", "O")) or len(tokens) > 200):
            text, marked = _joined(tokens, between)
            texts.append(text)
            spans.append(marked)
            tokens = []
    return Corpus(name, language, texts, spans)


def _joined(tokens: list[tuple[str, str]], between: str) -> tuple[str, list[Span]]:
    text = ""
    found: list[Span] = []
    last = "O"
    for word, tag in tokens:
        if text and not re.fullmatch(r"[.,;:!?)\]]", word):
            text += between
        start, text = len(text), text + word
        label = LABELS.get(tag[2:])
        if label and tag.startswith("I-") and last[2:] == tag[2:] and found:
            found[-1] = (found[-1][0], len(text), label)
        elif label:
            found.append((start, len(text), label))
        last = tag
    return text, found
