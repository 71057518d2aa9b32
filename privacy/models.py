"""Models for names beside the word lists, as recognisers of Presidio: the small one of Weir, and those of the user.

A model is read from where it stands; nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
from pathlib import Path
from typing import Any

from ..errors import ConfigError, MissingExtra
from .contract import entities

_SCORE = 0.6
_CHUNK = 400
"""Characters that a transformer reads at once; a token has at least one, and most models take 512 tokens."""
_KINDS = {
    "PERSON": (
        r"PER|PERS|PERSONS?|PS|NAME|GIVEN_?NAME\d?|FIRST_?NAME|MIDDLE_?NAME|SUR_?NAME|LAST_?NAME\d?|FULL_?NAME"
        r"|PATIENT|STAFF|DOCTOR|HCW"
    ),
    "LOCATION": r"LOC|LC|LOCATIONS?|GPE|PLACE|CITY|TOWN|STATE|COUNTY|COUNTRY|HOSPITAL",
    "ORGANIZATION": r"ORG|OG|ORGANI[SZ]ATIONS?|COMPANY|COMPANY_?NAME|VENDOR",
    "STREET_ADDRESS": r"ADDRESS|STREET|STREET_?(?:NAME|ADDRESS)|BUILDING(?:_?(?:NUM|NUMBER))?|SECONDARY_?ADDRESS",
    "NRP": r"NORP|NATIONALITY|RELIGION",
    "DATE_TIME": r"DAT|DT|DATE|TIME|TI",
    "DATE_OF_BIRTH": r"DOB|BIRTH_?DATE|DATE_?OF_?BIRTH|BOD",
    "AGE": r"AGE",
    "EMAIL_ADDRESS": r"E_?MAIL",
    "PHONE_NUMBER": r"PHONE|TELEPHONE_?(?:NUM|NUMBER)?|PHONE_?NUM|TEL",
    "USERNAME": r"USER_?NAME|HANDLE",
    "POSTCODE": r"ZIP_?CODE|ZIP|POST_?CODE|POSTAL_?CODE",
    "IBAN_CODE": r"IBAN",
    "CREDIT_CARD": r"CREDIT_?CARD_?(?:NUM|NUMBER)?|CARD_?NUMBER",
    "NATIONAL_ID": r"ID_?CARD(?:_?NUM)?|SSN|SOCIAL_?(?:NUM|NUMBER|SECURITY_?NUMBER)|NATIONAL_?ID",
    "PASSPORT": r"PASSPORT(?:_?(?:NUM|NUMBER))?",
    "DRIVER_LICENSE": r"DRIVER_?LICEN[SC]E_?(?:NUM|NUMBER)?",
    "TAX_ID": r"TAX_?(?:NUM|NUMBER|ID)",
    "API_KEY": r"PASSWORD|PASS|SECRET|API_?KEY",
    "ACCOUNT_ID": r"ACCOUNT_?(?:NUM|NUMBER)",
}
"""Our entities, and how models call them."""


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
    settings = json.loads((Path(folder) / "config.json").read_text("utf-8"))
    known = labels(settings.get("id2label", {}).values())
    if not known:
        raise ConfigError(
            f"the model '{Path(folder).name}' marks nothing that detection knows",
            "name a model for token classification whose labels are names of entities, such as PER, LOC and ORG",
        )
    _demand("transformers", "transformers", "torch")
    from presidio_analyzer.predefined_recognizers.ner.huggingface_ner_recognizer import HuggingFaceNerRecognizer

    class Transformer(HuggingFaceNerRecognizer):  # type: ignore[misc]
        def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:
            found = super().analyze(text, self.supported_entities, nlp_artifacts)
            return [finding for finding in found if finding.entity_type in self.supported_entities]

    size = min(_CHUNK, int(settings.get("max_position_embeddings") or _CHUNK) - 4)
    return Transformer(model_name=folder, supported_language=language, label_mapping=known, text_chunker=_pieces(size))


def _pieces(size: int) -> Any:
    """Return what cuts a text into pieces of at most `size` characters that overlap, where it can between words.

    Presidio's own runs on to the next space, which Chinese texts do not have.
    """
    from presidio_analyzer.chunkers.base_chunker import BaseTextChunker, TextChunk

    class Pieces(BaseTextChunker):  # type: ignore[misc]
        def chunk(self, text: str) -> list[Any]:
            found, start = [], 0
            while start < len(text):
                end = min(start + size, len(text))
                if end < len(text):
                    space = max(text.rfind(" ", start + size // 2, end), text.rfind("\n", start + size // 2, end))
                    end = space if space > 0 else end
                found.append(TextChunk(text=text[start:end], start=start, end=end))
                start = end - size // 10 if end < len(text) else end
            return found

    return Pieces()


def labels(found: Any) -> dict[str, str]:
    """Return those of a model's labels (without B- and I-) that say what one of our entities says, with the entity."""
    known = {}
    for label in found:
        plain = re.sub(r"^[BIULES]-", "", label)
        name = plain.upper().replace(" ", "_")
        kind = next((kind for kind, names in _KINDS.items() if re.fullmatch(names, name)), None)
        kind = name if kind is None and name in entities() else kind
        if kind:
            known[plain] = kind
    return known


def _gliner(folder: str, language: str) -> Any:
    _demand("gliner", "gliner")
    from presidio_analyzer.predefined_recognizers import GLiNERRecognizer

    class Gliner(GLiNERRecognizer):  # type: ignore[misc]
        def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:
            # Presidio would ask the model for every entity of every recogniser.
            return super().analyze(text, self.supported_entities, nlp_artifacts)  # type: ignore[no-any-return]

    asked = {"person": "PERSON", "organization": "ORGANIZATION", "location": "LOCATION", "address": "STREET_ADDRESS"}
    return Gliner(
        model_name=folder,
        supported_language=language,
        entity_mapping=asked,
        text_chunker=_pieces(_CHUNK),
        local_files_only=True,
    )


def _demand(extra: str, *modules: str) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise MissingExtra.of(extra, f"a {extra} model for names")
