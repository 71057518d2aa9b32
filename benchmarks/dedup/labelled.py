"""What near duplicates by shared words can and cannot find of pairs that people call the same.

python -m benchmarks.dedup.labelled ../shared/data/dedup
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from dataweir.ingest.dedup.banding import Banding
from dataweir.ingest.dedup.minhash import sketch
from dataweir.ingest.dedup.sets import similarities
from dataweir.ingest.dedup.shingles import Shingle

Pair = tuple[str, str, bool]
THRESHOLDS = (0.8, 0.5, 0.3)


def msrp(folder: Path) -> Iterable[Pair]:
    path = folder / "msrp_and_pan_paraphrase" / "msr_paraphrase_train.txt"
    rows = csv.reader(path.open(encoding="utf-8-sig"), delimiter="\t", quoting=csv.QUOTE_NONE)
    next(rows)
    return [(row[3], row[4], row[0] == "1") for row in rows if len(row) == 5]


def pan(folder: Path) -> Iterable[Pair]:
    home = folder / "msrp_and_pan_paraphrase"
    lines = [
        (home / f"pan-train{end}").read_text(encoding="utf-8").split("\n") for end in ("_s1.txt", "_s2.txt", ".labels")
    ]
    return [(one, other, label.strip() == "1") for one, other, label in zip(*lines, strict=False) if label.strip()]


def headlines(folder: Path) -> Iterable[Pair]:
    path = folder / "semeval_sts" / "data" / "sts" / "semeval-sts" / "2015" / "headlines.test.tsv"
    rows = csv.reader(path.open(encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [(row[1], row[2], float(row[0]) >= 4) for row in rows if len(row) >= 3 and row[0]]


def main() -> None:
    folder = Path(sys.argv[1])
    print(
        f"{'':12}{'shingle':>9}{'pairs':>8}{'the same':>10}" + "".join(f"{f'≥ {t}':>9}{'other':>8}" for t in THRESHOLDS)
    )
    for read in (msrp, pan, headlines):
        ones, others, labels = zip(*read(folder), strict=True)
        same = np.array(labels)
        for shingle in ("word:1", "word:3", "word:5"):
            made = sketch(pa.array([*ones, *others], pa.large_string()), Shingle.parse(shingle), Banding(1, 1))
            alike = similarities(made.shingles, np.arange(len(ones)), len(ones) + np.arange(len(ones)))
            shares = "".join(f"{(alike[same] >= t).mean():9.1%}{(alike[~same] >= t).mean():8.1%}" for t in THRESHOLDS)
            print(f"{read.__name__:12}{shingle:>9}{len(ones):8,}{same.sum():10,}{shares}")


if __name__ == "__main__":
    main()
