"""Accuracy of detection on marked texts: precision, recall, F2 and the characters that leak.

    python -m benchmarks.privacy.accuracy ../shared/data/pii [--ner small] [--only NAME] [--errors KIND] [--record]

A finding meets a marked span where both have the same kind and share at least half of their union. Spans of one kind
with nothing but signs between them count as one, as in Presidio's SpanEvaluator. `found` is the recall without regard
to the kind: what a mask that replaces every finding would cover. `leaked` is the share of marked characters that no
finding covers. The row `any kind` counts as SpanEvaluator does for personal data as a whole: no regard to kinds, and an
address with its town is one place. `harmless` counts what is found in texts that name nobody, the guide of this
project, a thousand words. `--record` writes the figures that `weir doctor` and every export state.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dataweir.privacy.detect import detect

from .corpora import OURS, Corpus, Span, load

ANY = "any kind"
GUIDE = Path(__file__).parents[2] / "docs" / "guide"
FIGURES = Path(__file__).parents[2] / "privacy" / "data" / "detection_figures.json"
_SIGNS = re.compile(r"[\W_]*")


@dataclass
class Tally:
    """Counts of one kind in one corpus."""

    marked: int = 0
    met: int = 0
    covered: int = 0
    reported: int = 0
    right: int = 0
    characters: int = 0
    leaked: int = 0

    def add(self, other: Tally) -> None:
        """Add the counts of another kind."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def line(self) -> tuple[float, float, float, float, float]:
        """Return precision, recall, F2, found and leaked."""
        precision = self.right / self.reported if self.reported else 0.0
        recall = self.met / self.marked if self.marked else 0.0
        below = 4 * precision + recall
        f2 = 5 * precision * recall / below if below else 0.0
        found = self.covered / self.marked if self.marked else 0.0
        return precision, recall, f2, found, self.leaked / self.characters if self.characters else 0.0


def measure(corpus: Corpus, ner: str | None = None, errors: str | None = None) -> dict[str, Tally]:
    """Return the counts by kind; findings of kinds that the corpus does not mark are left out."""
    found: list[list[Span]] = [[] for _ in corpus.texts]
    for row in detect(corpus.texts, corpus.language, ner).to_pylist():
        found[row["row"]].append((row["start"], row["end"], OURS.get(row["entity"], row["entity"])))
    tallies: dict[str, Tally] = collections.defaultdict(Tally)
    kinds = {label for spans in corpus.spans for _, _, label in spans}
    for text, spans, findings in zip(corpus.texts, corpus.spans, found, strict=True):
        marked, findings = _joined(text, spans), _joined(text, [f for f in findings if f[2] in kinds])
        _count_any(tallies[ANY], text, spans, findings)
        hidden = {at for start, end, _ in findings for at in range(start, end)}
        for span in marked:
            tally = tallies[span[2]]
            tally.marked += 1
            met = any(_alike(span, f) and f[2] == span[2] for f in findings)
            tally.met += met
            tally.covered += any(_alike(span, f) for f in findings) or set(range(span[0], span[1])) <= hidden
            tally.characters += span[1] - span[0]
            tally.leaked += sum(at not in hidden for at in range(span[0], span[1]))
            if errors == span[2] and not met:
                _show("MISSED", text, span, findings)
        for finding in findings:
            tally = tallies[finding[2]]
            tally.reported += 1
            right = any(_alike(span, finding) and finding[2] == span[2] for span in marked)
            tally.right += right
            if errors == finding[2] and not right:
                _show("FALSE", text, finding, marked)
    return dict(tallies)


def _joined(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return spans in order, those of one kind with only signs between them as one."""
    joined: list[Span] = []
    for start, end, kind in sorted(spans):
        if joined and joined[-1][2] == kind and _SIGNS.fullmatch(text, joined[-1][1], max(start, joined[-1][1])):
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]), kind)
        else:
            joined.append((start, end, kind))
    return joined


def _count_any(tally: Tally, text: str, spans: Sequence[Span], findings: Sequence[Span]) -> None:
    """Count spans and findings without regard to their kind."""
    where = {"STREET_ADDRESS": "PLACE"}
    marked, found = (_joined(text, [(s, e, where.get(k, k)) for s, e, k in some]) for some in (spans, findings))
    tally.marked += len(marked)
    tally.reported += len(found)
    tally.met += sum(any(_alike(span, other) for other in found) for span in marked)
    tally.right += sum(any(_alike(span, other) for span in marked) for other in found)


def _alike(a: Span, b: Span) -> bool:
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared > 0 and 2 * shared >= max(a[1], b[1]) - min(a[0], b[0])


def _show(what: str, text: str, span: Span, others: Sequence[Span]) -> None:
    start, end, label = span
    near = [(text[s:e], k) for s, e, k in others if s < end + 5 and e > start - 5]
    around = f"{text[max(0, start - 40) : start]}«{text[start:end]}»{text[end : end + 30]}".replace("\n", "⏎")
    print(f"{what:6} {label}: {around}   {near}")


def report(
    corpora: Sequence[Corpus], ner: str | None = None, errors: str | None = None
) -> dict[str, dict[str, float | str]]:
    """Print one table a corpus; return the figures of all of each."""
    figures: dict[str, dict[str, float | str]] = {}
    for corpus in corpora:
        tallies = measure(corpus, ner, errors)
        overall, anything = Tally(), tallies.pop(ANY)
        for tally in tallies.values():
            overall.add(tally)
        print(f"\n{corpus.name} ({corpus.language}, {len(corpus.texts)} texts)")
        print(f"{'':18}{'spans':>7}{'precision':>11}{'recall':>8}{'F2':>7}{'found':>8}{'leaked':>8}")
        for name, tally in [*sorted(tallies.items(), key=lambda item: -item[1].marked), ("overall", overall)]:
            precision, recall, f2, covered, leaked = tally.line()
            print(f"{name:18}{tally.marked:7}{precision:11.3f}{recall:8.3f}{f2:7.3f}{covered:8.3f}{leaked:8.3f}")
        precision, recall, f2, *_ = anything.line()
        print(f"{ANY:18}{anything.marked:7}{precision:11.3f}{recall:8.3f}{f2:7.3f}")
        names = ("precision", "recall", "f2", "found", "leaked")
        figures[corpus.name] = {"language": corpus.language, "any_kind_f2": round(f2, 3)}
        figures[corpus.name] |= {name: round(value, 3) for name, value in zip(names, overall.line(), strict=True)}
    return figures


def harmless(ner: str | None) -> float:
    """Return findings in a thousand words of the guide, which names nobody; addresses of examples are none."""
    texts = [p for f in sorted(GUIDE.glob("*.md")) for p in f.read_text("utf-8").split("\n\n") if "`" not in p]
    found = [kind for kind in detect(texts, "en", ner)["entity"].to_pylist() if kind != "URL"]
    return 1000 * len(found) / sum(len(text.split()) for text in texts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the measurement from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ner", help="a model for names, as in a policy")
    parser.add_argument("--only", help="one corpus by name")
    parser.add_argument("--errors", help="print the errors of this kind")
    parser.add_argument("--record", action="store_true", help="measure none and small, and write the figures down")
    options = parser.parse_args(arguments)
    corpora = [c for c in load(options.folder) if options.only in (None, c.name)]
    recorded = {}
    for ner in ("none", "small") if options.record else (options.ner,):
        print(f"\nner: {ner}, harmless: {harmless(ner):.1f} findings in a thousand words")
        recorded[str(ner)] = report(corpora, ner, options.errors)
    if options.record:
        FIGURES.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
