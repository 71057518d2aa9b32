"""A request for erasure from the web page to the certificate: filed, looked into, confirmed by another, carried out."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import forget_house as house
import pytest

pytest.importorskip("starlette")
pytest.importorskip("argon2")
from starlette.testclient import TestClient

from dataweir import Project
from dataweir.catalog.people import Role
from dataweir.errors import ConfigError, PrivacyGateFailed
from dataweir.flow.sharing import requests
from dataweir.output import Output
from dataweir.privacy.sealing import seal, unseal
from dataweir.web.app import make_app

OUTPUT = Output(json=True)
PEOPLE: dict[str, Role] = {"vic": "viewer", "eve": "engineer", "rita": "reviewer", "adam": "admin"}


def at(project: Project, name: str) -> TestClient:
    """The page as `name` sees it, in a browser."""
    store = project.reading()
    if name not in {user.name for user in store.users()}:
        store.set_user(name, PEOPLE[name], "correct horse battery")
    client = TestClient(make_app(project, ["testserver"]), follow_redirects=False)
    client.cookies.set("weir_session", store.open_session(next(u for u in store.users() if u.name == name)))
    return client


def post(client: TestClient, place: str, **form: str) -> Any:
    csrf = re.search(r'name="csrf" value="([^"]*)"', client.get("/").text)
    assert csrf
    return client.post(place, data={"csrf": csrf.group(1), **form})


def filed(project: Project) -> requests.ErasureRequest:
    return requests.file_request(project, house.MAIL, "ticket 12", "eve")


def stored(project: Project) -> str:
    with sqlite3.connect(Path(project.warehouse) / "catalog.db") as database:
        return "\n".join(database.iterdump())


def test_a_request_goes_from_the_page_to_the_certificate(project: Project, capfd: Any) -> None:
    eve, rita, vic = at(project, "eve"), at(project, "rita"), at(project, "vic")
    before = len(house.LEFT.findall(stored(project).casefold()))
    place = post(eve, "/erasures/request", subject=house.MAIL, reference="ticket 12").headers["location"]
    assert len(house.LEFT.findall(stored(project).casefold())) == before
    assert "ticket 12" in eve.get(place).text
    assert vic.get(place).status_code == 403
    assert vic.get("/erasures").status_code == 403

    assert [r.state for r in requests.answer_requests(project, OUTPUT)] == ["counted"]
    page, twin = rita.get(place), rita.get(f"{place}.json").json()
    assert twin["report"]["rows"]["raw.tickets"] == 2
    assert "What would go" in page.text
    assert "sealed" not in twin
    assert "decision" not in re.findall(r'<form[^>]*action="[^"]*/(\w+)"', eve.get(place).text)

    decide, seen = f"{place}/decision", twin["seen"]
    good = {"decision": "confirmed", "reason": "the identity was checked", "seen": seen}
    assert post(eve, decide, **good).status_code == 403
    assert post(rita, decide, **{**good, "seen": "0"}).status_code == 409
    assert post(rita, decide, **{**good, "reason": ""}).status_code == 422
    assert post(rita, decide, **{**good, "reason": f"of {house.MAIL}"}).status_code == 409
    assert rita.post(decide, data=good).status_code == 403  # without the form's token
    assert house.left(Path(project.warehouse))
    assert post(rita, decide, **good).status_code == 303
    assert post(rita, decide, **good).status_code == 409

    project.run()
    assert house.left(Path(project.warehouse)) == []
    twin = rita.get(f"{place}.json").json()
    assert (twin["state"], twin["decided_by"]) == ("done", "rita")
    assert twin["certificate"]["certificate"]["requested_by"] == "eve"
    assert project.reading().erasure_request(twin["id"]).sealed is None
    history = rita.get("/erasures")
    assert twin["erasure"] in history.text
    said = capfd.readouterr()
    for text in (rita.get(place).text, history.text, said.out, said.err):
        assert not house.LEFT.search(text.casefold())


def test_a_request_that_names_the_person_or_nobody_or_comes_twice_is_refused(project: Project) -> None:
    eve = at(project, "eve")
    first = post(eve, "/erasures/request", subject=house.MAIL, reference="ticket 12")
    assert first.status_code == 303
    for subject, reference in (
        (house.MAIL, "ticket 13"),
        (f" {house.MAIL.upper()} ", "ticket 13"),
        ("other@example.org", "for other@example.org"),
        ("!!", "ticket"),
        ("", "ticket"),
        ("x" * 501, "ticket"),
    ):
        answer = post(eve, "/erasures/request", subject=subject, reference=reference)
        assert answer.status_code == 422, reference
        assert house.MAIL not in answer.text
        assert "other@example.org" not in answer.text
    assert post(at(project, "vic"), "/erasures/request", subject="a@example.org", reference="x").status_code == 403
    assert len(project.reading().erasure_requests()) == 1


def test_nobody_decides_on_ones_own_and_a_rejected_request_forgets_who_it_was(project: Project) -> None:
    made = filed(project)
    with pytest.raises(ConfigError, match="any more"):
        requests.decide_request(project, made.id, True, "rita", "yes", requests.report_hash(made))
    (looked,) = requests.answer_requests(project, OUTPUT)
    for name in ("eve", "Éve"):
        with pytest.raises(PrivacyGateFailed, match="the reviewer is the requester"):
            requests.decide_request(project, made.id, True, name, "yes", requests.report_hash(looked))
    done = requests.decide_request(project, made.id, False, "rita", "not who she says", requests.report_hash(looked))
    assert (done.state, done.sealed) == ("rejected", None)
    assert not requests.waiting(project)
    assert requests.answer_requests(project, OUTPUT) == []
    assert filed(project).state == "filed"
    assert requests.waiting(project)


def test_what_is_sealed_opens_by_its_key_alone() -> None:
    key, other = b"k" * 32, b"o" * 32
    sealed = seal(house.MAIL, key)
    assert house.MAIL not in sealed
    assert sealed != seal(house.MAIL, key)
    assert unseal(sealed, [other, key]) == house.MAIL
    with pytest.raises(ConfigError):
        unseal(sealed, [other])
