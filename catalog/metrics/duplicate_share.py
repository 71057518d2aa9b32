"""Share of the rows read that repeat another row."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("duplicate_share")
class DuplicateShare(Ratio):
    """Share of the rows read that repeat another row."""

    pillar = "processing"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.5)
    why = "at one half every second row is work for nothing; a judgement"
    needs = ("kept", "duplicates", "rejected_clean")
    advice = "pull incrementally, and keep overlapping dumps apart"

    def over(self, facts: Facts) -> float:
        """Count duplicates."""
        return facts["duplicates"]

    def under(self, facts: Facts) -> float:
        """Count rows that entered refinement."""
        return facts["kept"] + facts["duplicates"] + facts["rejected_clean"]
