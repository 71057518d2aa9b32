"""Parallelism of a model: what one of its threads adds beside the others."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("model_parallelism")
class ModelParallelism(Ratio):
    """Speed-up of a model by its threads, over their number."""

    pillar = "optimisation"
    unit = "share"
    direction = "higher is easier"
    goalposts = Goalposts(easy=1.0, hard=0.0)
    why = "the natural ends of a share; 1 is a speed-up as large as the number of threads"
    needs = ("model_speedup", "model_threads")
    advice = "serve with fewer threads, or several calls side by side with one thread each"
    optional = True

    def over(self, facts: Facts) -> float:
        """Add up speed-ups, none above its threads."""
        return min(facts["model_speedup"], facts["model_threads"])

    def under(self, facts: Facts) -> float:
        """Add up threads."""
        return facts["model_threads"]
