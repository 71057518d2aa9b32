"""The figures as Markdown tables and plots; docs/recommender.md takes them in between two marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dataweir.privacy.sequences.layout import SPLITS

from .plots import bars

BEGIN, END = "<!-- figures: python -m examples.recommender FOLDER --page -->", "<!-- end of figures -->"


def write(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write report.md and the plots into a folder."""
    (folder / "report.md").write_text(tables(figures), encoding="utf-8")
    plots(folder, figures)


def page(file: Path, pictures: Path, figures: Mapping[str, Any]) -> None:
    """Put the tables of these figures into a page between its marks, and the plots into a folder."""
    text = file.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    file.write_text(f"{head}{BEGIN}\n\n{tables(figures)}\n{END}{tail}", encoding="utf-8")
    pictures.mkdir(parents=True, exist_ok=True)
    plots(pictures, figures)


def plots(folder: Path, figures: Mapping[str, Any]) -> None:
    """Draw the plots into a folder."""
    found = figures["models"]
    for key, title in (("auc", "AUC"), ("recall", "recall@10")):
        groups = {release: {name: each[key] for name, each in made.items()} for release, made in found.items()}
        bars(folder / f"recommender-{key}.svg", f"{title} by release and model", groups, 1.0)
    variants = figures["lighter"]["variants"]
    times = {"": {each["name"]: (each["seconds"] * 1e3,) for each in variants}}
    bars(
        folder / "recommender-time.svg",
        "milliseconds of one core for a session",
        times,
        max(v[0] for v in times[""].values()),
        "{:.2f}",
    )


def tables(figures: Mapping[str, Any]) -> str:
    """Return all figures as Markdown."""
    evidence, models, light = figures["evidence"], figures["models"], figures["lighter"]
    test = figures["test"]
    releases = [
        (
            name,
            f"{each['rows']:,}",
            f"{each['held back']:,}",
            each["k"],
            f"{each['generalised']:.1%}",
            f"{each['found again']:.1%}" if each["found again"] is not None else "-",
            " / ".join(f"{each['splits'][split]['examples']:,}" for split in SPLITS),
            f"{figures['utility_cost'][name]:.1%}" if name in figures["utility_cost"] else "-",
        )
        for name, each in evidence.items()
    ]
    results = [
        (release, name, _interval(each["auc"]), _interval(each["recall"]))
        for release, made in models.items()
        for name, each in made.items()
    ]
    variants = [
        (each["name"], f"{each['bytes'] / 1e3:,.0f}", f"{each['seconds'] * 1e3:.2f}", f"{each['auc']:.3f}")
        for each in light["variants"]
    ]
    threads = [(n, f"{speed:,.0f}", f"{speed / _first(light['threads']):.2f}") for n, speed in light["threads"].items()]
    score = figures["bottleneck"]
    head = (
        "release",
        "rows",
        "held back",
        "smallest group",
        "values made coarser",
        "people found again",
        "examples: train / validation / test",
        "utility cost",
    )
    return "\n".join(
        [
            f"Season of {figures['people']:,} people by seed {figures['seed']}, {figures['epochs']} epochs, "
            f"{figures['seeds']} seeds, {figures['cores']} cores, {figures['seconds']} s in all.",
            "",
            *_table(head, releases),
            "",
            f"Trained on each release's training part, tested on the same {test['pairs']:,} pairs and "
            f"{test['buyers']:,} buyers of the shop's own data.",
            "In brackets: where another seed falls with 95 % probability.",
            "",
            *_table(("trained on", "model", "AUC", "recall@10"), results),
            "",
            f"Served by onnxruntime, {light['call_rows']} pairs a call, milliseconds of processor time on one thread:",
            "",
            *_table(("model", "kB", "ms", "AUC"), variants),
            "",
            *_table(("threads", "calls a second", "speed-up"), threads),
            "",
            f"η_alg before the model was measured {score['before']['eta_alg']:.2g}, with it "
            f"{score['after']['eta_alg']:.2g}.",
            "",
        ]
    )


def _first(speeds: Mapping[Any, float]) -> float:
    return next(iter(speeds.values()))


def _interval(found: Any) -> str:
    mean, low, high = found
    return f"{mean:.3f} ({low:.3f} to {high:.3f})"


def _table(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> list[str]:
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]
