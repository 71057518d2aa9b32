"""Share of the records received that could not be read."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("malformed_share")
class MalformedShare(Ratio):
    """Share of the records received that could not be read."""

    pillar = "acquisition"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.1)
    why = "at one in ten a source wants repair rather than parsing; a judgement"
    needs = ("records", "rejected_pull")
    advice = "repair the writer of the source; the rejects say what is wrong"

    def over(self, facts: Facts) -> float:
        """Count records refused at the pull."""
        return facts["rejected_pull"]

    def under(self, facts: Facts) -> float:
        """Count records received."""
        return facts["records"]
