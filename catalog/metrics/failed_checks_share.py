"""Share of the expectations on the data that failed."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("failed_checks_share")
class FailedChecksShare(Ratio):
    """Share of the expectations on the data that failed."""

    pillar = "processing"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.25)
    why = "with a quarter of its expectations failing data is not what it is called; a judgement"
    needs = ("checks", "checks_failed")
    advice = "see 'weir quality' for the expectations that fail"

    def over(self, facts: Facts) -> float:
        """Count expectations that failed."""
        return facts["checks_failed"]

    def under(self, facts: Facts) -> float:
        """Count expectations."""
        return facts["checks"]
