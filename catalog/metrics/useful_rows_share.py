"""Share of the rows worked on that were neither duplicates nor refused."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("useful_rows_share")
class UsefulRowsShare(Ratio):
    """Share of the rows worked on that were neither duplicates nor refused."""

    pillar = "optimisation"
    unit = "share"
    direction = "higher is easier"
    goalposts = Goalposts(easy=1.0, hard=0.0)
    why = "the natural ends of a share; what is thrown away was work for nothing"
    needs = ("rows_in", "waste_rows")
    advice = "prefilter at the source, and pull incrementally"
    crosses = True

    def over(self, facts: Facts) -> float:
        """Count rows that were of use."""
        return facts["rows_in"] - facts["waste_rows"]

    def under(self, facts: Facts) -> float:
        """Count rows worked on."""
        return facts["rows_in"]
