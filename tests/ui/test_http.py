"""The page as programs and attackers see it: every route unsigned, forged forms, guesses, hosts, the OpenAPI."""

from __future__ import annotations

import re
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("starlette")
from served import PASSWORD, Served
from shop import CANARY
from starlette.testclient import TestClient

from dataweir import Project
from dataweir.web.app import Web, make_app
from dataweir.web.openapi import document
from dataweir.web.pages import PAGES


def signed(served: Served, name: str) -> httpx.Client:
    client = httpx.Client(base_url=served.url)
    answer = client.post("/sign-in", data={"name": name, "password": PASSWORD, "next": "/"})
    assert answer.status_code == 303, answer.text
    return client


def by_token(served: Served) -> httpx.Client:
    return httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {served.token}"}, timeout=30)


def ids(served: Served) -> dict[str, str]:
    with by_token(served) as client:
        exports = client.get("/exports.json").json()
        run = client.get("/runs.json").json()["runs"][0]["id"]
        request = client.get("/erasures.json").json()["requests"][-1]["id"]
    return {
        "/tables": "refined.web_events",
        "/expectations": "refined.web_events",
        "/runs": run,
        "/erasures": request,
        "/exports": exports["decided"][0]["id"],
        "mine": next(c["id"] for c in exports["waiting"] if c["requested_by"] == "rita"),
    }


def places(served: Served) -> list[str]:
    known = ids(served)
    return [page.path.replace("{id}", known.get(page.path.removesuffix("/{id}"), "x")) for page in PAGES]


def test_every_route_turns_away_who_is_not_signed_in(served: Served) -> None:
    with httpx.Client(base_url=served.url) as client:
        for place in places(served):
            answer = client.get(place)
            assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in"), place
            twin = "/overview.json" if place == "/" else f"{place}.json"
            assert client.get(twin).status_code == 401, twin
            assert client.get(twin, headers={"Authorization": "Bearer x"}).status_code == 401
        assert client.get("/openapi.json").status_code == 401
        for form in ("/exports/x/decision", "/erasures/x/decision", "/erasures/request"):
            assert client.post(form, data={}).status_code == 303
            assert client.post(form, data={}, headers={"Authorization": "Bearer x"}).status_code == 401
        assert client.post("/sign-out", data={"csrf": ""}).status_code == 403
    routes = {route.path for route in Web(Project.open(served.folder)).routes()}
    known = {page.path for page in PAGES} | set(document()["paths"])
    assert routes == known | {"/sign-in", "/sign-out", "/openapi.json", "/static"}


def test_every_page_and_its_twin_answer_without_an_unmasked_value(served: Served) -> None:
    with by_token(served) as client:
        for place in places(served):
            answer, twin = client.get(place), client.get("/overview.json" if place == "/" else f"{place}.json")
            assert (answer.status_code, twin.status_code) == (200, 200), place
            assert CANARY not in answer.text + twin.text, place
            assert isinstance(twin.json(), dict)


def test_no_page_asks_another_host_for_anything(served: Served) -> None:
    with by_token(served) as client:
        for place in places(served):
            answer = client.get(place)
            for address in re.findall(r'(?:src|href|action)="([^"]*)"', answer.text):
                assert address.startswith(("/", "#", "?")), f"{place}: {address}"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
            assert " style=" not in answer.text
            assert "<script>" not in answer.text


