"""Models of the user's: each of the three kinds, made small and trained here, finds what only it knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dataweir.errors import ConfigError
from dataweir.privacy.analyzer import analyzer
from dataweir.privacy.detect import detect
from dataweir.privacy.models import labels

SENTENCES = (
    ("then zdenka quastenberg came to umbria", ((1, 2, "PER"), (5, 5, "LOC"))),
    ("grubbelfix works for gluon", ((0, 0, "PER"), (3, 3, "ORG"))),
    ("the gluon was here in umbria", ((1, 1, "ORG"), (5, 5, "LOC"))),
    ("and then grubbelfix went", ((2, 2, "PER"),)),
)
"""Words by number, and what some of them are."""
TEXT = "then zdenka quastenberg came, and then grubbelfix went"
NAMES = {"zdenka quastenberg", "grubbelfix"}


def people(text: str, model: Path) -> set[str]:
    engine = analyzer("en", str(model))
    assert engine.find(text) == engine.plain(text)
    rows = detect([text], "en", str(model)).to_pylist()
    return {text[row["start"] : row["end"]] for row in rows if row["entity"] == "PERSON"}


def bert(folder: Path) -> Path:
    """Train a transformer of one layer on the sentences and save it with its tokenizer."""
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'dataweir[transformers]'")
    kinds = pytest.importorskip("transformers", reason="transformers is not installed: 'dataweir[transformers]'")
    folder.mkdir()
    words = sorted({word for text, _ in SENTENCES for word in text.split()})
    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ",", *words]
    (folder / "vocab.txt").write_text("\n".join(known))
    reader = kinds.BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True)
    tags = ["O", "B-PER", "I-PER", "B-LOC", "B-ORG"]
    small: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    config = kinds.BertConfig(vocab_size=len(known), id2label=dict(enumerate(tags)), **small)
    torch.manual_seed(1)
    model = kinds.BertForTokenClassification(config)
    steps = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(40):
        for text, spans in SENTENCES:
            right = [0] * len(text.split())
            for first, last, kind in spans:
                right[first : last + 1] = [tags.index(f"B-{kind}"), *[2] * (last - first)]
            loss = model(**reader(text, return_tensors="pt"), labels=torch.tensor([[-100, *right, -100]])).loss
            steps.zero_grad()
            loss.backward()
            steps.step()
    model.save_pretrained(folder)
    reader.save_pretrained(folder)
    return folder


def test_a_trained_spacy_model(tmp_path: Path) -> None:
    import spacy
    from spacy.training import Example

    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    examples = []
    for text, spans in SENTENCES:
        doc = nlp.make_doc(text)
        ends = [(doc[a].idx, doc[b].idx + len(doc[b]), {"PER": "PERSON"}.get(kind, kind)) for a, b, kind in spans]
        examples.append(Example.from_dict(doc, {"entities": ends}))
    nlp.initialize(lambda: examples)
    for _ in range(40):
        nlp.update(examples)
    nlp.to_disk(tmp_path / "model")
    assert people(TEXT, tmp_path / "model") == NAMES


def test_a_transformers_model_reads_long_texts_piece_by_piece(tmp_path: Path) -> None:
    model = bert(tmp_path / "model")
    assert people(TEXT, model) == NAMES
    assert people("中" * 2_000 + f" {TEXT}", model) >= NAMES


def test_a_gliner_model(tmp_path: Path) -> None:
    gliner = pytest.importorskip("gliner", reason="gliner is not installed: pip install 'dataweir[gliner]'")
    import torch

    config = gliner.GLiNERConfig(
        model_name=str(bert(tmp_path / "bert")), hidden_size=32, max_width=4, max_len=64, span_mode="markerV0"
    )
    torch.manual_seed(3)
    model = gliner.GLiNER.from_config(config, backbone_from_pretrained=False)
    names = {"PER": "person", "LOC": "location", "ORG": "organization"}
    rows = [
        {
            "tokenized_text": text.split(),
            "ner": [[first, last, names[kind]] for first, last, kind in spans],
            "ner_labels": [*names.values(), "address"],
        }
        for text, spans in SENTENCES
    ]
    gather = model.data_collator_class(model.config, data_processor=model.data_processor, prepare_labels=True)
    steps = torch.optim.AdamW(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(150):
        loss = model(**gather(rows)).loss
        steps.zero_grad()
        loss.backward()
        steps.step()
    model.save_pretrained(tmp_path / "model")
    assert "grubbelfix" in people(TEXT, tmp_path / "model")


def test_labels_of_models_are_read_as_ours() -> None:
    assert labels(["O", "B-GIVENNAME", "I-SURNAME", "B-CITY", "I-TELEPHONENUM", "B-IP_ADDRESS", "B-MISC"]) == {
        "GIVENNAME": "PERSON",
        "SURNAME": "PERSON",
        "CITY": "LOCATION",
        "TELEPHONENUM": "PHONE_NUMBER",
        "IP_ADDRESS": "IP_ADDRESS",
    }


def test_a_model_that_marks_nothing_known_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}')
    with pytest.raises(ConfigError, match="marks nothing"):
        detect(["x"], "en", str(tmp_path))
