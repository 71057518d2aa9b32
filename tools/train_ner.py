"""Train the small model for names and write privacy/data/ner_small.npz, with its figures inside.

    python tools/train_ner.py [MARKED]

Text is generated, seeded, from the sentences of tools/ner_templates.yaml and the name providers of Faker (MIT); the
messages of tools/catalogues.py, where those packages are installed, are texts without names. MARKED
is a folder of texts that others marked under licences that allow it: `wnut17` (CC BY 4.0), `europeana` (CC0) and
`ler_de` (CC BY 4.0) give their even texts for training; their odd texts and every fifth sentence of ours only measure.
"""

from __future__ import annotations

import json
import random
import re
import string
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numba
import numpy as np
import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from catalogues import messages  # noqa: E402

from benchmarks.privacy.corpora import LEARNED, Corpus, load  # noqa: E402
from dataweir.privacy.ner import BUCKETS, TAGS, Model, bare_steps, features, tokens  # noqa: E402


def _headline(text: str) -> str:
    """Return a text with a capital letter to each word, as headlines have."""
    return re.sub(r"(?<![\w'’])[^\W\d_]", lambda letter: letter[0].upper(), text)


SEED, EACH, EPOCHS = 20240607, 4_000, 10
MISSED, MASKED = 60.0, 40.0
"""By how much the right tags must win over those that miss a name, and over those that mask or mistake a word; one
mistake moves the two tags of a word apart by twice its number of features. The values are some of a few tried on the
texts that docs/guide/detection.md measures."""
CROSSED = 0.25
ALONE, NAMES = 0.03, ("{p}", "{p}", "{l}", "{f}", "{c}", "{o}")
"""The share of texts that are a name and nothing else, as in cells, lists and signatures."""
CASES = {str.lower: 0.12, str.upper: 0.03, _headline: 0.05}
"""How texts are written otherwise, and how often."""
HEADED = 0.25
"""The share of messages written as headlines: where each word has a capital, it says nothing of names."""
LOCALES = {
    "en": ("en_US", "en_GB", "en_IN", "en_AU", "en_CA", "en_NZ"),
    "de": ("de_DE", "de_AT", "de_CH"),
    "fr": ("fr_FR", "fr_CA", "fr_CH"),
    "es": ("es_ES", "es_MX", "es_CO", "es_AR"),
    "it": ("it_IT",),
    "nl": ("nl_NL", "nl_BE"),
    "pt": ("pt_PT", "pt_BR"),
}
FOREIGN = ("pl_PL", "tr_TR", "fi_FI", "sv_SE", "no_NO", "da_DK", "hu_HU", "cs_CZ", "ro_RO", "hr_HR", "vi_VN", "id_ID")
KINDS = {"p": "PERSON", "f": "PERSON", "l": "PERSON", "c": "LOCATION", "n": "LOCATION", "o": "ORGANIZATION"}
THEIRS = {"PERSON": "PERSON", "PLACE": "LOCATION", "ORGANIZATION": "ORGANIZATION"}
SYLLABLES = (
    *("ac", "bel", "cor", "da", "en", "fo", "gra", "hel", "in", "jo", "ko", "lum", "mar", "nex", "or", "pla"),
    *("qua", "rel", "sol", "tra", "um", "vi", "wen", "xo", "yel", "zap"),
)
_ABROAD = re.compile(
    r"\(|(?:ish|ian|ese)\b|America|Africa|Asia|Europ|Googl|Jupyter|Django|Wagtail|GitHub|Python|Microsoft|Apple"
)
"""Messages that may name a place or a firm."""
_SLOT = re.compile(r"\{(\w)\}")
Marked = tuple[str, list[tuple[int, int, str]]]


