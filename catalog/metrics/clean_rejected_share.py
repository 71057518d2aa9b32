"""Share of the rows read that cleaning had to refuse."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("clean_rejected_share")
class CleanRejectedShare(Ratio):
    """Share of the rows read that cleaning had to refuse."""

    pillar = "processing"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.1)
    why = "at one in ten the rest is in doubt as well; a judgement"
    needs = ("kept", "duplicates", "rejected_clean")
    advice = "look at the reasons in raw.rejects and mend the commonest at its origin"

    def over(self, facts: Facts) -> float:
        """Count rows that cleaning refused."""
        return facts["rejected_clean"]

    def under(self, facts: Facts) -> float:
        """Count rows that entered refinement."""
        return facts["kept"] + facts["duplicates"] + facts["rejected_clean"]
