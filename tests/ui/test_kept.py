"""What many ask for at once is found once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dataweir.web.site import Kept


def test_one_finds_what_changed_and_the_others_take_the_last_meanwhile() -> None:
    kept: Kept[str] = Kept()
    assert kept.of(1, lambda: "first") == "first"
    looking, go_on = threading.Event(), threading.Event()

    def find() -> str:
        looking.set()
        assert go_on.wait(10)
        return "second"

    with ThreadPoolExecutor(3) as pool:
        finder = pool.submit(kept.of, 2, find)
        assert looking.wait(10)
        assert kept.of(2, lambda: "found twice") == "first"
        waiting = pool.submit(kept.of, 2, lambda: "found twice", wait=True)
        go_on.set()
        assert (finder.result(10), waiting.result(10)) == ("second", "second")
    assert kept.of(2, lambda: "found twice") == "second"


def test_many_who_ask_first_find_it_once() -> None:
    kept: Kept[int] = Kept()
    found: list[int] = []
    together = threading.Barrier(8)

    def ask(number: int) -> int:
        together.wait(10)
        return kept.of("v", lambda: found.append(number) or number)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert len(found) == 1


def test_what_could_not_be_found_is_looked_for_again() -> None:
    kept: Kept[int] = Kept()
    with pytest.raises(ZeroDivisionError):
        kept.of(1, lambda: 1 // 0)
    assert kept.of(1, lambda: 5) == 5
