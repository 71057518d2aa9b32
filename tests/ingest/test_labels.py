"""Labelling functions, the models that weigh their votes, agreement among people, Label Studio's JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import dataweir
from dataweir.config import LabelConfig
from dataweir.errors import ConfigError, DataError
from dataweir.flow.label import export_tasks, import_labels, label
from dataweir.ingest.labels import studio
from dataweir.ingest.labels.agreement import krippendorff_alpha
from dataweir.ingest.labels.combine import Patterns, decide, fit, report
from dataweir.ingest.labels.contract import ABSTAIN, Task
from dataweir.output import Output

WORDS = {"use": "keyword", "label": "spam", "words": ["buy now", "C++"]}


def task(*functions: dict[str, Any], **more: Any) -> Task:
    return Task.of("spam", LabelConfig(labels=["spam", "ham"], functions=list(functions), **more), ".")


def votes(function: dict[str, Any], **columns: list[Any]) -> list[int]:
    return task(function).votes(pa.table(columns))[:, 0].tolist()


def test_keywords_stand_as_words_whatever_their_case() -> None:
    texts = ["BUY NOW!", "to buy nowhere", "(c++)", None, "éc++"]
    assert votes(WORDS, text=texts) == [0, ABSTAIN, 0, ABSTAIN, ABSTAIN]
    assert votes({**WORDS, "whole": False}, text=texts) == [0, 0, 0, ABSTAIN, 0]


def test_patterns_and_conditions() -> None:
    assert votes({"use": "regex", "label": "ham", "pattern": r"^\d+$"}, text=["12", "a", None]) == [1, -1, -1]
    sql = {"use": "sql", "label": "spam", "where": "score < 0 or text ilike '%win%'"}
    assert votes(sql, text=["x", "you WIN", None], score=[-1, 5, None]) == [0, 0, -1]


def test_a_condition_sees_the_rows_alone(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    reading = {"use": "sql", "label": "spam", "where": f"exists (from read_csv('{tmp_path}/secret.csv'))"}
    with pytest.raises(ConfigError, match="does not run"):
        votes(reading, text=["x"])


def onnx_model(file: Path) -> None:
    """A model in three operators: the text is or is not 'win', as scores of two classes."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, kinds = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node(
            "LabelEncoder", ["text"], ["score"], domain="ai.onnx.ml",
            keys_strings=["win"], values_floats=[0.9], default_float=0.2,
        ),
        helper.make_node("Sub", ["one", "score"], ["rest"]),
        helper.make_node("Concat", ["score", "rest"], ["scores"], axis=1),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes,
        "spam",
        [helper.make_tensor_value_info("text", kinds.STRING, [None, 1])],
        [helper.make_tensor_value_info("scores", kinds.FLOAT, [None, 2])],
        [helper.make_tensor("one", kinds.FLOAT, [1], [1.0])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), file)


