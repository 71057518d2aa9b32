"""What one worker adds beside the others, against one alone."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("speedup_per_worker")
class SpeedupPerWorker(Ratio):
    """What one worker adds beside the others, against one alone."""

    pillar = "allocation"
    unit = "share"
    direction = "higher is easier"
    goalposts = Goalposts(easy=1.0, hard=0.0)
    why = "the natural ends of a share, by the Universal Scalability Law fitted to this project's runs"
    needs = ("speedup_per_worker",)
    advice = "set engine.workers to the best number of the fit"
    optional = True

    def over(self, facts: Facts) -> float:
        """Read the efficiency."""
        return facts["speedup_per_worker"]

    def under(self, facts: Facts) -> float:
        """Count fits, so that several give their mean."""
        return 1.0
