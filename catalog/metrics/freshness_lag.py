"""Age of the newest record when it was pulled."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("freshness_lag")
class FreshnessLag(Ratio):
    """Age of the newest record when it was pulled."""

    pillar = "acquisition"
    unit = "h"
    goalposts = Goalposts(easy=1.0, hard=720.0)
    scale = "log"
    why = "an hour is the default schedule, 720 hours a month; a judgement"
    needs = ("lag_hours",)
    advice = "pull more often, or from a source that publishes sooner"
    optional = True

    def over(self, facts: Facts) -> float:
        """Add up ages."""
        return max(0.0, facts["lag_hours"])

    def under(self, facts: Facts) -> float:
        """Count sources, so that several give their mean."""
        return 1.0
