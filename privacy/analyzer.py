"""Presidio, offline: no model is downloaded, no network is asked, nothing is written; one analyzer a process.

Presidio's own recognisers and ours run side by side. `Analyzer.find` gives what Presidio's `analyze` gives, and
spends its expensive parts (tokens, context words, the phone library) only on texts where they can change anything.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from ..errors import ConfigError, DataError
from ..registry import nearest
from .contract import THRESHOLD, Recognizer, recognizer
from .models import foreign_recognizers
from .phones import Phones
from .sieve import Gate, Sieve

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt", "zh")

_GENERAL = (
    "CryptoRecognizer",
    "DateRecognizer",
    "EmailRecognizer",
    "IbanRecognizer",
    "MacAddressRecognizer",
    "PhoneRecognizer",
    "UuidRecognizer",
)
_NATIONAL = {
    "en": (
        "NhsRecognizer",
        "UkNinoRecognizer",
        "UsBankRecognizer",
        "UsItinRecognizer",
        "UsLicenseRecognizer",
        "UsPassportRecognizer",
        "UsSsnRecognizer",
    ),
    "de": (
        "DeHealthInsuranceRecognizer",
        "DeIdCardRecognizer",
        "DePassportRecognizer",
        "DeSocialSecurityRecognizer",
        "DeTaxIdRecognizer",
    ),
    "es": ("EsNieRecognizer", "EsNifRecognizer", "EsPassportRecognizer"),
    "it": (
        "ItDriverLicenseRecognizer",
        "ItFiscalCodeRecognizer",
        "ItIdentityCardRecognizer",
        "ItPassportRecognizer",
        "ItVatCodeRecognizer",
    ),
}
"""Presidio's recognisers by language. Its URL, IP, card and medical licence recognisers are left out: ours find what
they find, read a URL to its end, and take neither a masked network for a machine, nor a device's serial number for a
card, nor nine characters of a hash for a licence."""

_PHONE_GATE = r"(?:\d\D{0,8}){4}"
"""Some numbers of Germany have four digits."""


class Finding(NamedTuple):
    """One finding in a text: offsets in characters, entity and score."""

    start: int
    end: int
    entity: str
    score: float


class _FailClosed(logging.Filter):
    """Keep Presidio's log lines, which quote texts, to itself; and let no pattern be skipped in silence."""

    def filter(self, record: logging.LogRecord) -> bool:
        if "timed out" in str(record.msg):
            raise DataError("a text took a detection pattern too long", "shorten the longest texts of the column")
        if "prediction failed" in str(record.msg):
            raise DataError(
                "the model for names failed on a text", "try the model on its own, or name another: 'ner: small'"
            )
        return False


def analyzer(language: str = "en", ner: str | None = None) -> Analyzer:
    """Return this process's analyzer of a language.

    `ner` says how names are found beyond the word lists: none, small, or a model (a spaCy package; a folder of spaCy,
    transformers or GLiNER). Raises ConfigError where the language or the model is not there, MissingExtra where what
    runs it is not.
    """
    if language not in LANGUAGES:
        raise ConfigError(
            f"detection does not speak the language '{language}'{nearest(language, LANGUAGES)}",
            f"choose one of: {', '.join(LANGUAGES)}",
        )
    return _kept(language, None if ner == "none" else ner)


@functools.lru_cache(maxsize=8)
def _kept(language: str, ner: str | None) -> Analyzer:
    return Analyzer(language, ner)


