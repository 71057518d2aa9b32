"""Processing seconds of one core for a million rows."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("refine_seconds_per_million")
class RefineSecondsPerMillion(Ratio):
    """Processing seconds of one core for a million rows."""

    pillar = "processing"
    unit = "s/million rows"
    goalposts = Goalposts(easy=2.0, hard=2000.0)
    scale = "log"
    why = "2 s is vectorised parsing; 2,000 s are 2 ms a row, the speed of text analysis in Python"
    needs = ("kept", "duplicates", "rejected_clean", "refine_seconds")
    advice = "switch off rules that find nothing, or use a GPU"
    crosses = True

    def over(self, facts: Facts) -> float:
        """Add up seconds of refinement."""
        return facts["refine_seconds"]

    def under(self, facts: Facts) -> float:
        """Count millions of rows."""
        return (facts["kept"] + facts["duplicates"] + facts["rejected_clean"]) / 1e6
