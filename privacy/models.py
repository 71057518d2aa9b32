"""Models for names beside the word lists, as recognisers of Presidio: the small one of Weir, and those of the user.

A model is read from where it stands; nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from ..errors import MissingExtra

_SCORE = 0.6


def foreign_recognizers(ner: str | None, language: str) -> list[Any]:
    """Return the recognisers that a setting `ner` adds; none for a spaCy model, which Presidio asks by its tokens.

    Raises MissingExtra where the package that runs the model is not installed.
    """
    if ner is None:
        return []
    if ner == "small":
        return [_small(language)]
    folder = Path(ner)
    if (folder / "gliner_config.json").is_file():
        return [_gliner(ner, language)]
    if (folder / "config.json").is_file() and not (folder / "meta.json").is_file():
        return [_transformers(ner, language)]
    return []


def _small(language: str) -> Any:
    import presidio_analyzer

    from .ner import small

    model = small()

    class SmallModel(presidio_analyzer.LocalRecognizer):  # type: ignore[misc]
        gate = ((r"\pL", False),)

        def load(self) -> None:
            pass

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:
            return [
                presidio_analyzer.RecognizerResult(
                    name.entity,
                    name.start,
                    name.end,
                    _SCORE,
                    presidio_analyzer.AnalysisExplanation(self.name, _SCORE),
                    {"recognizer_name": self.name, "recognizer_identifier": self.id},
                )
                for name in model.names(text, language)
            ]

    return SmallModel(["PERSON", "LOCATION", "ORGANIZATION"], name="small_model", supported_language=language)


def _transformers(folder: str, language: str) -> Any:
    _demand("transformers", "transformers", "torch")
    from presidio_analyzer.predefined_recognizers.ner.huggingface_ner_recognizer import HuggingFaceNerRecognizer

    return HuggingFaceNerRecognizer(model_name=folder, supported_language=language)


def _gliner(folder: str, language: str) -> Any:
    _demand("gliner", "gliner")
    from presidio_analyzer.predefined_recognizers import GLiNERRecognizer

    labels = {"person": "PERSON", "organization": "ORGANIZATION", "location": "LOCATION", "address": "STREET_ADDRESS"}
    return GLiNERRecognizer(model_name=folder, supported_language=language, entity_mapping=labels)


def _demand(extra: str, *modules: str) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise MissingExtra.of(extra, f"a {extra} model for names")
