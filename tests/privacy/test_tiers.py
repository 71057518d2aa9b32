"""Tiers of detection: each finds more than the one below; what ran is stated, and a policy may demand it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from dataweir.errors import ConfigError, MissingExtra
from dataweir.privacy.analyzer import analyzer
from dataweir.privacy.contract import marked
from dataweir.privacy.detect import detect
from dataweir.privacy.evidence import check_gates
from dataweir.privacy.mask import mask
from dataweir.privacy.ner import FEATURES, features, small, tokens
from dataweir.privacy.policy import Policy
from dataweir.privacy.residual import Residual
from dataweir.privacy.risk.figures import Risk
from dataweir.privacy.tiers import measured, statement


def test_small_finds_names_that_no_list_knows() -> None:
    text, spans = marked("my name is «wojtek grzelczyk» and i met «Quirin Halstenbach» in «Oberniederlangen» yesterday")
    below = {(r["start"], r["end"]) for r in detect([text]).to_pylist()}
    found = {(r["start"], r["end"]) for r in detect([text], "en", "small").to_pylist()}
    assert set(spans) - below
    assert sum(any(f[0] <= s and f[1] >= e for f in found) for s, e in spans) >= 2


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl", "pt"])
def test_small_was_measured_in_every_language(language: str) -> None:
    assert small().card["figures"][f"generated {language}"]["all"][2] > 0.6
    assert small().names("Zdenka Quastenberg (Paris)", language)


def test_small_goes_through_the_sieve_like_all_recognisers() -> None:
    text = "Jürgen Quastenberg, Anna Kowalczyk – 12. Paris; 東京."
    assert analyzer("en", "small").find(text) == analyzer("en", "small").plain(text)


def test_features_fill_their_columns_and_offsets_are_of_the_text() -> None:
    words = tokens("Zoë's dog (3 years) bit O’Neil_1!")
    assert [w.text for w in words] == ["Zoë", "'s", "dog", "(", "3", "years", ")", "bit", "O’Neil", "_", "1", "!"]
    rows = features([w.text for w in words], "en")
    assert rows.shape == (12, FEATURES)
    assert rows[:, :12].min() > 0
    assert small().names("", "en") == []


def test_a_policy_masks_by_the_tier_it_names(tmp_path: Path) -> None:
    table = pa.table({"text": ["my name is wojtek grzelczyk and i called yesterday"]})
    plain = mask(table, Policy(name="p", columns={"text": "mask"}), key=b"k" * 32)["text"][0].as_py()
    more = mask(table, Policy(name="p", columns={"text": "mask"}, ner="small"), key=b"k" * 32)["text"][0].as_py()
    assert "grzelczyk" in plain
    assert "grzelczyk" not in more


@pytest.mark.parametrize(
    ("ner", "demanded", "held"), [("none", "small", True), ("small", "small", False), ("x", "small", False)]
)
def test_the_gate_holds_the_tier_that_a_policy_demands(ner: str, demanded: str, held: bool) -> None:
    policy = Policy(name="p", columns={"text": "mask"}, ner=ner, require_tier=demanded)
    risk = Risk((), False, 5, None, None, 1, 0, 0.0, None, None, None)
    reasons = check_gates(policy, risk, 0.0, Residual({}, 1, 0))
    assert any(reason.startswith("detection: ") for reason in reasons) == held


def test_what_ran_is_stated_with_its_measured_recall() -> None:
    stated = statement("small", "de")
    assert stated["tier"] == "small"
    assert set(stated["recall"]) == {"ler_de"}
    assert stated["recall"]["ler_de"] > measured()["none"]["ler_de"]["found"]
    assert statement("/models/my_model", "en") | {"recall": 0} == {
        "tier": "model",
        "model": "my_model",
        "language": "en",
        "measured_tier": "none",
        "recall": 0,
    }


def test_a_spacy_model_of_the_users_finds_what_it_knows(tmp_path: Path) -> None:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "grubbelfix"}])
    nlp.to_disk(tmp_path / "model")
    text = "then grubbelfix came"
    assert detect([text]).num_rows == 0
    assert detect([text], "en", str(tmp_path / "model")).select(["start", "end", "entity"]).to_pylist() == [
        {"start": 5, "end": 15, "entity": "PERSON"}
    ]


def test_models_that_cannot_run_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no model"):
        detect(["x"], "en", "no_such_model")
    for name, extra in (("config.json", "transformers"), ("gliner_config.json", "gliner")):
        folder = tmp_path / extra
        folder.mkdir()
        (folder / name).write_text('{"id2label": {"1": "B-PER"}}')
        with pytest.raises(MissingExtra) as raised:
            detect(["x"], "en", str(folder))
        assert f"dataweir[{extra}]" in raised.value.cure
