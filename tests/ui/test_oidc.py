"""Sign-in by a provider of OpenID Connect: one on this machine that holds us to PKCE, by HTTP and in Chromium."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

pytest.importorskip("oidc_provider_mock")
import flask
import oidc_provider_mock
import werkzeug.serving
from starlette.testclient import TestClient

from dataweir import Project
from dataweir.config import load
from dataweir.errors import ConfigError
from dataweir.web.app import make_app

pytestmark = pytest.mark.filterwarnings("ignore:.*get_jwt_config.*:DeprecationWarning")
SECRET = "a secret of the client"
PEOPLE = {
    "rita": {"email": "rita@example.org", "groups": ["staff", "privacy"]},
    "both": {"email": "both@example.org", "groups": ["privacy", "data"]},
    "none": {"email": "none@example.org", "groups": ["staff"]},
    "unproven": {"email": "unproven@example.org", "email_verified": False, "groups": ["privacy"]},
    "twin": {"email": "rita@example.org", "groups": ["privacy"]},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that gives a token only to who sends the verifier of the challenge (RFC 7636)."""
    users = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]
    app = oidc_provider_mock.app(user_claims=users, require_nonce=True)
    challenges: dict[str, str] = {}

    @app.after_request
    def remember(answer: Any) -> Any:
        code = parse_qs(urlsplit(answer.headers.get("Location", "")).query).get("code")
        if code and flask.request.args.get("code_challenge_method") == "S256":
            challenges[code[0]] = flask.request.args["code_challenge"]
        return answer

    @app.before_request
    def hold_to_it() -> Any:
        if flask.request.path != "/oauth2/token":
            return None
        given = hashlib.sha256(flask.request.form.get("code_verifier", "").encode()).digest()
        wanted = challenges.get(flask.request.form["code"])
        good = wanted == base64.urlsafe_b64encode(given).rstrip(b"=").decode()
        return None if good else (flask.jsonify({"error": "invalid_grant"}), 400)

    server = werkzeug.serving.make_server("localhost", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()


def project(folder: Path, place: str, **more: str) -> Project:
    options = {"issuer": place, "client_id": "weir", "roles": "{privacy: reviewer, data: engineer}", **more}
    (folder / "secret").write_text(f"{SECRET}\n")
    options.setdefault("client_secret", "${file:%s}" % (folder / "secret"))
    lines = "".join(f"    {key}: {value}\n" for key, value in options.items())
    (folder / "weir.yaml").write_text(f"project: small\nui:\n  oidc:\n{lines}")
    return Project.open(folder)


@pytest.fixture
def small(tmp_path: Path, issuer: str) -> Project:
    made = project(tmp_path, issuer)
    made.store()
    return made


@pytest.fixture
def browser(small: Project) -> Iterator[TestClient]:
    with TestClient(make_app(small, ["testserver"]), follow_redirects=False) as client:
        yield client


def at_provider(browser: TestClient, person: str, **more: str) -> str:
    """Begin a sign-in, go through the provider as `person`, and return the address it sends the browser back to."""
    begun = browser.get("/sign-in/oidc", params={"next": "/runs"})
    assert begun.status_code == 303, begun.text
    answer = httpx.post(begun.headers["location"], data={"sub": person, **more})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"]).removeprefix("http://testserver")


def entries(small: Project) -> list[tuple[str, str]]:
    return [(e.action, e.actor) for e in small.reading().audit_log(10)]


def test_whom_the_provider_vouches_for_comes_in_with_the_role_of_the_claim(browser: TestClient, small: Project) -> None:
    page = browser.get(at_provider(browser, "rita"))
    assert page.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/runs">' in page.text
    assert browser.get("/runs").status_code == 200
    assert "rita@example.org, reviewer" in browser.get("/").text
    assert browser.get("/people").status_code == 403
    assert ("sign-in", "rita@example.org") in entries(small)
    assert small.reading().check_password("rita@example.org", "") is None


def test_of_several_roles_the_last_counts_and_none_is_nobody(browser: TestClient, small: Project) -> None:
    browser.get(at_provider(browser, "both"))
    assert [(u.name, u.role) for u in small.reading().users()] == [("both@example.org", "reviewer")]
    browser.cookies.clear()
    page = browser.get(at_provider(browser, "none"))
    assert page.status_code == 403
    assert "gives no role here" in page.text
    assert "none@example.org" not in page.text
    assert len(small.reading().users()) == 1
    assert ("sign-in refused", "nobody") in entries(small)


def test_an_address_that_nobody_has_proven_is_no_name(browser: TestClient) -> None:
    page = browser.get(at_provider(browser, "unproven"))
    assert (page.status_code, "no verified email" in page.text) == (403, True)


def test_nobody_takes_the_name_of_another(browser: TestClient, small: Project) -> None:
    small.reading().set_user("both@example.org", "admin", "correct horse battery")
    assert browser.get(at_provider(browser, "both")).status_code == 403
    browser.get(at_provider(browser, "rita"))
    browser.cookies.clear()
    page = browser.get(at_provider(browser, "twin"))
    assert "somebody else&#39;s name" in page.text
    assert browser.get("/runs.json").status_code == 401


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(browser: TestClient, small: Project) -> None:
    place = at_provider(browser, "rita")
    with TestClient(make_app(small, ["testserver"]), follow_redirects=False) as other:
        assert "not begun in this browser" in other.get(place).text
        at_provider(other, "none")
        assert "another sign-in" in browser.get(re.sub("state=[^&]+", "state=x", place)).text
    assert browser.get(place).status_code == 200
    assert "not begun in this browser" in browser.get(place).text


def test_a_denial_and_a_code_of_somebody_else_let_nobody_in(browser: TestClient) -> None:
    state = parse_qs(urlsplit(browser.get("/sign-in/oidc").headers["location"]).query)["state"][0]
    answer = "/sign-in/oidc/answer"
    denied = browser.get(answer, params={"state": state, "error": "access_denied"})
    assert (denied.status_code, "let nobody in" in denied.text) == (403, True)
    stolen = parse_qs(urlsplit(at_provider(browser, "rita")).query)["code"][0]
    state = parse_qs(urlsplit(browser.get("/sign-in/oidc").headers["location"]).query)["state"][0]
    page = browser.get(answer, params={"state": state, "code": stolen})  # by PKCE the provider refuses it
    assert "invalid_grant" in page.text
    assert browser.get("/runs.json").status_code == 401


def test_a_role_taken_away_ends_the_sessions_of_before(browser: TestClient, small: Project) -> None:
    store = small.reading()
    first = store.open_session(store.vouched("x@example.org", "reviewer", "https://a", "1"))
    store.vouched("x@example.org", "reviewer", "https://a", "1")
    assert store.signed_in(first)
    store.vouched("x@example.org", "viewer", "https://a", "1")
    assert store.signed_in(first) is None
    with pytest.raises(ConfigError):
        store.vouched("x@example.org", "viewer", "https://b", "1")


def test_a_provider_that_does_not_answer_or_is_another_says_so(tmp_path: Path, issuer: str) -> None:
    for place, status, words in (
        ("http://localhost:9", 502, "does not answer"),
        (f"{issuer}/", 500, "calls itself another issuer"),
    ):
        with TestClient(make_app(project(tmp_path, place), ["testserver"])) as client:
            page = client.get("/sign-in/oidc")
            assert (page.status_code, words in page.text, SECRET in page.text) == (status, True, False), place


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("issuer", "http://login.example.org", "https"),
        ("client_secret", "in-clear", "never in clear"),
        ("scopes", "email", "openid"),
        ("roles", "{}", "roles"),
    ],
)
def test_a_configuration_that_is_not_safe_is_refused(tmp_path: Path, key: str, value: str, word: str) -> None:
    with pytest.raises(ConfigError) as refused:
        project(tmp_path, "https://login.example.org", **{key: value})
    assert word in refused.value.message
    assert "in-clear" not in refused.value.message


