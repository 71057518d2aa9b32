"""How far above the required k the smallest group of an export is."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Least, metric


@metric("k_margin")
class KMargin(Least):
    """How far above the required k the smallest group of an export is."""

    pillar = "sharing"
    unit = "times k"
    direction = "higher is easier"
    goalposts = Goalposts(easy=5.0, hard=1.0)
    why = "at 1 the next change to the data breaks the policy; at 5 there is room for a stricter one"
    needs = ("k_found", "k_required")
    advice = "coarsen the quasi-identifiers of the policy"

    def value(self, facts: Facts) -> float | None:
        """Divide the k found by the k required."""
        return facts["k_found"] / facts["k_required"] if facts["k_required"] > 0 else None