def test_a_model_votes_by_its_scores(tmp_path: Path) -> None:
    onnx_model(tmp_path / "spam.onnx")
    model = {"use": "onnx", "path": str(tmp_path / "spam.onnx"), "classes": ["spam", "ham"]}
    texts = ["win", "meet", None, "win"]
    assert votes(model, text=texts) == [0, 1, -1, 0]
    assert votes({**model, "confidence": 0.85}, text=texts) == [0, -1, -1, 0]
    with pytest.raises(ConfigError, match="no scores of 1 classes"):
        votes({**model, "classes": ["spam"]}, text=texts)
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ConfigError, match="no ONNX model"):
        votes({**model, "path": str(tmp_path / "broken.onnx")}, text=texts)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ({"use": "keywrd"}, "did you mean 'keyword'"),
        ({"label": "spam"}, "use is missing"),
        ({"use": "regex", "label": "spm", "pattern": "x"}, "none of the task's labels"),
        ({"use": "regex", "label": "spam", "pattern": "x", "colum": "a"}, "did you mean 'column'"),
    ],
)
def test_wrong_functions_are_named(function: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        task(function)


def simulated(rows: int, accuracy: list[float], coverage: list[float], labels: int, seed: int) -> tuple[Any, Any]:
    dice = np.random.default_rng(seed)
    truth = dice.integers(0, labels, rows)
    matrix = np.full((rows, len(accuracy)), ABSTAIN, np.int8)
    for at, (right, share) in enumerate(zip(accuracy, coverage, strict=True)):
        wrong = (truth + dice.integers(1, labels, rows)) % labels
        vote = np.where(dice.random(rows) < right, truth, wrong)
        matrix[:, at] = np.where(dice.random(rows) < share, vote, ABSTAIN)
    return truth, matrix


@pytest.mark.parametrize("labels", [2, 4])
def test_the_model_finds_the_accuracies_and_beats_the_majority(labels: int) -> None:
    accuracy = [0.95, 0.85, 0.6, 0.55, 0.6]
    truth, matrix = simulated(20_000, accuracy, [0.8, 0.7, 0.9, 0.9, 0.9], labels, 7)
    patterns = Patterns.of(matrix, np.full(len(matrix), ABSTAIN, np.int8))
    model = fit(patterns, labels)
    np.testing.assert_allclose(model.accuracy, accuracy, atol=0.03)
    learned, sure = decide(matrix, labels, model)
    majority, _ = decide(matrix, labels, None)
    assert (learned == truth).mean() > (majority == truth).mean() + 0.05
    certain = sure > 0.9
    assert (learned == truth)[certain].mean() == pytest.approx(sure[certain].mean(), abs=0.02)


def of_one_label(truth: Any, label: int, right: float, share: float, dice: Any) -> Any:
    """Votes for one label or none: on a share of the rows, of which so many have it."""
    votes = np.full(len(truth), ABSTAIN, np.int8)
    for rows, part in ((truth == label, right), (truth != label, 1 - right)):
        votes[dice.choice(np.flatnonzero(rows), int(len(truth) * share * part), replace=False)] = label
    return votes


@pytest.mark.parametrize("common", [0.5, 0.7])
def test_functions_of_one_label_each_are_weighed_and_not_outvoted(common: float) -> None:
    """Most functions vote for one label or not at all; none may win because it votes more often."""
    dice = np.random.default_rng(11)
    truth = (dice.random(20_000) < common).astype(np.int64)
    accuracy, share = [0.9, 0.8, 0.85, 0.9], [0.1, 0.1, 0.1, 0.5]
    columns = [of_one_label(truth, at // 2, accuracy[at], share[at], dice) for at in range(4)]
    matrix = np.column_stack(columns)
    model = fit(Patterns.of(matrix, np.full(len(matrix), ABSTAIN, np.int8)), 2)
    np.testing.assert_allclose(model.accuracy, accuracy, atol=0.06)
    np.testing.assert_allclose(model.prior, [1 - common, common], atol=0.06)
    found, sure = decide(matrix, 2, model)
    labelled = found != ABSTAIN
    assert (found == truth)[labelled].mean() == pytest.approx(sure[labelled].mean(), abs=0.03)
    alone = (matrix[:, 0] == 0) & (matrix[:, 1:] == ABSTAIN).all(axis=1)
    assert (found[alone] == 0).all()


def test_a_function_that_never_votes_tells_nothing() -> None:
    truth, matrix = simulated(2000, [0.9, 0.8, 0.8], [1.0, 1.0, 1.0], 2, 5)
    silent = np.column_stack([matrix, np.full(len(matrix), ABSTAIN, np.int8)])
    gold = np.full(len(truth), ABSTAIN, np.int8)
    with_it, without = (decide(m, 2, fit(Patterns.of(m, gold), 2)) for m in (silent, matrix))
    np.testing.assert_array_equal(with_it[0], without[0])
    np.testing.assert_allclose(with_it[1], without[1], atol=1e-6)


def test_people_correct_what_functions_agree_on() -> None:
    """Two functions that always err alike look right, until people label some rows."""
    truth, matrix = simulated(4000, [0.7], [1.0], 2, 3)
    wrong = (1 - truth).astype(np.int8)
    matrix = np.column_stack([matrix[:, 0], wrong, wrong])
    gold = np.full(len(truth), ABSTAIN, np.int8)
    assert fit(Patterns.of(matrix, gold), 2).accuracy[1] > 0.9
    gold[:400] = truth[:400]
    found = report(Patterns.of(matrix, gold), ["a", "b", "c"], None)
    assert [round(line["accuracy_found"], 1) for line in found] == [0.7, 0.0, 0.0]  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-1, 1)] * 3), min_size=1, max_size=30), st.integers(1, 5))
def test_partitions_change_neither_patterns_nor_model(rows: list[tuple[int, ...]], cut: int) -> None:
    matrix = np.array(rows, np.int8)
    gold = np.array([row[0] if at % 5 == 0 else ABSTAIN for at, row in enumerate(rows)], np.int8)
    whole = Patterns.of(matrix, gold)
    parts = [Patterns.of(matrix[at : at + cut], gold[at : at + cut]) for at in range(0, len(rows), cut)]
    merged = Patterns.merged(parts[::-1])
    for a, b in zip(whole, merged, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(fit(whole, 2).accuracy, fit(merged, 2).accuracy)


def test_ties_and_silence_give_no_label() -> None:
    matrix = np.array([[0, 1], [0, ABSTAIN], [ABSTAIN, ABSTAIN], [1, 1]], np.int8)
    label_of, sure = decide(matrix, 2, None)
    assert label_of.tolist() == [ABSTAIN, 0, ABSTAIN, 1]
    assert sure.tolist() == [0, 1, 0, 1]
    lines = report(Patterns.of(matrix, np.array([-1, 0, -1, 0], np.int8)), ["a", "b"], None)
    assert [lines[0][k] for k in ("coverage", "overlap", "conflict", "accuracy_found")] == [0.75, 0.5, 0.25, 0.5]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from(["a", "b", "c", ""])] * 3), min_size=2, max_size=12))
