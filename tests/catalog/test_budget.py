"""The privacy budget in the catalogue: nobody overdraws it, whoever spends at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dataweir.catalog.store import Store
from dataweir.errors import PrivacyGateFailed


def test_the_budget_is_never_overdrawn_whoever_spends_at_the_same_time(url: str) -> None:
    Store.open(url).close()

    def spend(number: int) -> bool:
        with Store.open(url) as store:
            try:
                store.spend("refined.posts", f"r{number}", 0.3, 1.0, "ada")
            except PrivacyGateFailed:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(12))) == 3
    with Store.open(url) as store:
        assert sum(s.epsilon for s in store.spends("refined.posts")) == pytest.approx(0.9)
        assert store.spends("refined.other") == []
        store.spend("refined.other", "r", 1.0, 1.0, "ada")
        with pytest.raises(PrivacyGateFailed, match=r"takes 0.3, of 1 0.1 is left"):
            store.spend("refined.posts", "late", 0.3, 1.0, "ada")