def bare(language: str = "en") -> Callable[[str], list[Finding]]:
    """Return Presidio's `analyze` with its own recognisers for a language and none of ours: the peer to measure by."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry

    registry = RecognizerRegistry(supported_languages=[language])
    registry.load_predefined_recognizers(languages=[language])
    engine = AnalyzerEngine(registry=registry, nlp_engine=_nlp_engine(language, None), supported_languages=[language])
    return lambda text: _sorted(engine.analyze(text, language=language))


class Analyzer:
    """Presidio's analyzer engine with our recognisers, for one language."""

    def __init__(self, language: str, ner: str | None = None) -> None:
        import presidio_analyzer
        import tldextract
        from presidio_analyzer import predefined_recognizers

        log = logging.getLogger("presidio-analyzer")
        log.setLevel(logging.WARNING)
        if not any(isinstance(known, _FailClosed) for known in log.filters):
            log.addFilter(_FailClosed())
        # Without this, the first e-mail address asks two web servers and fills a folder in the home.
        tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

        models = foreign_recognizers(ner, language)
        spacy_model = ner if ner not in (None, "small") and not models else None
        nlp = _nlp_engine(language, spacy_model)
        registry = presidio_analyzer.RecognizerRegistry(supported_languages=[language])
        for name in (*_GENERAL, *_NATIONAL.get(language, ())):
            registry.add_recognizer(getattr(predefined_recognizers, name)(supported_language=language))
        for plug in recognizer.all().values():
            if _serves(plug, language):
                registry.add_recognizer(_presidio(plug, language))
        for model in models:
            registry.add_recognizer(model)
        if spacy_model is not None:
            registry.add_nlp_recognizer(nlp)
        self.language = language
        self._reads_tokens = spacy_model is not None
        self.engine = presidio_analyzer.AnalyzerEngine(
            registry=registry,
            nlp_engine=nlp,
            supported_languages=[language],
            default_score_threshold=THRESHOLD,
        )
        self._parts = registry.get_recognizers(language=language, all_fields=True)
        self._entities = sorted({entity for part in self._parts for entity in part.get_supported_entities()})
        self._possible = {number: _phones(part) for number, part in enumerate(self._parts) if _calls(part)}
        self._context = [tuple(word.lower() for word in part.context or ()) for part in self._parts]

    @functools.cached_property
    def sieve(self) -> Sieve:
        """What tells which recognisers can match in a text; it takes seconds to compile, so only who asks waits."""
        return Sieve([_gate(part) for part in self._parts])

    def plain(self, text: str) -> list[Finding]:
        """Return what Presidio's own `analyze` reports, in order."""
        return _sorted(self.engine.analyze(text, language=self.language))

    def find(self, text: str, parts: Sequence[int] | None = None) -> list[Finding]:
        """Return the same findings faster: by the recognisers that can match (`parts`, from the sieve; default: asked).

        Tokens are made, and context is looked at, only where a context word stands in the text.
        """
        if parts is None:
            parts = next(self.sieve.suspects(pa.array([text])))
        tokens = self.engine.nlp_engine.process_text(text, self.language) if self._reads_tokens else None
        raw: list[Any] = []
        lowered = ""
        near = False
        for number in parts:
            part = self._parts[number]
            if number in self._possible and not self._possible[number].possible(text):
                continue
            found = part.analyze(text=text, entities=self._entities, nlp_artifacts=tokens)
            if found:
                raw += found
                lowered = lowered or text.lower()
                near = near or any(word in lowered for word in self._context[number])
        if not raw:
            return []
        if near:
            tokens = tokens or self.engine.nlp_engine.process_text(text, self.language)
            raw = self.engine.context_aware_enhancer.enhance_using_context(text, raw, tokens, self._parts)
        return _sorted(type(self._parts[0]).remove_duplicates([r for r in raw if r.score >= THRESHOLD]))


def _gate(part: Any) -> Gate:
    """Return the patterns of which one must match before a recogniser is asked; none where it must see every text."""
    if hasattr(part, "plug"):
        return Gate(part.plug.sieve())
    if hasattr(part, "gate"):
        return Gate(part.gate)
    if _calls(part):
        return Gate(((_PHONE_GATE, False),))
    ignored = getattr(part, "global_regex_flags", 0) & re.IGNORECASE
    return Gate(tuple((pattern.regex, bool(ignored)) for pattern in getattr(part, "patterns", None) or ()))


def _calls(part: Any) -> bool:
    return type(part).__name__ == "PhoneRecognizer"


def _phones(part: Any) -> Phones:
    return Phones(tuple(part.supported_regions), part.leniency)


def _sorted(results: Sequence[Any]) -> list[Finding]:
    return sorted(Finding(r.start, r.end, r.entity_type, round(float(r.score), 4)) for r in results)


def _serves(plug: type[Recognizer], language: str) -> bool:
    return not plug.languages or language in plug.languages


def _presidio(plug: type[Recognizer], language: str) -> Any:
    """Return our recogniser as one of Presidio's: a match narrows to its group `value`, and is then judged."""
    import presidio_analyzer

    class Plug(presidio_analyzer.LocalRecognizer):  # type: ignore[misc]
        def load(self) -> None:
            pass

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:
            found = [
                presidio_analyzer.RecognizerResult(
                    plug.entity,
                    match.start,
                    match.end,
                    match.score,
                    presidio_analyzer.AnalysisExplanation(plug.name, match.score),
                    {"recognizer_name": self.name, "recognizer_identifier": self.id},
                )
                for match in plug.search(text, language)
            ]
            return presidio_analyzer.EntityRecognizer.remove_duplicates(found)  # type: ignore[no-any-return]

    made = Plug([plug.entity], name=plug.name, supported_language=language, context=list(plug.context))
    made.plug = plug
    return made


def _nlp_engine(language: str, ner: str | None) -> Any:
    """Return a spaCy engine without a trained model (context words still work), or one around the model `ner`."""
    import spacy
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    if ner is not None and not (spacy.util.is_package(ner) or (Path(ner) / "meta.json").is_file()):
        raise ConfigError(
            f"there is no model '{ner}'",
            "say none or small, or name a spaCy package or a folder with a spaCy, transformers or GLiNER model",
        )

    class Engine(SpacyNlpEngine):  # type: ignore[misc]
        def load(self) -> None:
            nlp = spacy.load(ner) if ner is not None else spacy.blank(language)
            if ner is None:
                nlp.add_pipe(_lower_lemmas(), name="lower_lemmas")
            nlp.max_length = 100_000_000
            self.nlp = {language: nlp}

    engine = Engine(models=[{"lang_code": language, "model_name": ner or "blank"}])
    engine.load()
    return engine


def _lower_lemmas() -> str:
    """Register and name the pipe that makes each word its own lemma: Presidio compares context words with lemmas."""
    from spacy.language import Language

    if not Language.has_factory("dataweir_lower_lemmas"):

        @Language.component("dataweir_lower_lemmas")
        def lower(doc: Any) -> Any:
            for token in doc:
                token.lemma_ = token.lower_
            return doc

    return "dataweir_lower_lemmas"