def test_a_secret_that_cannot_be_read_is_said_by_its_place(tmp_path: Path) -> None:
    for place, word in (("${file:near}", "absolute"), ("${file:/no/such}", "/no/such"), ("${NO_SUCH}", "NO_SUCH")):
        opened = project(tmp_path, "https://login.example.org", client_secret=place)
        with pytest.raises(ConfigError) as refused:
            make_app(opened, ["testserver"])
        assert word in refused.value.message


def test_one_signs_in_by_the_provider_in_a_browser(small: Project, chromium: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    command = [sys.executable, "-m", "dataweir", "ui", "--port", "0"]
    process = subprocess.Popen(command, cwd=small.config.root, stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        assert process.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        assert found
        chromium.delete_all_cookies()
        chromium.get(f"{found.group()}/audit")
        chromium.find_element(By.PARTIAL_LINK_TEXT, "single sign-on").click()
        chromium.find_element(By.CSS_SELECTOR, "button[value=rita]").click()
        WebDriverWait(chromium, 20).until(lambda d: d.current_url == f"{found.group()}/audit")
        assert "rita@example.org, reviewer" in chromium.find_element(By.CSS_SELECTOR, ".out").text
        chromium.delete_all_cookies()
        assert [e for e in chromium.get_log("browser") if found.group() in e["message"]] == []
    finally:
        process.terminate()
        process.wait(20)


def test_the_configuration_reads_back(small: Project) -> None:
    provider = load(small.config.root).ui.oidc
    assert provider is not None
    assert (provider.user_claim, provider.role_claim) == ("email", "groups")
