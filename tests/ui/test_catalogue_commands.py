"""Lineage, descriptions, search, scores and the audit trail by the command line, on the finished shop."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator
from openlineage_schema import complaints
from shop import CANARY

from dataweir import Project
from dataweir.flow.about import keep
from dataweir.flow.describe import croissant, dcat
from dataweir.flow.lineage import _as_read, edges, trace
from dataweir.flow.openlineage import SCHEMA, events
from dataweir.settings import TableConfig

Weir = Callable[..., Any]


@pytest.fixture(scope="session")
def opened(project: Path) -> Project:
    return Project.open(project)


def test_lineage_goes_back_to_the_columns_of_the_sources(opened: Project) -> None:
    found = edges(opened)
    back = {(e.source, e.source_column) for e in trace(found, "export.research.text", "back")}
    assert ("refined.social_posts", "text") in back
    assert {("raw.reddit", "body"), ("raw.reddit", "title"), ("raw.tickets", "body")} <= back
    assert ("raw.reddit", "author") not in back
    masked = next(e for e in found if (e.target, e.target_column) == ("export.research", "text"))
    assert (masked.kind, masked.what.startswith("mask by policy research")) == ("masked", True)


def test_lineage_goes_forward_to_the_releases(opened: Project) -> None:
    forward = {(e.target, e.target_column) for e in trace(edges(opened), "raw.shop_access.remote_host", "forward")}
    assert ("refined.web_events", "client_ip") in forward
    assert ("refined.user_events", "actor") in forward
    assert ("export.traffic", "client_ip") in forward
    assert ("export.traffic", "status") not in forward


def test_rows_of_an_earlier_connector_are_traced_all_the_same() -> None:
    old = pa.table({"a": ["x"]})
    now = pa.schema([("a", pa.string()), ("scheme", pa.string())])
    assert _as_read(old, now).to_pylist() == [{"a": "x", "scheme": None}]


def test_a_column_that_a_policy_does_not_name_leads_nowhere(opened: Project) -> None:
    assert not [e for e in edges(opened) if e.target == "export.research" and e.target_column == "url"]


def test_openlineage_events_hold_columns_and_the_difficulty_facet(
    opened: Project, tmp_path: Path, run_weir: Weir
) -> None:
    pytest.importorskip("openlineage.client")
    found = events(opened)
    begun, ended_by = found[::2], found[1::2]
    assert {event["eventType"] for event in begun} == {"START"}
    assert {event["eventType"] for event in ended_by} == {"COMPLETE"}
    assert [e["run"]["runId"] for e in begun] == [e["run"]["runId"] for e in ended_by]
    assert len({(e["run"]["runId"], e["job"]["name"]) for e in found}) == len(begun)
    outputs = {event["outputs"][0]["name"]: event["outputs"][0]["facets"] for event in ended_by}
    assert {"refined.web_events", "refined.social_posts", "export.research"} <= set(outputs)
    fields = outputs["export.research"]["columnLineage"]["fields"]
    assert fields["text"]["inputFields"][0]["transformations"][0]["masking"] is True
    schema = Draft202012Validator(json.loads(SCHEMA.read_text()))
    for facets in outputs.values():
        schema.validate(facets["weir_difficulty"])
    assert outputs["refined.web_events"]["weir_difficulty"]["barrier"]["version"] == "barrier/1"
    assert [said for event in found for said in complaints(event)] == []
    assert complaints({**found[0], "run": {"runId": "one"}, "job": {"name": "nameless"}})
    assert CANARY not in json.dumps(found)
    env = {
        "OPENLINEAGE__TRANSPORT__TYPE": "file",
        "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(tmp_path / "events.ndjson"),
        "OPENLINEAGE__TRANSPORT__APPEND": "true",
    }
    ended = run_weir("lineage", "--emit", "--json", cwd=opened.config.root, env=env)
    assert ended.code == 0, ended.err
    lines = (tmp_path / "events.ndjson").read_text().splitlines()
    assert len(lines) == ended.json["sent"] == len(found)


def test_openlineage_events_reach_a_server(opened: Project, run_weir: Weir) -> None:
    pytest.importorskip("openlineage.client")
    received: list[tuple[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, json.loads(body)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever).start()
        env = {"OPENLINEAGE_URL": f"http://127.0.0.1:{server.server_port}"}
        ended = run_weir("lineage", "--emit", "--json", cwd=opened.config.root, env=env)
        server.shutdown()
    assert ended.code == 0, ended.err
    assert {path for path, _ in received} == {"/api/v1/lineage"}
    assert sorted(e["run"]["runId"] for _, e in received) == sorted(e["run"]["runId"] for e in events(opened))


def test_dcat_and_croissant_of_every_table_are_read_by_other_libraries(opened: Project, tmp_path: Path) -> None:
    mlcroissant, rdflib = pytest.importorskip("mlcroissant"), pytest.importorskip("rdflib")
    dcat_terms, dct = rdflib.Namespace("http://www.w3.org/ns/dcat#"), rdflib.Namespace("http://purl.org/dc/terms/")
    for name in opened.tables().names():
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(croissant(opened, name)))
        read = mlcroissant.Dataset(jsonld=str(file)).metadata
        assert not read.issues.errors
        assert [field.name for field in read.record_sets[0].fields] == opened.tables().schema(name).names
        graph = rdflib.Graph().parse(data=json.dumps(dcat(opened, name)), format="json-ld")
        (found,) = graph.subjects(rdflib.RDF.type, dcat_terms.Dataset)
        (distribution,) = graph.objects(found, dcat_terms.distribution)
        assert str(graph.value(found, dct.title)) == name
        assert isinstance(graph.value(distribution, dcat_terms.accessURL), rdflib.URIRef)
        assert int(graph.value(distribution, dcat_terms.byteSize)) == opened.tables().info(name).bytes


def test_mlcroissant_loads_the_rows_of_a_table(opened: Project, call_weir: Weir, tmp_path: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    file = Path(opened.warehouse) / "social_posts.json"
    asked = ("describe", "social_posts", "--format", "croissant", "--to")
    assert call_weir(*asked, str(file), cwd=opened.config.root).code == 0
    rows = list(mlcroissant.Dataset(jsonld=str(file)).records(record_set="refined_social_posts"))
    file.unlink()
    texts = sorted(row["refined_social_posts/text"].decode() for row in rows)
    assert texts == sorted(opened.table("social_posts", ["text"])["text"].to_pylist())
    refused = call_weir(*asked, str(tmp_path / "elsewhere.json"), cwd=opened.config.root)
    assert refused.code == 2
    assert "into the warehouse" in refused.err
    assert not (tmp_path / "elsewhere.json").exists()


def test_openlineage_says_how_a_run_ended(opened: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openlineage.client")
    store = opened.reading()
    known = store.runs(1)[0]
    for state, ends in (
        ("interrupted", {"START", "ABORT"}),
        ("gate_failed", {"START", "FAIL"}),
        ("running", {"START"}),
    ):
        told = replace(known, state=state)
        monkeypatch.setattr(type(store), "run", lambda *_, told=told: told)
        assert {event["eventType"] for event in events(opened, known.id)} == ends


@pytest.mark.parametrize(
    "arguments",
    [
        ("lineage",),
        ("lineage", "refined.web_events.path"),
        ("describe", "web_events"),
        ("describe", "web_events", "--format", "croissant"),
        ("search", "reddit"),
        ("score", "--explain"),
        ("score", "--explain", "--of", "source:reddit"),
        ("score", "--what-if", "k_margin=3"),
        ("audit", "verify"),
        ("user", "list"),
    ],
)
def test_every_command_speaks_text_and_json(project: Path, call_weir: Weir, arguments: tuple[str, ...]) -> None:
    text, as_json = call_weir(*arguments, cwd=project), call_weir(*arguments, "--json", cwd=project)
    assert (text.code, as_json.code) == (0, 0), text.err
    assert as_json.json
    assert CANARY not in text.out + as_json.out


def test_an_unknown_column_metric_or_scope_is_refused_with_the_nearest(project: Path, call_weir: Weir) -> None:
    for arguments, word in (
        (("lineage", "refined.web_event"), "web_events"),
        (("score", "--what-if", "k_margn=3"), "k_margin"),
        (("score", "--of", "source:redit"), "source:reddit"),
        (("score", "--what-if", "k_margin=much"), "not a number"),
    ):
        ended = call_weir(*arguments, cwd=project)
        assert ended.code == 2
        assert word in ended.err


def test_the_numbers_behind_the_bottleneck_are_measured(opened: Project) -> None:
    store = opened.reading()
    steps = {(s.name, s.subject): s for s in store.recent_steps(100)}
    work, machine = steps["work", "project"].facts, steps["machine", "project"].facts
    assert work["work_bytes"] > work["bytes_in"] > 0
    assert work["busy_seconds"] <= machine["wall_seconds"] * machine["workers"]
    assert machine["peak_memory_bytes"] > 50e6
    assert machine["text_bytes_per_s"] > 1e6
    parts = sum(s.seconds for (name, _), s in steps.items() if name.startswith("compute."))
    assert parts == pytest.approx(work["busy_seconds"])
    score = store.latest_scores()["bottleneck"]
    assert score.facts["residual"] is not None
    assert score.facts["missing"] == []


def test_what_weir_yaml_says_of_a_table_is_found_shown_and_kept_with_its_past(
    opened: Project, project: Path, call_weir: Weir
) -> None:
    store, tables = opened.store(), opened.tables()
    said = TableConfig(owner="press office", tags=["kitchenware"], columns={"path": ["navigation"]})
    other = Project(opened.config.model_copy(update={"tables": {"web_events": said}}))
    keep(other, store, tables, set())
    try:
        ended = call_weir("describe", "web_events", cwd=project)
        for word in ("press office", "kitchenware", "navigation", "client_ip"):
            assert word in ended.out
        for words in ("press office", "kitchenw", "navigation path"):
            found = call_weir("search", *words.split(), "--json", cwd=project).json
            assert ("table", "refined.web_events") in {(f["kind"], f["name"]) for f in found}
    finally:
        keep(opened, store, tables, set())
    history = call_weir("describe", "web_events", "--json", cwd=project).json["history"]
    past = [change for change in history if change["topic"] == "declared" and change["until"]]
    assert past[0]["facts"]["owner"] == ["press office"]
    assert "press office" in call_weir("describe", "web_events", "--history", cwd=project).out
    assert call_weir("search", "kitchenware", "--json", cwd=project).json == []
    assert call_weir("describe", "reddit", "--json", cwd=project).json["declared"]["type"] == "reddit"