def test_a_forged_form_decides_nothing(served: Served) -> None:
    known = ids(served)
    with closing(signed(served, "adam")) as client:
        page = client.get(f"/exports/{known['mine']}").text
        form = dict(re.findall(r'name="(csrf|candidate_hash)" value="([^"]*)"', page))
        good = {"decision": "rejected", "reason": "no", **form}
        place = f"/exports/{known['mine']}/decision"
        assert client.post(place, data={**good, "csrf": ""}).status_code == 403
        assert client.post(place, data=good, headers={"Origin": "https://evil.example"}).status_code == 403
        assert client.post(place, data=good, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post(place, data={**good, "candidate_hash": "00"}).status_code == 409
        assert client.post(place, data={**good, "reason": " "}).status_code == 422
        assert client.post(place, json=good).status_code == 415
        assert client.post(place, data={**good, "reason": "x" * 100_000}).status_code == 413
        assert client.get(f"{place.removesuffix('/decision')}.json").json()["state"] == "pending"


def test_a_reviewer_is_refused_when_it_is_ones_own_and_an_engineer_always(served: Served) -> None:
    known = ids(served)
    place = f"/exports/{known['mine']}"
    for name, message in (("rita", "own"), ("eve", "a reviewer decides")):
        with closing(signed(served, name)) as client:
            page = client.get(f"{place}.json").json()
            csrf = re.search(r'name="csrf" value="([^"]*)"', client.get("/").text)
            assert csrf
            form = {"decision": "approved", "reason": "x", "candidate_hash": page["candidate_hash"]}
            answer = client.post(f"{place}/decision", data={**form, "csrf": csrf.group(1)})
            assert answer.status_code == 403
            assert message in answer.text or "requester" in answer.text or "asked" in answer.text
            assert client.get(f"{place}.json").json()["state"] == "pending"


def test_guessing_passwords_is_stopped_and_written_down(served: Served) -> None:
    # an application of its own: the served one would turn everybody at this address away for five minutes
    app = make_app(Project.open(served.folder), ["testserver"])
    with TestClient(app) as client:
        form = {"name": "nobody-at-all", "password": "guess"}
        codes = [client.post("/sign-in", data=form).status_code for _ in range(6)]
    assert 0 < codes.count(401) <= 5
    assert codes[-1] == 429
    with by_token(served) as client:
        entries = client.get("/audit.json").json()["entries"]
    assert sum(e["action"] == "sign-in refused" and e["actor"] == "nobody-at-all" for e in entries) == codes.count(401)
    assert not any("guess" in str(e["detail"]) for e in entries)


def test_another_host_name_and_another_place_to_go_are_refused(served: Served) -> None:
    with httpx.Client(base_url=served.url) as client:
        assert client.get("/sign-in", headers={"Host": "evil.example"}).status_code == 400
        for target in ("https://evil.example", "//evil.example", "/\\evil.example"):
            page = client.get("/sign-in", params={"next": target}).text
            assert "evil.example" not in page
        assert client.get("/static/../app.py").status_code in (303, 404)


def test_fifty_clients_at_once_are_all_answered(served: Served) -> None:
    codes: list[int] = []

    def look() -> None:
        with by_token(served) as client:
            codes.extend(client.get(place).status_code for place in ("/", "/exports", "/tables", "/audit"))

    threads = [threading.Thread(target=look) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 200


def test_the_openapi_holds_against_schemathesis(served: Served) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, given, settings

    headers = {"Authorization": f"Bearer {served.token}"}
    with by_token(served) as client:
        schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    tested = 0

    for operation in schema.get_all_operations():

        @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.ok().as_strategy())
        def check(case: Any) -> None:
            case.call_and_validate(base_url=served.url, headers=headers, excluded_checks=_unfit(schemathesis))

        check()
        tested += 1
    assert tested == len(document()["paths"])


def _unfit(schemathesis: Any) -> list[Any]:
    """Checks that ask for more than the page promises: unknown query parameters are ignored, not refused."""
    names = ("negative_data_rejection", "positive_data_acceptance", "unsupported_method", "ignored_auth")
    return [check for name in names if (check := getattr(schemathesis.checks, name, None))]


def test_the_assets_are_in_the_package() -> None:
    folder = Path(__import__("dataweir.web.app", fromlist=["x"]).__file__).parent
    assert {p.name for p in (folder / "static").iterdir()} == {"style.css", "page.js", "weir.svg"}
