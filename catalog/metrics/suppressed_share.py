"""Share of the rows withheld because they stand out."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("suppressed_share")
class SuppressedShare(Ratio):
    """Share of the rows withheld because they stand out."""

    pillar = "sharing"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.2)
    why = "with a fifth of its rows gone the rest says something else; a judgement"
    needs = ("export_rows_in", "suppressed")
    advice = "coarsen the quasi-identifiers of the policy"

    def over(self, facts: Facts) -> float:
        """Count rows suppressed."""
        return facts["suppressed"]

    def under(self, facts: Facts) -> float:
        """Count rows that were to be exported."""
        return facts["export_rows_in"]
