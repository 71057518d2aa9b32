"""The whole story: a shop's season, three releases of it, what a recommender is worth on each, and at what price."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataweir.flow.measured import Model, Utility, record_model, record_utility
from dataweir.flow.scores import latest
from dataweir.output import Output

from .job import RELEASES, REQUESTER, Prepared, prepare, release
from .lighter import CALL_ROWS, LIGHTER, Variant, processor_seconds, scored, speed_by_threads, variants
from .measure import Interval, Trial, training
from .models import EPOCHS, boosted, popularity, recurrent, train
from .pairs import Catalogue, Reading
from .report import write

ARTICLE = "LSTM(128)"
TOLERANCE = 0.01
"""A lighter model that loses no more AUC than this does the same work."""


@dataclass(frozen=True)
class Setting:
    """How large the story is told: what changes it are the seed of the season and the number of people and seeds."""

    seed: int = 7
    people: int = 1000
    seeds: int = 5
    epochs: int = EPOCHS
    releases: tuple[str, ...] = RELEASES
    networks: tuple[str, ...] = tuple(LIGHTER)
    small: bool = False


SMALL = Setting(
    people=150, seeds=1, epochs=1, releases=("inside", "masked"), networks=("LSTM(16), distilled",), small=True
)


def tell(folder: Path, setting: Setting, output: Output) -> dict[str, Any]:
    """Tell the story in an empty folder; return its figures, which also lie there, with plots and a report."""
    begun = time.perf_counter()
    prepared = prepare(folder, setting.seed, setting.people, output, setting.releases, setting.small)
    catalogue = Catalogue.of(str(folder / "policies" / "products.csv"))
    readings = {name: Reading(made, catalogue) for name, made in prepared.sequences.items()}
    trial = Trial(readings["inside"])
    models: dict[str, Any] = {}
    found: dict[str, Any] = {}
    for name, reading in readings.items():
        output.note(f"train on {name}: popularity, boosted trees, {ARTICLE}; {setting.seeds} seeds")
        found[name], models[name] = compared(reading, trial, setting)
    costs = shared(prepared, found, output)
    before = _bottleneck(prepared)
    output.note("smaller, distilled, of 8 bits, by more threads")
    light = lighter(readings["inside"], trial, models["inside"], folder / "models", setting)
    used = next(v for v in light["variants"] if v["name"] == ARTICLE)
    least = min(v["seconds"] for v in light["variants"] if v["auc"] >= used["auc"] - TOLERANCE)
    threads, speed = max(light["threads"].items())
    record_model(
        prepared.project,
        Model(ARTICLE, used["seconds"], least, threads, speed / light["threads"][1]),
        REQUESTER,
    )
    figures = {
        "seed": setting.seed,
        "people": setting.people,
        "seeds": setting.seeds,
        "epochs": setting.epochs,
        "cores": len(os.sched_getaffinity(0)),
        "evidence": {name: _evidence(each) for name, each in prepared.evidence.items()},
        "test": {"pairs": len(trial.pairs.label), "buyers": len(trial.buyers)},
        "models": found,
        "utility_cost": costs,
        "lighter": light,
        "bottleneck": {"before": before, "after": _bottleneck(prepared)},
        "seconds": round(time.perf_counter() - begun),
    }
    (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    write(folder, figures)
    return figures


def compared(reading: Reading, trial: Trial, setting: Setting) -> tuple[dict[str, Any], Any]:
    """Return AUC and recall@10 of the three models trained on a release, over seeds; and one trained network."""
    network, values = None, {name: ([], []) for name in ("popularity", "boosted trees", ARTICLE)}
    for seed in range(1, setting.seeds + 1):
        x, y = training(reading, seed)
        network = recurrent(x.shape[1:], seed)
        made = {
            "popularity": popularity,
            "boosted trees": boosted(x, y, seed),
            ARTICLE: train(network, x, y, setting.epochs),
        }
        for name, score in made.items():
            values[name][0].append(trial.auc(score, reading.popularity))
            values[name][1].append(trial.recall(score, reading.popularity))
    told = {name: {"auc": Interval.of(a), "recall": Interval.of(r)} for name, (a, r) in values.items()}
    return told, network


def shared(prepared: Prepared, found: dict[str, Any], output: Output) -> dict[str, float]:
    """Write down what privacy cost each release, then have it reviewed and published; return the costs."""
    costs, reference = {}, found["inside"][ARTICLE]["auc"].mean
    for name, candidate in prepared.candidates.items():
        if name != "inside":
            utility = Utility("AUC", reference, found[name][ARTICLE]["auc"].mean, chance=0.5)
            record_utility(prepared.project, candidate, utility, REQUESTER)
            costs[name] = utility.cost
        output.note(f"review and publish {name}; verify")
        bundle = release(prepared, name)
        if bundle.schema != prepared.sequences[name].schema:
            raise SystemExit(f"{name}: what was published is not what was trained on")
    return costs


def lighter(reading: Reading, trial: Trial, article: Any, folder: Path, setting: Setting) -> dict[str, Any]:
    """Return size, time and AUC of the article's model and of the lighter ones, and its speed by threads."""
    x, y = training(reading, setting.seeds)
    files = variants(x, y, article, folder, setting.seeds, setting.epochs, setting.networks)
    rows = x[:CALL_ROWS]
    made = [
        Variant(name, file.stat().st_size, processor_seconds(file, rows), trial.auc(scored(file), reading.popularity))
        for name, file in files.items()
    ]
    speed = speed_by_threads(files[ARTICLE], rows, len(os.sched_getaffinity(0)))
    return {"call_rows": CALL_ROWS, "variants": [vars(each) for each in made], "threads": speed}


def _evidence(evidence: dict[str, Any]) -> dict[str, Any]:
    return {
        "rows": evidence["rows_out"],
        "held back": evidence["suppressed"],
        "k": evidence["risk"]["after"].get("k_found"),
        "generalised": (evidence["loss"] or {}).get("generalised_share", 0.0),
        "found again": (evidence["linkage"] or {}).get("share"),
        "splits": evidence["sequences"]["splits"],
    }


def _bottleneck(prepared: Prepared) -> dict[str, Any]:
    score = latest(prepared.project)["bottleneck"]
    return {"value": score["value"], "eta_alg": 1 - (score["pillars"]["optimisation"]["value"] or 0.0)}