class Names:
    """What fills the slots of a language: mostly its own names, at times those of other countries."""

    def __init__(self, language: str, dice: random.Random) -> None:
        from faker import Faker

        self.dice = dice
        self.home = [Faker(locale) for locale in LOCALES[language]]
        self.abroad = [Faker(locale) for locale in (*FOREIGN, *(names[0] for names in LOCALES.values()))]
        for faker in (*self.home, *self.abroad):
            faker.seed_instance(dice.randrange(1 << 30))

    def fill(self, slot: str) -> str:
        """Return one value for a slot."""
        dice = self.dice
        faker = dice.choice(self.home if dice.random() < 0.7 else self.abroad)
        first, last = (self._crossed(kind, faker) for kind in ("first_name", "last_name"))
        if slot == "p":
            initial = dice.choice(string.ascii_uppercase)
            forms = (f"{first} {last}",) * 8 + (f"{first} {initial}. {last}", f"{initial}. {last}", f"{last}, {first}")
            forms += (f"{first} {last}-{faker.last_name()}", f"{first} {faker.first_name()} {last}", first)
            return dice.choice(forms)
        city = self._crossed("city", faker) if dice.random() < 0.85 else faker.country()
        values = {
            "f": first,
            "l": last,
            "c": city,
            "n": faker.country(),
            "o": self._organisation(faker, city, last),
            "h": faker.user_name(),
            "d": faker.date(),
            "q": str(dice.randrange(2, 3000)),
            "s": faker.street_address().replace("\n", ", "),
        }
        return str(values[slot])

    def _crossed(self, kind: str, faker: object) -> str:
        """Return a name, one in four made of halves of two: no list knows it, so its shape must tell."""
        name, other = (str(getattr(faker, kind)()) for _ in range(2))
        half = len(name) // 2
        if self.dice.random() < CROSSED and " " not in name + other and half > 1 and len(other) > 4:
            return name[:half] + other[len(other) // 2 :].lower()
        return name

    def _organisation(self, faker: object, city: str, last: str) -> str:
        made = [faker.company()] * 4  # type: ignore[attr-defined]
        made += [f"University of {city}", f"{last} Bank", f"{city} Hospital", f"{last} & Co", f"{city} United"]
        made += [self._brand() for _ in range(4)]
        made += ["".join(self.dice.choices(string.ascii_uppercase, k=self.dice.randrange(2, 5)))]
        return str(self.dice.choice(made))

    def _brand(self) -> str:
        """Return an invented name of one word, as young companies have."""
        dice = self.dice
        parts = dice.choices(SYLLABLES, k=dice.choice((2, 2, 3)))
        name = "".join(parts).capitalize() + dice.choice(
            ("", "", "ly", "ify", "ware", "soft", "net", "tech", "Web", "data")
        )
        return name.upper() if len(name) < 5 and dice.random() < 0.5 else name


def generated(language: str, sentences: list[str], count: int, dice: random.Random) -> Iterator[Marked]:
    """Yield sentences with their slots filled; some in small letters, some in capitals, some two in a row."""
    names = Names(language, dice)
    for _ in range(count):
        text, spans = "", []
        alone = dice.random() < ALONE
        for _ in range(1 if alone else dice.choice((1, 1, 2))):
            template, at = dice.choice(NAMES if alone else sentences), 0
            text += " " if text else ""
            for slot in _SLOT.finditer(template):
                text += template[at : slot.start()]
                value = names.fill(slot[1])
                if kind := KINDS.get(slot[1]):
                    spans.append((len(text), len(text) + len(value), kind))
                text += value
                at = slot.end()
            text += template[at:]
        case = dice.random()
        for written, share in CASES.items():
            if case < share and len(written(text)) == len(text):
                text = written(text)
                break
            case -= share
        yield text, spans


def marked(corpus: Corpus) -> Iterator[Marked]:
    """Yield the texts of a corpus with the kinds that the model knows."""
    for text, spans in zip(corpus.texts, corpus.spans, strict=True):
        yield text, [(start, end, THEIRS[kind]) for start, end, kind in spans if kind in THEIRS]


def gold(text: str, spans: list[tuple[int, int, str]]) -> list[int]:
    """Return the tag of every token."""
    tags, last = [], None
    for token in tokens(text):
        span = next((s for s in spans if s[0] <= token.start < s[1]), None)
        tags.append(TAGS.index(f"{'I' if span is last else 'B'}-{span[2]}") if span else 0)
        last = span
    return tags


def train(examples: list[tuple[np.ndarray, list[int]]], dice: random.Random) -> Model:
    """Return a model after some passes of the structured perceptron, its weights averaged over all steps."""
    starts = np.cumsum([0, *(len(right) for _, right in examples)])
    rows = np.concatenate([rows for rows, _ in examples])
    truth = np.concatenate([np.array(right, np.int64) for _, right in examples])
    table, steps = np.zeros((BUCKETS, len(TAGS)), np.float32), bare_steps()
    total, walked, clock = np.zeros(table.shape), np.zeros(steps.shape), 1
    for epoch in range(EPOCHS):
        order = np.array(dice.sample(range(len(examples)), len(examples)))
        wrong, clock = _pass(order, starts, rows, truth, (table, steps), (total, walked), clock, costs())
        print(f"pass {epoch + 1}: {wrong:,} of {len(examples):,} texts wrong", flush=True)
    return Model((table - total / clock).astype(np.float32), steps - walked / clock)


def costs() -> np.ndarray:
    """Return by how much each wrong tag (column) is favoured over the right one (row) while learning.

    What is right must win by that margin (Gimpel and Smith, Softmax-Margin CRFs, NAACL 2010), and by more where a
    name would be missed than where a word would be masked.
    """
    table = np.full((len(TAGS), len(TAGS)), MASKED, np.float32)
    table[1:, 0] = MISSED
    np.fill_diagonal(table, 0)
    return table


@numba.njit
def _pass(order, starts, rows, truth, weights, sums, clock, costs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Go through all texts once; return how many were wrong and the number of steps so far."""
    (table, steps), (total, walked), none = weights, sums, costs.shape[0]
    wrong = 0
    for text in order:
        first, count = starts[text], starts[text + 1] - starts[text]
        if not count:
            continue
        clock += 1
        path = _path(rows[first : first + count], truth[first : first + count], table, steps, costs)
        if (path == truth[first : first + count]).all():
            continue
        wrong += 1
        last_right = last_chosen = none
        for at in range(count):
            right, chosen = truth[first + at], path[at]
            if right != chosen:
                for row in rows[first + at]:
                    table[row, right] += 1
                    table[row, chosen] -= 1
                    total[row, right] += clock
                    total[row, chosen] -= clock
            if right != chosen or last_right != last_chosen:
                steps[last_right, right] += 1
                steps[last_chosen, chosen] -= 1
                walked[last_right, right] += clock
                walked[last_chosen, chosen] -= clock
            last_right, last_chosen = right, chosen
    return wrong, clock


@numba.njit
def _path(rows, truth, table, steps, costs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the best tags of a text by Viterbi, those favoured that cost."""
    count, kinds = len(rows), costs.shape[0]
    scores, back = costs[truth].copy(), np.zeros((count, kinds), np.int64)
    for at in range(count):
        for row in rows[at]:
            scores[at] += table[row]
    best = scores[0] + steps[kinds]
    for at in range(1, count):
        following = scores[at].copy()
        for kind in range(kinds):
            paths = best + steps[:kinds, kind]
            back[at, kind] = paths.argmax()
            following[kind] += paths[back[at, kind]]
        best = following
    path = np.zeros(count, np.int64)
    path[-1] = best.argmax()
    for at in range(count - 1, 0, -1):
        path[at - 1] = back[at, path[at]]
    return path


def measure(model: Model, language: str, texts: list[Marked]) -> dict[str, list[float]]:
    """Return precision, recall and F2 by kind; names meet that are of one kind and share half of their union."""
    right: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for text, spans in texts:
        names = [(n.start, n.end, n.entity) for n in model.names(text, language)]
        found.update(kind for *_, kind in names)
        wanted.update(kind for *_, kind in spans)
        right.update(n[2] for n in names if any(_alike(n, s) for s in spans))
        met.update(s[2] for s in spans if any(_alike(n, s) for n in names))
    figures = {}
    for kind in (*sorted(wanted), "all"):
        r, f, w, m = (sum(c.values()) if kind == "all" else c[kind] for c in (right, found, wanted, met))
        precision, recall = r / f if f else 0.0, m / w if w else 0.0
        f2 = 5 * precision * recall / (4 * precision + recall) if precision + recall else 0.0
        figures[kind] = [round(value, 3) for value in (precision, recall, f2)]
    return figures


def _alike(a: tuple[int, int, str], b: tuple[int, int, str]) -> bool:
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return a[2] == b[2] and shared > 0 and 2 * shared >= max(a[1], b[1]) - min(a[0], b[0])


def main() -> None:
    """Generate, train, measure, write."""
    dice = random.Random(SEED)
    sentences = yaml.safe_load((HERE / "ner_templates.yaml").read_text("utf-8"))
    learned: list[tuple[str, Marked]] = []
    tests: dict[str, tuple[str, list[Marked]]] = {}
    for language, templates in sentences.items():
        seen = [t for n, t in enumerate(templates) if n % 5 != 4]
        unseen = [t for n, t in enumerate(templates) if n % 5 == 4]
        learned += [(language, one) for one in generated(language, seen, EACH, dice)]
        nobody = [text for text in messages(language) if " " in text and not _ABROAD.search(text)]
        some = dice.sample(nobody, min(len(nobody), EACH // 3))
        learned += [(language, (_headline(text) if dice.random() < HEADED else text, [])) for text in some]
        tests[f"generated {language}"] = (language, list(generated(language, unseen, 400, dice)))
    if len(sys.argv) > 1:
        for half in (0, 1):
            for corpus in load(Path(sys.argv[1]), half):
                if corpus.name in LEARNED and half == 0:
                    learned += [(corpus.language, one) for one in marked(corpus)]
                elif corpus.name in LEARNED:
                    tests[corpus.name] = (corpus.language, list(marked(corpus)))
    examples = [
        (features([t.text for t in tokens(text)], language), gold(text, spans))
        for language, (text, spans) in learned
        if text.strip()
    ]
    print(f"{len(examples):,} texts", flush=True)
    model = train(examples, dice)
    scale = float(np.abs(model.table).max()) / 127
    small = Model(np.round(model.table / scale).astype(np.int8), model.steps, scale)
    card = {"texts": len(examples), "figures": {name: measure(small, *test) for name, test in tests.items()}}
    target = HERE.parent / "privacy" / "data" / "ner_small.npz"
    np.savez_compressed(
        target,
        table=small.table,
        steps=small.steps,
        scale=np.float64(scale),
        card=np.frombuffer(json.dumps(card, sort_keys=True).encode(), np.uint8),
    )
    for name, figures in card["figures"].items():
        print(f"{name:16}", figures)
    print(f"{target.name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
