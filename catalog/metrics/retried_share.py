"""Share of the requests that had to be made again."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("retried_share")
class RetriedShare(Ratio):
    """Share of the requests that had to be made again."""

    pillar = "acquisition"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.2)
    why = "one in five says that the service is overloaded or refuses the pace; a judgement"
    needs = ("requests", "retries")
    advice = "ask more slowly, or at another hour"
    optional = True

    def over(self, facts: Facts) -> float:
        """Count requests made again."""
        return facts["retries"]

    def under(self, facts: Facts) -> float:
        """Count requests."""
        return facts["requests"]
