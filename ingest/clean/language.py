"""Which language a post is in."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray
from pydantic import Field

from ...config import Strict
from ..columns import Bytes, Ints, frozen, slices
from ..contract import StepResult, no_rejects, rule

_NOT_LANGUAGE = r"https?://\S+|[@#][\w.\-]+"
_TELLING = r"[\p{Hiragana}\p{Katakana}가-힣\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Georgian}\p{Armenian}]"
"""Letters that hardly more than one language uses, so that one says as much as three others. Han has several."""


class LanguageOptions(Strict):
    """When a language is believed."""

    confidence: float = Field(0.3, ge=0, le=1, description="least probability; below it the language stays unknown")
    min_chars: int = Field(
        12,
        ge=1,
        description="texts with fewer characters stay unknown; links and handles do not count, kana, Hangul, Thai and "
        "other letters of one language threefold",
    )


@rule("language")
class Language:
    """The language of a post goes to `lang` where the platform does not say it (ISO 639, some 140 languages).

    Naive Bayes over byte n-grams with the model that ships in py3langid's wheel (Lui and Baldwin, langid.py, ACL
    2012, in Barbaresi's fork); nothing is fetched. Links, handles and hashtags do not count. A language that the
    platform gives is never changed.
    """

    order = 65
    tables = ("social_posts",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"social_posts": ("text", "lang")}
    Options = LanguageOptions

    def __init__(self, table: str, options: Any) -> None:
        self.table = table
        self.options = options

    def apply(self, table: pa.Table) -> StepResult:
        """Fill the gaps of `lang`; no row is rejected."""
        at = table.schema.get_field_index("lang")
        given = table.column(at)
        words = pc.utf8_trim_whitespace(pc.replace_substring_regex(table["text"], _NOT_LANGUAGE, ""))
        asked = pc.fill_null(pc.and_(pc.is_null(given), self._long_enough(words)), False)
        if not pc.any(asked).as_py():
            return StepResult(table, no_rejects())
        found, sure = identify(words.filter(asked).combine_chunks())
        found = pc.if_else(pc.greater_equal(sure, self.options.confidence), found, pa.scalar(None, pa.string()))
        filled = pc.replace_with_mask(given.combine_chunks(), asked.combine_chunks(), found)
        changed = len(found) - found.null_count
        return StepResult(table.set_column(at, table.schema.field(at), filled), no_rejects(), changed)

    def _long_enough(self, words: pa.ChunkedArray) -> pa.ChunkedArray:
        size, least = pc.utf8_length(words), self.options.min_chars
        short = pc.less(size, least)
        if not pc.any(short).as_py():
            return pc.invert(short)
        telling = pc.count_substring_regex(pc.if_else(short, words, pa.scalar("", words.type)), _TELLING)
        return pc.greater_equal(pc.add(size, pc.multiply(telling, 2)), least)


def identify(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the likeliest language of each text and its probability, as py3langid does with `norm_probs`.

    `texts` are strings in NFC without nulls. The walk over the model's automaton and the sum of its features are one
    compiled loop over the Arrow buffer, without the interpreter in between.
    """
    model = _model()
    texts = pc.if_else(pc.utf8_is_upper(texts), pc.utf8_lower(texts), texts)
    values = slices(texts)
    where = frozen(values.data), frozen(values.starts), frozen(values.ends)
    best, sure = _classify(*where, *model[:-1])
    return model.names.take(pa.array(best)), pa.array(sure)


class _Model(NamedTuple):
    """The automaton (moves, rows, output), features × languages in a unit, priors, the column that a name first has."""

    moves: NDArray[np.int32]
    rows: NDArray[np.int32]
    output: NDArray[np.int32]
    weights: NDArray[np.int16] | NDArray[np.float32]
    unit: np.float32
    prior: NDArray[np.float32]
    same: NDArray[np.int64]
    names: pa.Array


@functools.cache
def _model() -> _Model:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    made = LanguageIdentifier.from_model_file(MODEL_FILE)
    names = list(made.nb_classes)
    weights, unit = _in_units(np.asarray(made.nb_ptc, np.float32))
    return _Model(
        moves=frozen(np.asarray(made.tk_nextmove).astype(np.int32)),
        rows=frozen(np.asarray(made.tk_row).astype(np.int32)),
        output=frozen(np.asarray(made.tk_output).astype(np.int32)),
        weights=frozen(weights),
        unit=unit,
        prior=frozen(np.ascontiguousarray(made.nb_pc, np.float32)),
        same=frozen(np.array([names.index(name) for name in names], np.int64)),
        names=pa.array(names, pa.string()),
    )


def _in_units(weights: NDArray[np.float32]) -> tuple[NDArray[np.int16] | NDArray[np.float32], np.float32]:
    """Return the weights as whole numbers of a unit, exactly, or as they are in a unit of 1 where they are no such.

    Half precision beyond 2, as the model has it, is a multiple of 1/512. Its rows come from memory, feature by
    feature, in an order that no cache foresees: half the bytes are a third less time.
    """
    scaled = weights * np.float32(512)
    whole = scaled.astype(np.int16)
    if np.array_equal(whole, scaled):
        return whole, np.float32(1 / 512)
    return weights, np.float32(1)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _classify(
    data: Bytes,
    starts: Ints,
    ends: Ints,
    moves: NDArray[np.int32],
    rows: NDArray[np.int32],
    output: NDArray[np.int32],
    weights: NDArray[np.int16] | NDArray[np.float32],
    unit: np.float32,
    prior: NDArray[np.float32],
    same: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    languages = len(prior)
    best = np.zeros(len(starts), np.int64)
    sure = np.zeros(len(starts), np.float32)
    counts = np.zeros(len(weights), np.int32)
    seen = np.zeros(len(weights), np.int64)
    scores = np.zeros(languages, np.float32)
    for text in range(len(starts)):
        state, features = 0, 0
        for at in range(starts[text], ends[text]):
            state = moves[(rows[state] << 8) + data[at]]
            feature = output[state]
            if feature >= 0:
                if counts[feature] == 0:
                    seen[features] = feature
                    features += 1
                counts[feature] += 1
        for language in range(languages):  # loops, not array expressions: they compile in a third of the time
            scores[language] = prior[language] if features else np.float32(0)
        for i in range(features):
            feature = seen[i]
            weight = np.float32(np.log1p(np.float32(counts[feature]))) * unit
            counts[feature] = 0
            for language in range(languages):
                scores[language] += weight * weights[feature, language]
        # a temperature of the square root of the length keeps the probabilities honest, as the model's authors do
        cool = np.float32(1.0) / np.float32(np.sqrt(max(1, ends[text] - starts[text])))
        top = np.float32(-np.inf)
        for language in range(languages):
            scores[language] *= cool
            top = max(top, scores[language])
        total = np.float32(0.0)
        for language in range(languages):
            scores[language] = np.exp(scores[language] - top)
            total += scores[language]
        for language in range(languages):
            if same[language] != language:
                scores[same[language]] += scores[language]
                scores[language] = 0
        chosen = 0
        for language in range(languages):
            if scores[language] > scores[chosen]:
                chosen = language
        best[text] = chosen
        sure[text] = scores[chosen] / total
    return best, sure
