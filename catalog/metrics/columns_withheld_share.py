"""Share of a table's columns that could not be shared."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("columns_withheld_share")
class ColumnsWithheldShare(Ratio):
    """Share of a table's columns that could not be shared."""

    pillar = "sharing"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.5)
    why = "with half of its columns gone a table seldom serves its purpose; a judgement"
    needs = ("columns_in", "columns_dropped")
    advice = "generalise or hash a column instead of dropping it"

    def over(self, facts: Facts) -> float:
        """Count columns withheld."""
        return facts["columns_dropped"]

    def under(self, facts: Facts) -> float:
        """Count columns."""
        return facts["columns_in"]