def test_alpha_is_that_of_the_reference_package(rows: list[tuple[str, ...]]) -> None:
    said = [(str(i), str(j), label) for i, row in enumerate(rows) for j, label in enumerate(row) if label]
    codes = {"a": 0.0, "b": 1.0, "c": 2.0, "": np.nan}
    values = [label for row in rows if sum(map(bool, row)) > 1 for label in row if label]
    assume(len(set(values)) > 1)
    theirs = krippendorff.alpha(np.array([[codes[v] for v in row] for row in rows]).T, level_of_measurement="nominal")
    assert krippendorff_alpha(said) == pytest.approx(theirs, abs=1e-9)


def test_alpha_where_nothing_compares() -> None:
    assert krippendorff_alpha([]) is None
    assert krippendorff_alpha([("1", "x", "a"), ("2", "y", "b")]) is None
    assert krippendorff_alpha([("1", "x", "a"), ("1", "y", "a")]) is None
    example = "1 2 3 3 2 1 4 1 2 - - -/1 2 3 3 2 2 4 1 2 5 - 3/- 3 3 3 2 3 4 2 2 5 1 -/1 2 3 3 2 4 4 1 2 5 1 -"
    said = [
        (str(i), str(j), v) for j, row in enumerate(example.split("/")) for i, v in enumerate(row.split()) if v != "-"
    ]
    assert krippendorff_alpha(said) == pytest.approx(0.743, abs=5e-4)  # Krippendorff 2011, example C


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"a": 1}, "no Label Studio export"),
        ([{"data": {"text": "x"}}], "no task of 'spam'"),
        ([{"weir_task": "spam", "weir_id": "1", "label": {"choices": ["spam", "ham"]}}], "not one of the labels"),
        ([{"weir_task": "spam", "weir_id": "1", "label": "other"}], "not one of the labels"),
        ("other", "not one of the labels"),
        (["spam", "ham"], "not one of the labels"),
    ],
)
def test_wrong_imports_are_refused(document: Any, message: str) -> None:
    if "not one" in message and not isinstance(document[0], dict):
        chosen = [document] if isinstance(document, str) else document
        said = annotation(1, chosen[0])
        said["result"][0]["value"]["choices"] = chosen
        document = [{"data": {"weir_task": "spam", "weir_id": "1"}, "annotations": [said]}]
    with pytest.raises(DataError, match=message):
        studio.judgements(document, task(WORDS))


