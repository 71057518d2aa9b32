"""Share of the machine's usable cores that have a worker."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("cores_used_share")
class CoresUsedShare(Ratio):
    """Share of the machine's usable cores that have a worker."""

    pillar = "allocation"
    unit = "share"
    direction = "higher is easier"
    goalposts = Goalposts(easy=1.0, hard=0.0)
    why = "the natural ends of a share: every core, none"
    needs = ("workers", "cores")
    advice = "set engine.workers to auto, or give memory for more of them"

    def over(self, facts: Facts) -> float:
        """Count workers, no more than cores."""
        return min(facts["workers"], facts["cores"])

    def under(self, facts: Facts) -> float:
        """Count cores."""
        return facts["cores"]
