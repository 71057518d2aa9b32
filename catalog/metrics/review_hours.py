"""Hours from an export's request to its approval."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("review_hours")
class ReviewHours(Ratio):
    """Hours from an export's request to its approval."""

    pillar = "sharing"
    unit = "hours"
    goalposts = Goalposts(easy=1.0, hard=168.0)
    scale = "log"
    why = "an hour is a look at the desk; 168 hours are a week"
    needs = ("review_hours",)
    advice = "name a second reviewer"

    def over(self, facts: Facts) -> float:
        """Add up hours."""
        return facts["review_hours"]

    def under(self, facts: Facts) -> float:
        """Count reviews, so that several give their mean."""
        return 1.0