def annotation(person: Any, choice: str, when: str = "2026-03-02T10:00:00.000000Z", **more: Any) -> dict[str, Any]:
    result = [{"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [choice]}}]
    return {"completed_by": person, "result": result, "created_at": when, "was_cancelled": False, **more}


def test_only_numbers_of_people_are_kept_and_who_skips_says_nothing() -> None:
    item = {"data": {"weir_task": "spam", "weir_id": "7"}}
    who = {"id": 3, "email": "ann@example.org"}
    item["annotations"] = [annotation(who, "ham"), annotation(4, "spam", was_cancelled=True)]  # type: ignore[assignment]
    found = studio.judgements([item], task(WORDS))
    assert [each[:3] for each in found] == [("7", "user-3", "ham"), ("7", "user-4", None)]


def test_both_of_label_studios_json_exports_say_the_same() -> None:
    """JSON holds predictions and drafts too; JSON-MIN is flat, one object an annotation, without what was skipped."""
    data = {"text": "x", "weir_task": "spam", "weir_id": "7"}
    guess = {"model_version": "weir-1", "score": 0.4, "result": annotation(0, "spam")["result"]}
    item = {"id": 12, "data": data, "predictions": [guess], "drafts": [annotation(9, "spam")], "meta": {}}
    item["annotations"] = [annotation(3, "ham"), annotation(4, "spam"), annotation(5, "spam", was_cancelled=True)]
    item["annotations"].append({**annotation(6, "spam"), "result": []})  # type: ignore[attr-defined]
    when = "2026-03-02T10:00:00.000000Z"
    flat = {**data, "id": 12, "created_at": when, "updated_at": when, "lead_time": 3.1}
    small = [{**flat, "label": "ham", "annotator": 3, "annotation_id": 1}]
    small += [
        {**flat, "label": "spam", "annotator": 4, "annotation_id": 2},
        {**flat, "annotator": 6, "annotation_id": 3},
    ]
    said = [each for each in studio.judgements([item], task(WORDS)) if each.label is not None]
    assert said == studio.judgements(small, task(WORDS))
    assert [j[1:3] for j in studio.judgements(small, task(WORDS))] == [("user-3", "ham"), ("user-4", "spam")]
    small[0]["annotator"] = "ann@example.org"
    assert studio.judgements(small, task(WORDS))[0].annotator == "unknown"


def test_a_persons_word_stands_against_the_machines(tmp_path: Path) -> None:
    """The whole way: label, export, import, label again; nothing changes on a repeat."""
    texts = ["buy now, it is cheap", "see you at the weir tomorrow", "win a prize, buy now", "the tea was good"]
    (tmp_path / "posts.csv").write_text("id,body\n" + "".join(f'{i},"{t}"\n' for i, t in enumerate(texts)))
    source = {
        "type": "files",
        "path": "posts.csv",
        "into": "social_posts",
        "columns": {"post_id": "id", "text": "body"},
        "constants": {"platform": "forum", "kind": "post"},
    }
    functions = [
        {"use": "keyword", "label": "spam", "words": ["buy now"]},
        {"use": "sql", "label": "ham", "where": "text not like '%buy%'"},
    ]
    labels = {"spam": {"labels": ["spam", "ham"], "functions": functions, "model": "majority"}}
    config = {"project": "labels", "engine": {"workers": 1}, "sources": {"posts": source}, "labels": labels}
    (tmp_path / "weir.yaml").write_text(json.dumps(config))
    project = dataweir.open(tmp_path)
    project.run()
    (done,) = label(project, None, Output(json=True))
    assert done.labels == {"spam": 2, "ham": 2}
    before = project.table("labels")
    assert set(before["origin"].to_pylist()) == {"machine"}

    file = tmp_path / "tasks.json"
    assert export_tasks(project, "spam", str(file), 10)["rows"] == 4
    assert file.stat().st_mode & 0o077 == 0
    tasks = json.loads(file.read_text())
    target = next(item for item in tasks if item["data"]["text"] == texts[2])
    target["annotations"] = [annotation(1, "ham"), annotation(2, "ham"), annotation(2, "spam", "2026-03-01T00:00:00Z")]
    file.write_text(json.dumps(tasks))
    taken = import_labels(project, "spam", str(file))
    assert (taken["rows"], taken["people"], taken["changed"]) == (1, 2, True)
    assert import_labels(project, "spam", str(file))["changed"] is False

    (done,) = label(project, "spam", Output(json=True))
    assert (done.people, done.labels) == (1, {"spam": 1, "ham": 3})
    rows = project.table("labels").to_pylist()
    mine = [row for row in rows if row["id"] == target["data"]["weir_id"]]
    assert {(row["origin"], row["label"]) for row in mine} == {("human", "ham")}
    assert len(rows) == 5
    (again,) = label(project, "spam", Output(json=True))
    assert again.changed is False
    assert sorted(project.table("labels").to_pylist(), key=str) == sorted(rows, key=str)

    target["annotations"] = [annotation(2, "spam", "2026-03-03T00:00:00Z")]
    file.write_text(json.dumps(tasks), encoding="utf-8-sig")
    import_labels(project, "spam", str(file))
    (level,) = label(project, "spam", Output(json=True))
    assert (level.people, level.labels, level.unlabelled) == (1, {"spam": 1, "ham": 2}, 0)
    mine = project.table("labels", where=f"id == '{target['data']['weir_id']}'").to_pylist()
    assert sorted((row["origin"], row["label"]) for row in mine) == [("human", "ham"), ("human", "spam")]

    target["annotations"] = [annotation(2, "spam", "2026-03-04T00:00:00Z", was_cancelled=True)]
    file.write_text(json.dumps(tasks))
    taken = import_labels(project, "spam", str(file))
    assert (taken["labels"], taken["skipped"], taken["rows"], taken["people"]) == (0, 1, 1, 1)
    (left,) = label(project, "spam", Output(json=True))
    assert (left.people, left.labels) == (1, {"spam": 1, "ham": 3})
    target["annotations"] = [annotation(1, "ham", "2026-03-04T00:00:00Z", was_cancelled=True)]
    file.write_text(json.dumps(tasks))
    assert import_labels(project, "spam", str(file))["rows"] == 0
    (left,) = label(project, "spam", Output(json=True))
    assert (left.people, left.labels) == (0, {"spam": 2, "ham": 2})
    assert export_tasks(project, "spam", str(file), 10)["rows"] == 4
