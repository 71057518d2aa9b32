"""Choice and compression of a model: the least work that gives its answer over the work done."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("model_efficiency")
class ModelEfficiency(Ratio):
    """Seconds of the lightest model that is as good, over those of the model in use."""

    pillar = "optimisation"
    unit = "share"
    direction = "higher is easier"
    goalposts = Goalposts(easy=1.0, hard=0.0)
    why = "the natural ends of a share: least work known over work done"
    needs = ("model_seconds", "model_least_seconds")
    advice = "serve the lightest model that is as good: a smaller network, one of 8 bits, or a distilled one"
    optional = True

    def over(self, facts: Facts) -> float:
        """Add up the seconds of the lightest."""
        return facts["model_least_seconds"]

    def under(self, facts: Facts) -> float:
        """Add up the seconds of those in use."""
        return facts["model_seconds"]
