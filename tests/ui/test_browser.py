"""The page as people use it, in a real Chromium: sign in, look around, decide, be refused; accessible by axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("selenium")
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from served import PASSWORD, Served

from dataweir.web.pages import PAGES as ALL_PAGES

PAGES = ("/", "/exports", "/tables", "/tables/refined.social_posts", "/runs", "/scores", "/lineage", "/audit")
PAGES += ("/search?q=reddit", "/people", "/erasures", "/expectations/refined.social_posts")


@contextmanager
def another_page(browser: Any) -> Iterator[None]:
    """Wait until what is done inside has led to another page: neither a key nor a form's button waits for it."""
    browser.execute_script("window.leftBehind = true")
    yield
    arrived = "return document.readyState === 'complete' && !window.leftBehind"
    # While one page gives way to the next the driver may answer with errors of many kinds.
    waiting = WebDriverWait(browser, 20, ignored_exceptions=[WebDriverException])
    waiting.until(lambda driver: driver.execute_script(arrived))


@pytest.fixture
def sign_in(chromium: Any, served: Served) -> Iterator[Callable[[str], Any]]:
    def go(name: str, password: str = PASSWORD) -> Any:
        chromium.delete_all_cookies()
        chromium.get(f"{served.url}/exports")
        chromium.find_element(By.ID, "name").send_keys(name)
        with another_page(chromium):
            chromium.find_element(By.ID, "password").send_keys(password, Keys.ENTER)
        return chromium

    yield go
    errors = [entry["message"] for entry in chromium.get_log("browser") if "401" not in entry["message"]]
    assert errors == []


def heading(browser: Any) -> str:
    return str(browser.find_element(By.TAG_NAME, "h1").text)


def candidate(browser: Any, served: Served, state: str, asked_by: str) -> None:
    browser.get(f"{served.url}/exports")
    for row in browser.find_elements(By.CSS_SELECTOR, "tbody tr"):
        cells = [cell.text for cell in row.find_elements(By.TAG_NAME, "td")]
        if cells[3] == state and cells[4] == asked_by:
            with another_page(browser):
                row.find_element(By.TAG_NAME, "a").click()
            return
    raise AssertionError(f"no {state} candidate of {asked_by}")


def test_a_wrong_password_is_refused_and_a_right_one_leads_where_one_wanted(sign_in: Any, served: Served) -> None:
    browser = sign_in("vic", "wrong password")
    assert "wrong" in browser.find_element(By.CSS_SELECTOR, "[role=alert]").text
    browser = sign_in("vic")
    assert browser.current_url == f"{served.url}/exports"
    assert heading(browser) == "Exports"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_accessible(sign_in: Any, served: Served, dark: bool) -> None:
    axe = pytest.importorskip("axe_selenium_python").Axe
    browser = sign_in("adam")
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    found = {}
    browser.get(f"{served.url}/runs")
    run = browser.find_element(By.CSS_SELECTOR, "tbody a").get_attribute("href")
    browser.get(f"{served.url}/exports")
    waiting = browser.find_element(By.CSS_SELECTOR, "tbody a").get_attribute("href")
    browser.get(f"{served.url}/erasures")
    request = browser.find_element(By.CSS_SELECTOR, "tbody a").get_attribute("href")
    kinds = {page.path for page in ALL_PAGES if page.whole}
    assert {p.partition("?")[0] for p in PAGES} | {
        "/tables/{id}",
        "/expectations/{id}",
        "/runs/{id}",
        "/exports/{id}",
        "/erasures/{id}",
    } >= kinds
    for page in (*(served.url + page for page in PAGES), run, waiting, request, f"{served.url}/sign-in"):
        browser.get(page)
        assert not heading(browser).startswith("Error"), page
        checker = axe(browser)
        checker.inject()
        result = checker.run(options={"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa"]}})
        found |= {(page, v["id"]): [n["html"] for n in v["nodes"]][:3] for v in result["violations"]}
    assert found == {}


def test_a_reviewer_approves_what_somebody_else_asked_for(sign_in: Any, served: Served) -> None:
    browser = sign_in("rita")
    candidate(browser, served, "pending", "eve")
    identifier = heading(browser).removeprefix("Export ")
    assert "<EMAIL_ADDRESS" in browser.find_element(By.CSS_SELECTOR, ".sample").text
    browser.find_element(By.ID, "reason").send_keys("looked at risk and sample")
    with another_page(browser):
        browser.find_element(By.CSS_SELECTOR, "button[value=approved]").click()
    assert "approved" in browser.find_element(By.CSS_SELECTOR, "main .state").text
    assert "looked at risk and sample" in browser.find_element(By.TAG_NAME, "main").text
    browser.get(f"{served.url}/audit")
    row = browser.find_element(By.CSS_SELECTOR, "tbody tr").text
    assert "rita" in row
    assert "approved" in row
    assert identifier in row


def test_nobody_decides_on_what_is_ones_own(sign_in: Any, served: Served) -> None:
    browser = sign_in("rita")
    candidate(browser, served, "pending", "rita")
    assert browser.find_elements(By.CSS_SELECTOR, "button[value=approved]") == []
    assert "somebody else must decide" in browser.find_element(By.TAG_NAME, "main").text


def test_an_engineer_sees_the_evidence_but_no_decision(sign_in: Any, served: Served) -> None:
    browser = sign_in("eve")
    candidate(browser, served, "pending", "rita")
    assert browser.find_elements(By.CSS_SELECTOR, "form.decide") == []
    browser.get(f"{served.url}/people")
    assert heading(browser) == "Error 403"
    assert len(browser.get_log("browser")) == 1


def test_a_slider_says_what_another_value_would_make_of_the_score(sign_in: Any, served: Served) -> None:
    browser = sign_in("vic")
    browser.get(f"{served.url}/scores")
    slider = browser.find_element(By.CSS_SELECTOR, "input[type=range]")
    slider.send_keys(Keys.HOME)
    output = browser.find_element(By.CSS_SELECTOR, "form.whatif output")
    WebDriverWait(browser, 20).until(lambda _: output.text.startswith("would be 0."))
    with another_page(browser):
        browser.find_element(By.CSS_SELECTOR, "form.whatif button").click()
    assert "it would be" in browser.find_element(By.CSS_SELECTOR, ".notice").text


def test_one_can_go_by_the_keyboard_alone(sign_in: Any, served: Served) -> None:
    browser = sign_in("vic")
    browser.get(served.url)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to content"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "main"


def test_signing_out_ends_the_session(sign_in: Any, served: Served) -> None:
    browser = sign_in("vic")
    cookie = browser.get_cookie("weir_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    with another_page(browser):
        browser.find_element(By.CSS_SELECTOR, ".out button").click()
    assert heading(browser) == "Sign in"
    browser.add_cookie({"name": "weir_session", "value": cookie["value"]})
    browser.get(f"{served.url}/tables")
    assert heading(browser) == "Sign in"
